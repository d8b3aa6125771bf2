"""Facts of what a message carries that could do harm: links, attachments, telephone numbers, and ways to pay or to
answer somebody else than its author.

It cannot see what a picture shows, so a message that is a picture has a payload.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from sekisho.address import addresses_in, hosts_in
from sekisho.checks.facts.links import FOLLOWED_KINDS
from sekisho.checks.facts.sender import organisation
from sekisho.checks.facts.telephones import TELEPHONE
from sekisho.checks.facts.texts import plain_subject, plain_text
from sekisho.checks.facts.unmet import may_be_home
from sekisho.checks.facts.written_ways import MESSENGER_NAME, WRITTEN_OUT
from sekisho.domains import has_known_suffix, host_of, to_ascii
from sekisho.evidence import Evidence
from sekisho.message import Link, Message, Part
from sekisho.ports import Context

MAX_SCANNED_CHARS = (
    20_000  # of the text that are searched; a longer one is not looked through, and has a payload
)
MAX_URL_CHARS = 8_192  # of one URL that are read
MAX_HOSTS = 16  # in a text that are looked at
MIN_TOLD_CHARS = 40  # of a text; with less, what the message says is in a picture
ACCOUNT = re.compile(
    r"(?:普通|当座|口座番号|account(?: no| number)?)\D{0,12}\d{6,}"
    r"|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"
    r"|\b(?:bc1[02-9ac-hj-np-z]{20,60}|0x[0-9a-fA-F]{40}|[13][1-9A-HJ-NP-Za-km-z]{25,34})\b",
    re.IGNORECASE,
)
READERS_WAYS = (TELEPHONE, MESSENGER_NAME, WRITTEN_OUT)
CARRIED_HOST = re.compile(
    r"(?::/{1,2}|=/{2})([^/?#&\s]{1,255})"
)  # behind a URL's own host: `?url=https://host/`
TEXTS = frozenset({"text/plain", "text/html"})
INVITATIONS = frozenset({"text/calendar", "application/ics"})
PAYS = ("gift_cards", "coins", "channel", "card")


def has_payload(
    message: Message,
    seen: Evidence,
    links: Iterable[Link],
    *,
    own: frozenset[str] = frozenset(),
    media: frozenset[str] = TEXTS,
    calls: bool = True,
    least: int = MIN_TOLD_CHARS,
) -> bool:
    """True if the message carries anything that could do harm.

    `links` are those of its links that could. Addresses of the author's organisation, of the organisations `own` and of
    the recipients could not, nor could parts of the types `media`. `calls`: a telephone number
    could, a name in a messenger, or a host in words. With a text of
    fewer than `least` characters, what the message says stands elsewhere.
    """
    text = message.text.strip()
    if any(True for _ in links) or seen.has_cue("action", *PAYS) or len(text) > MAX_SCANNED_CHARS:
        return True
    if len(text) < least or _is_pictured(message) or any(_is_carried(part, media) for part in message.parts):
        return True
    told = f"{plain_subject(message)}\n{plain_text(message)}"
    if ACCOUNT.search(told) or (calls and any(way.search(told) for way in READERS_WAYS)):
        return True
    harmless = own | {organisation(message.author.domain or "")}
    named = (*addresses_in(told), *(each.address.lower() for each in message.reply_to))
    readers = {each.address.lower() for each in message.envelope.recipients}
    others = (each for each in named if each.rpartition("=")[2] not in readers)  # `CN=me@…` in an invitation
    return not harmless.issuperset(organisation(each.rpartition("@")[2]) for each in others)


def asks_for_more(seen: Evidence) -> bool:
    """True if the message is about what lures are about, or asks for a call: then a telephone number is no footer."""
    return seen.has_cue("action", "call") or any(cue.aspect == "theme" for cue in seen.cues)


def serves_only(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if the message can lead its reader nowhere but to the brand: every link, picture, host and address in it is
    the brand's, and nothing else could do harm. A place of the brand where anybody publishes (`docs.google.com`) is a
    stranger's, and so is a page of the brand that leads on to another address. A telephone number at the foot is none
    of these, unless the message asks for a call or is about what lures are about. The author's address must be the
    brand's already.
    """
    led = {
        each.link
        for each in seen.destinations
        if _is_home(each.host, brand, context) and not _leads_on(each.link.target, brand, context)
    }
    away = [link for link in message.links if link not in led and _counts(link, brand, context)]
    harmful = has_payload(message, seen, away, calls=asks_for_more(seen))
    return not harmful and not _shows_stranger(message.text, brand, context)


def _counts(link: Link, brand: str, context: Context) -> bool:
    """True for what a reader follows, and for a picture that a stranger keeps: nobody here knows what it shows."""
    if link.kind == "image":
        return link.host is not None and not _is_home(link.host, brand, context)
    return link.kind in FOLLOWED_KINDS


def _leads_on(target: str, brand: str, context: Context) -> bool:
    """True if a URL carries another one, of a host that is not the brand's (`…/redirect?url=https://…`)."""
    behind = unquote(target[:MAX_URL_CHARS]).partition("://")[2]
    carried = (host_of(f"https://{name}") for name in CARRIED_HOST.findall(behind))
    return not all(host is not None and _is_home(host, brand, context) for host in carried)


def shows_host(message: Message) -> bool:
    """True if the text shows the name of a host, which a reader can type."""
    return any(_known_hosts(hosts_in(message.text[:MAX_SCANNED_CHARS])))


def _is_home(host: str, brand: str, context: Context) -> bool:
    return context.providers.kind(host) is None and may_be_home(host, brand, context)


def _shows_stranger(text: str, brand: str, context: Context) -> bool:
    """True if a text shows the name of a host that is not the brand's, which a reader can type, or more hosts than are
    looked at."""
    shown = hosts_in(text[:MAX_SCANNED_CHARS])
    return len(shown) > MAX_HOSTS or not all(_is_home(name, brand, context) for name in _known_hosts(shown))


def _known_hosts(shown: Iterable[str]) -> Iterator[str]:
    """The names, in ASCII, that lie under a suffix that exists."""
    return (name for name in map(to_ascii, shown) if name and has_known_suffix(name))


def _is_pictured(message: Message) -> bool:
    """True for a picture that is written out in a page: it may show a number or a code."""
    return any(source.lower().startswith("data:") for page in message.pages for source, _ in page.images)


def is_file(part: Part) -> bool:
    """True for an attached file, other than the signature of a signed message."""
    return part.disposition == "attachment" and not _is_signature(part)


def _is_carried(part: Part, media: frozenset[str]) -> bool:
    """True for an attachment, and for a part of another type than `media`; a signature is neither."""
    if _is_signature(part):
        return False
    return part.media not in media or (part.disposition == "attachment" and part.media in TEXTS)


def _is_signature(part: Part) -> bool:
    """True for a detached signature by its type and its name (RFC 8551 section 3.2.1, RFC 3156 section 5)."""
    name = (part.filename or "").lower()
    return part.media.endswith("-signature") and (not name or name.endswith((".p7s", ".asc")))
