"""Links that hide where they lead: by a redirect of others, by a brand's name on them, or with a page inside.

`links` says whether a link leads to a stranger; here it is how it gets there. Honest senders need none of these: a
translation service, a search engine's redirect, a brand's host in the path, a brand's button, a script, a page inside
the link, a QR code as the only link.

It cannot see where a QR code or a shortener leads in the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.links import is_digest, is_page
from sekisho.checks.facts.sender import home_domains, is_a_brands_own, organisation
from sekisho.checks.facts.wishes import VALUABLE_ACTIONS, is_about_access_or_money
from sekisho.domains import split_url
from sekisho.evidence import NOTHING, Destination, Evidence, Finding, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

TRANSLATED = FindingKind(
    "link.translated",
    2,
    "A link leads to {host} through a translation service ({wrapper}), which hides its address.",
    "リンクが翻訳サービス({wrapper})を経由して {host} に向かい、アドレスが隠されています。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
OPEN_REDIRECT = FindingKind(
    "link.open_redirect",
    1.5,
    "A link leads to {host} by way of {wrapper}, which has nothing to do with it.",
    "リンクが、無関係な {wrapper} の転送を経由して {host} に向かいます。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
BRAND_IN_PATH = FindingKind(
    "link.brand_in_path",
    2,
    "A link leads to {host}, and {shown} only stands in its path.",
    "リンク先は {host} で、{shown} はその後ろに書かれているだけです。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
BRAND_BUTTON = FindingKind(
    "link.brand_button",
    2.5,
    "A button offers {brand_name} ({shown}) and leads to {host}, which is not {brand_name}'s.",
    "「{shown}」というボタンは {brand_name} のものではない {host} に向かいます。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
SCRIPT = FindingKind(
    "link.script",
    1,
    "A link runs a script instead of leading somewhere.",
    "リンク先ではなくスクリプトを実行するリンクがあります。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
CARRIED = FindingKind(
    "link.carried_page",
    3,
    "A link carries a page within itself ({scheme}:), so that it has no address.",
    "アドレスのないページ({scheme}:)をリンク自体に埋め込んでいます。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
QR = FindingKind(
    "link.qr",
    1,
    "A QR code leads to {host}, which is not the sender's.",
    "QR コードの行き先 {host} は差出人のものではありません。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
ONLY_QR = FindingKind(
    "link.only_qr",
    1.5,
    "The only way out of this message is a QR code.",
    "このメールから進む手段は QR コードだけです。",
    signals=frozenset({Signal.LEADS_AWAY}),
)

SCANNED = FindingKind(
    "link.scan_asked",
    2.5,
    "For an account or a payment it asks to scan a code with a telephone, and nothing else leads on.",
    "アカウントや支払いの件で、コードをスマートフォンで読み取るよう求めており、ほかに進む手段がありません。",
    signals=frozenset({Signal.LEADS_AWAY}),
)

KINDS = (TRANSLATED, OPEN_REDIRECT, BRAND_IN_PATH, BRAND_BUTTON, SCRIPT, CARRIED, QR, ONLY_QR, SCANNED)

MAX_BUTTON_CHARS = 60  # a link with a longer text is a sentence, not a button
MAX_SCANNED_CHARS = 3_000  # of a text, in which a code is spoken of
MAX_PATH_CHARS = 500  # of a path or a query that are searched for hosts
PAGE_TARGET = re.compile(
    r"[\s\x00-\x1f]*(data:(?:text/|application/x?h|image/svg)|blob:|vbscript:|file://)", re.IGNORECASE
)
SCRIPT_TARGET = re.compile(
    r"[\s\x00-\x1f]*javascript:(?!\s*(?:void|;|//|$|window\.print|history\.))", re.IGNORECASE
)
CODE = re.compile(r"qr|(?:二|2)次元", re.IGNORECASE)
HOST_SEGMENT = re.compile(
    r"(?<!:/)[/=?&]([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4})(?=[/?&]|$)", re.IGNORECASE
)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind: the first link that shows it."""
    if not (message.links or message.pages):
        return NOTHING
    findings: dict[str, Finding] = {}
    for finding in _all(message, seen, context):
        findings.setdefault(finding.kind.id, finding)
    return Evidence(findings=tuple(findings.values())) if findings else NOTHING


