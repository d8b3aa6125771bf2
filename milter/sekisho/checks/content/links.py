"""What the links do: lead to strangers, hide where they lead, or lead to hosts where anybody can put up a page.

The organisation that a link leads to is compared with the author's, the proven and the shown one. Genuine newsletters
lead to their own sender; an impostor's cannot. Nothing is fetched. It cannot see behind a shortener.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network

from sekisho.address import hosts_in
from sekisho.checks.facts.automatic import makers
from sekisho.checks.facts.links import (
    counter_of,
    counts_clicks,
    has_no_proven_name,
    is_document,
    is_page,
    leads_to_affiliate,
)
from sekisho.checks.facts.names import imitated, related
from sekisho.checks.facts.quotes import Quotes
from sekisho.checks.facts.sender import home_domains, is_doubted, is_of_a_recipient, organisation
from sekisho.checks.facts.throwaway import MIN_SURE_SIGNS, host_inside, passing_signs, unusual_suffix
from sekisho.checks.facts.unlisted import bears_name
from sekisho.checks.facts.ways_out import may_lead_away
from sekisho.checks.facts.wishes import is_about_access_or_money
from sekisho.domains import has_known_suffix, parse_ip, split_url, to_ascii
from sekisho.evidence import NOTHING, Destination, Evidence, Finding, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

TEXT_MISMATCH = FindingKind(
    "link.text_mismatch",
    4,
    "A link shows {shown} and leads to {host}.",
    "リンクの表示は {shown} ですが、実際の行き先は {host} です。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
BRAND_IN_HOST = FindingKind(
    "link.brand_in_host",
    4,
    "A link leads to {host}, which carries {brand_name}'s name but is not {brand_name}'s.",
    "リンク先 {host} は {brand_name} の名前を含みますが、{brand_name} のものではありません。",
)
USER_INFO = FindingKind(
    "link.user_info",
    4,
    "A link hides its destination {host} behind {shown}@.",
    "リンク先 {host} の前に {shown}@ が書かれ、行き先が隠されています。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
ADDRESS = FindingKind(
    "link.ip_address",
    3,
    "A link leads to the bare address {host}.",
    "リンク先が IP アドレス({host})です。",
)
STRANGERS = FindingKind(
    "link.only_strangers",
    2,
    "Every link leads away from the sender {author}, for example to {host}.",
    "すべてのリンクが差出人 {author} とは別の組織({host} など)に向かっています。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
BORROWED = FindingKind(
    "link.borrowed_ground",
    2,
    "The way out leads to {host}, where anybody can put up a page.",
    "リンク先 {host} は、だれでもページを置けるサービスです。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
SHORTENED = FindingKind(
    "link.shortened",
    1,
    "A shortened link hides its destination: {host}.",
    "短縮 URL({host})で行き先が隠されています。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
DISGUISED_HOST = FindingKind(
    "link.disguised_host",
    4,
    "A link's host is written in styled or enclosed characters: {shown}.",
    "リンク先のホスト名が装飾文字で書かれています({shown})。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
HOST_INSIDE = FindingKind(
    "link.host_inside",
    3,
    "A link leads to {host}, which begins like the address {shown} and belongs to somebody else.",
    "リンク先 {host} は {shown} のアドレスのように始まりますが、別の組織のものです。",
    signals=frozenset({Signal.LEADS_AWAY}),
)
PASSING = FindingKind(
    "link.passing_domain",
    2,
    "The way out leads to {host}, a domain of a kind that is mostly thrown away after use.",
    "リンク先 {host} は使い捨てによく使われる種類のドメインです。",
    signals=frozenset({Signal.LEADS_AWAY}),
)

KINDS = (
    TEXT_MISMATCH,
    BRAND_IN_HOST,
    HOST_INSIDE,
    USER_INFO,
    ADDRESS,
    STRANGERS,
    BORROWED,
    PASSING,
    SHORTENED,
    DISGUISED_HOST,
)
AUTHORITY = re.compile(r"[a-z]{3,6}:/{0,4}([^/?#\\\s]{1,255})", re.IGNORECASE)
URL_START = re.compile(r"(?:https?://|www\.)", re.IGNORECASE)
MAX_LINK_TEXT_CHARS = 300
MIN_HOST_SHARE = 0.8  # of a link's text, which then shows a host and is no sentence about one
PRIVATE_NETWORKS = tuple(
    map(ip_network, ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
)
# Wrappers that hide their target, and the social networks of any footer: links to them say nothing.
NEUTRAL_PROVIDERS = frozenset({"redirect", "social"})


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind: the first link that shows it."""
    found = seen.destinations
    if not found:
        return NOTHING
    home = home_domains(message, seen)
    findings: dict[str, Finding] = {}
    quotes = Quotes(message, seen, context)
    brands = {host: _brand_in(host, home, seen, context) for host in {each.host for each in found}}
    single = [
        (each, finding)
        for each in found
        for finding in _of_one(each, brands[each.host], home, seen, quotes, context)
    ]
    mismatched = any(finding.kind is TEXT_MISMATCH for _, finding in single)
    counter = counter_of(message, seen, home, context) if mismatched else None
    for each, finding in single:
        shown = str(finding.facts.get("shown", ""))
        counted = finding.kind is TEXT_MISMATCH and each.domain == counter
        if not counted or _is_trusted(shown, message, seen, home, context):
            findings.setdefault(finding.kind.id, finding)
    for finding in (*_pretended(message, seen), *_of_all(message, seen, found, home, context)):
        findings.setdefault(finding.kind.id, finding)
    return Evidence(findings=tuple(findings.values())) if findings else NOTHING


def _of_one(
    each: Destination,
    brand: str | None,
    home: frozenset[str],
    seen: Evidence,
    quotes: Quotes,
    context: Context,
) -> Iterator[Finding]:
    """What a single link shows by itself; `brand` is the one whose name its host carries."""
    at_home = each.domain in home
    if brand is not None and not _is_example(each, quotes):
        yield BRAND_IN_HOST.found(brand=brand, host=each.host, brand_name=context.registry.name(brand))
    elif not at_home and (inside := host_inside(each.host)) is not None and not _is_example(each, quotes):
        yield HOST_INSIDE.found(host=each.host, shown=inside)
    shown = _shown_elsewhere(each, home, context)
    if (
        shown is not None
        and (not at_home or (is_doubted(seen) and context.registry.owner(shown) is not None))
        and not quotes.alone_have(each.link.text)
    ):
        yield TEXT_MISMATCH.found(shown=shown, host=each.host)
    if at_home:
        return
    parts = split_url(each.link.target)
    if parts.userinfo and "." in parts.userinfo:
        yield USER_INFO.found(host=each.host, shown=parts.userinfo)
    address = parse_ip(each.host)
    if address is not None and not any(address in network for network in PRIVATE_NETWORKS):
        yield ADDRESS.found(host=each.host)
    if (
        (written := AUTHORITY.match(each.link.target))
        and not written[1].isascii()
        and "xn--" not in each.host
    ):
        yield DISGUISED_HOST.found(shown=written[1], host=each.host)


def _is_example(each: Destination, quotes: Quotes) -> bool:
    """True for an address that is written out in quoted text below a warning of such mail. It is no button."""
    return each.link.kind == "text" and quotes.called_suspicious and quotes.alone_have(each.link.target)


def _brand_in(host: str, home: frozenset[str], seen: Evidence, context: Context) -> str | None:
    """The brand whose name a host carries. In the sender's own domains and in a service's own name only a brand's whole
    host counts."""
    own = organisation(host)
    known = own in home or (_is_service(own, context) and imitated(own, seen, context) is not None)
    lookalike = None if known else imitated(host, seen, context)
    if lookalike is not None and not seen.unauthenticated and bears_name(host, lookalike.brand, context):
        lookalike = None
    return lookalike.brand if lookalike else _hosted_in(host, context)


def _is_service(domain: str, context: Context) -> bool:
    """True for the registrable domain of a provider; a name below it that customers choose is none."""
    kind = context.providers.kind
    return kind(domain) is not None and kind(domain.partition(".")[2]) is None


def _hosted_in(host: str, context: Context) -> str | None:
    """The brand whose whole domain stands before a stranger's: `www.brand.example.stranger.example`."""
    labels = host.split(".")
    ends = range(len(labels) - 2, 1, -1)
    return next((owner for end in ends if (owner := context.registry.owner(".".join(labels[:end])))), None)