def _all(message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    yield from _without_address(message)
    found, home = seen.destinations, home_domains(message, seen)
    away = [each for each in found if each.domain not in home]
    page = bool(away) and is_page(message) and not is_digest(seen)
    for each in away:
        if each.wrapped:
            yield from _wrapped(
                each, page and organisation(each.link.host or "") not in home, context.vocabulary
            )
        elif page:
            yield from _brand(each, context)
    strange = [each for each in away if not _is_known(each.host, context)]
    yield from _codes(found, strange)
    if _asks_to_scan(message, seen, strange, context):
        yield SCANNED.found()


def _without_address(message: Message) -> Iterator[Finding]:
    """Links without a host: nobody could look up where they lead."""
    for link in message.links:
        if link.host is None and link.kind in ("a", "area", "form", "meta"):
            if (carried := PAGE_TARGET.match(link.target)) is not None:
                yield CARRIED.found(scheme=carried[1].partition(":")[0].lower())
            elif SCRIPT_TARGET.match(link.target) is not None:
                yield SCRIPT.found()


def _wrapped(each: Destination, page: bool, words: Vocabulary) -> Iterator[Finding]:
    wrapper = each.link.host or ""
    if any(name in wrapper for name in words.links.translators):
        yield TRANSLATED.found(host=each.host, wrapper=wrapper)
        return
    owner = organisation(wrapper)
    if page and owner.partition(".")[0] in words.links.open_redirects and each.domain != owner:
        yield OPEN_REDIRECT.found(host=each.host, wrapper=wrapper)


def _brand(each: Destination, context: Context) -> Iterator[Finding]:
    """A brand's address or button on the way to somebody else."""
    if context.providers.kind(each.host) in ("esp", "redirect", "social", "shortener"):
        return
    if context.registry.owner(each.host) is not None:
        return
    shown = _brand_in_path(each, context)
    if shown is not None:
        yield BRAND_IN_PATH.found(host=each.host, shown=shown[0])
    text = each.link.text
    if (
        not 0 < len(text) <= MAX_BUTTON_CHARS
        or each.link.kind not in ("a", "area")
        or context.vocabulary.links.button_words.search(text) is None
    ):
        return
    for mention in context.registry.mentions(text):
        if not any(
            context.registry.could_own(each.host, brand)
            for brand in context.registry.affiliates(mention.brand)
        ):
            name = context.registry.name(mention.brand)
            yield BRAND_BUTTON.found(brand=mention.brand, brand_name=name, shown=text, host=each.host)


def _brand_in_path(each: Destination, context: Context) -> tuple[str, str] | None:
    """A host of a brand as a piece of the path or the query, and the brand."""
    parts = split_url(each.link.target)
    for segment in HOST_SEGMENT.finditer(f"{parts.path[:MAX_PATH_CHARS]}?{parts.query[:MAX_PATH_CHARS]}"):
        name = segment[1].lower()
        if (brand := context.registry.owner(name)) is not None:
            return name, brand
    return None


def _codes(found: tuple[Destination, ...], away: list[Destination]) -> Iterator[Finding]:
    host = next((each.host for each in away if each.link.kind == "qr"), None)
    if host is not None:
        yield QR.found(host=host)
        if all(each.link.kind == "qr" for each in found):
            yield ONLY_QR.found()


def _is_known(host: str, context: Context) -> bool:
    """True for a brand's own host, and for the stores and networks to which anybody's code leads."""
    return context.providers.kind(host) == "social" or is_a_brands_own(host, context)


def _asks_to_scan(message: Message, seen: Evidence, strange: list[Destination], context: Context) -> bool:
    """True if a message about access or money asks to scan a code, and it has no link but codes of strangers. The code
    may be in a picture that is fetched from elsewhere: then nobody here can read it."""
    codes = {each.link for each in strange if each.link.kind == "qr"}
    if not any(page.pictures for page in message.pages) or any(
        each.link not in codes for each in seen.destinations
    ):
        return False
    text = f"{message.subject}\n{message.text[:MAX_SCANNED_CHARS]}"
    if CODE.search(text) is None or context.vocabulary.links.scan_words.search(text) is None:
        return False
    return seen.has_cue("action", *VALUABLE_ACTIONS) or is_about_access_or_money(message, seen)