def _shown_elsewhere(each: Destination, home: frozenset[str], context: Context) -> str | None:
    """The host that a link's text shows, if it is another organisation's than the one that it leads to.

    Every link of a genuine newsletter may lead through a sending platform that counts clicks, and a sender may show its
    own host there.
    """
    text = each.link.text.strip()[:MAX_LINK_TEXT_CHARS]
    if each.link.kind != "a" or "@" in text:
        return None  # an address is shown; mail programs make links of addresses themselves
    for shown in hosts_in(text)[:1]:  # a second host would be part of the first one's path
        if context.providers.kind(each.host) in ("esp", "redirect"):
            return None
        name = to_ascii(shown)
        plainly = len(shown) >= MIN_HOST_SHARE * len(text) or URL_START.match(text)
        wrapper = name is not None and context.providers.kind(name) == "redirect"
        if (
            name
            and plainly
            and not wrapper
            and _is_host(name, context.vocabulary)
            and organisation(name) not in (each.domain, *home)
        ):
            return name
    return None


def _pretended(message: Message, seen: Evidence) -> Iterator[Finding]:
    """The first link that shows the author's own host and leads to the host that sent the message, where nothing
    proves the author and it is about access or money: the page of a forger on a host that was broken into.

    Small senders hire platforms that count their clicks, and those sign for themselves: with a signature it is none.
    """
    own = organisation(message.author.domain or "")
    if not seen.unauthenticated or any(proof.method == "dkim" for proof in seen.proofs):
        return
    if not is_about_access_or_money(message, seen):
        return
    for each in seen.destinations:
        shown = hosts_in(each.link.text.strip()[:MAX_LINK_TEXT_CHARS])[:1] if each.link.kind == "a" else ()
        if shown and each.domain != own and organisation(to_ascii(shown[0]) or "") == own:
            yield TEXT_MISMATCH.found(shown=shown[0], host=each.host)
            return


def _is_trusted(shown: str, message: Message, seen: Evidence, home: frozenset[str], context: Context) -> bool:
    """True for a host that the reader trusts, shown by a link through a counter: a brand's, one that may be a named
    brand's, one of the reader's own organisation, or one with the sender's name, which its own domain has not."""
    brands = {claim.brand for claim in seen.claims if claim.brand}
    if context.registry.owner(shown) is not None or is_of_a_recipient(shown, message):
        return True
    if any(context.registry.could_own(shown, brand) for brand in brands):
        return True
    words = context.vocabulary.names.distinctive(message.author.name)
    return bool(words) and related(words, (shown,)) and not related(words, home)


def _is_host(name: str, words: Vocabulary) -> bool:
    """A host under a suffix that exists and that no file name has (`readme.md` is a file)."""
    return has_known_suffix(name) and (
        name.rpartition(".")[2] not in words.files.file_suffixes or name.startswith("www.")
    )


def _of_all(
    message: Message,
    seen: Evidence,
    found: tuple[Destination, ...],
    home: frozenset[str],
    context: Context,
) -> Iterator[Finding]:
    """What the links show together: none leads home, and where they lead instead."""
    places = {each.domain for each in found}
    if not message.author.domain or home & places or not is_page(message):
        return
    if may_lead_away(message, seen, home, context):
        return
    if leads_to_affiliate(message.author.domain, seen, context) or makers(message, seen, seen.cues, context):
        return
    outside = [
        each
        for each in found
        if context.providers.kind(each.host) not in NEUTRAL_PROVIDERS
        and not counts_clicks(each, seen, context)
    ]
    if not outside:
        return
    kinds = {context.providers.kind(each.host): each.host for each in reversed(outside)}
    borrowed = "cloud" in kinds
    shared = borrowed and all(is_document(each.link, context) for each in outside)
    if not shared or has_no_proven_name(message, seen, context):
        yield STRANGERS.found(author=message.author.domain, host=outside[0].host)
    if borrowed:
        yield BORROWED.found(host=kinds["cloud"])
    unknown = (each.host for each in outside if context.providers.kind(each.host) is None)
    if (host := next((each for each in unknown if _is_passing(each, context.vocabulary)), None)) is not None:
        yield PASSING.found(host=host)
    if "shortener" in kinds:
        yield SHORTENED.found(host=kinds["shortener"])


def _is_passing(host: str, words: Vocabulary) -> bool:
    """True for a host below a domain of a kind that is thrown away after use."""
    return unusual_suffix(host, words) or passing_signs(host, words) >= MIN_SURE_SIGNS
