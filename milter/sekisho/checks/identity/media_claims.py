"""Claims beside author and text: pictures that stand for words, names of files, invitations, and names for answers.

Among paragraphs, a picture with a brand's name is an icon or an advertisement and claims nothing. Where a page is
little more than pictures, their texts and names are what its reader is told. An invitation (RFC 5545) names who
invites. A brand's name in the name of a file or of a Reply-To mailbox is a weak claim.

It cannot see what is drawn in a picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.names import mentioned
from sekisho.domains import split_url, to_ascii
from sekisho.evidence import NOTHING, Claim, Evidence, Place, Strength
from sekisho.message import Message, Part
from sekisho.ports import Context

# Where a message names its sender or its subject.
NAMING_PLACES = frozenset({Place.DISPLAY_NAME, Place.SIGNATURE, Place.SUBJECT, Place.LOCAL_PART})
MAX_PICTURE_PAGE_LETTERS = 300  # of all pages together; with more, the pictures stand beside a text
MAX_PICTURES = 20  # of one page that are read
MAX_REPLY_TO = 3  # mailboxes whose names are read
MIN_NAMING_SHARE = 0.3  # of the pictures with a text; so many must name the brand
MAX_FILES = 20  # of one message that are looked at
MAX_NAMES_CHARS = 2_000  # of all names together that are searched
MAX_CALENDAR_CHARS = 20_000  # of one invitation
FOLDED = re.compile(r"\r?\n[ \t]")
SUMMARY = re.compile(r"^SUMMARY(?:;[^:\n]{0,200})?:([^\n]{1,300})", re.MULTILINE | re.IGNORECASE)
ORGANIZER = re.compile(
    r"^ORGANIZER[^\n]{0,300}?;CN=(\"[^\"\n]{1,200}\"|[^;:\n]{1,200})[^\n]{0,300}?:([^\n]{0,300})",
    re.MULTILINE | re.IGNORECASE,
)
REPLY = re.compile(r"^METHOD:\s{0,9}(?:REPLY|COUNTER|DECLINECOUNTER)", re.MULTILINE | re.IGNORECASE)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Claims only; a brand once for each picture page, file list, part of an invitation and name for answers."""
    found = tuple(_claims(message, seen, context))
    return Evidence(claims=found) if found else NOTHING


def _claims(message: Message, seen: Evidence, context: Context) -> Iterator[Claim]:
    yield from _pictures(message, seen, context)
    yield from _files(message, context)
    for part in message.parts[:MAX_FILES]:
        if part.media == "text/calendar" or (part.filename or "").lower().endswith(".ics"):
            yield from _invitation(part, context)
    for other in message.reply_to[:MAX_REPLY_TO]:
        yield from mentioned(other.name, Place.REPLY_TO, context)


def _pictures(message: Message, seen: Evidence, context: Context) -> Iterator[Claim]:
    """Strong where the pictures of a page with few words speak of one brand, and more than one in some of them. A
    badge of a network, a store or a card is weak, unless the message names the same brand as its sender."""
    pages = [page for page in message.pages if page.pictures]
    if not pages or sum(page.letters for page in message.pages) > MAX_PICTURE_PAGE_LETTERS:
        return
    images = [image for page in pages for image in page.images[:MAX_PICTURES]]
    described = [
        words for words in (f"{alt[:200]} {_file_name(source)}".strip() for source, alt in images) if words
    ]
    text = "\n".join(described)[:MAX_NAMES_CHARS]
    mentions = context.registry.mentions(text) if text else ()
    found = {mention.brand: mention.name for mention in reversed(mentions)}
    lines = {text.count("\n", 0, mention.start) for mention in mentions}
    named = {claim.brand for claim in seen.claims if claim.where in NAMING_PLACES}
    badge = context.vocabulary.voices.badge_words.fullmatch
    badges = all(badge(text, mention.start, mention.end) for mention in mentions) and named.isdisjoint(found)
    alone = len(found) == 1 and not badges and len(lines) >= MIN_NAMING_SHARE * len(described)
    strength = Strength.STRONG if alone else Strength.WEAK
    yield from (Claim(brand, Place.IMAGE, name, strength) for brand, name in found.items())


def _file_name(source: str) -> str:
    """The last piece of a picture's address, in words; nothing of what is carried within the page."""
    if source[:5].lower() in ("data:", "cid:"):
        return ""
    return split_url(source).path.rpartition("/")[2][:100].replace("_", " ").replace("-", " ")


def _files(message: Message, context: Context) -> Iterator[Claim]:
    names = [part.filename[:200].replace("_", " ") for part in message.parts[:MAX_FILES] if part.filename]
    found = _brands("\n".join(names), context) if names else {}
    yield from (Claim(brand, Place.ATTACHMENT, name, Strength.WEAK) for brand, name in found.items())


def _invitation(part: Part, context: Context) -> Iterator[Claim]:
    """Brands in the organizer's name, strong if the organizer's address is not the brand's, and in the summary. An
    answer to an invitation names the other side as its organizer: that is left out."""
    text = FOLDED.sub("", part.text[:MAX_CALENDAR_CHARS]) or part.content[:MAX_CALENDAR_CHARS].decode(
        "utf-8", "replace"
    )
    organizer = None if REPLY.search(text) else ORGANIZER.search(text)
    if organizer is not None:
        domain = to_ascii(organizer[2].strip().rpartition("@")[2]) or ""
        for brand, name in _brands(organizer[1].strip('"'), context).items():
            own = bool(domain) and context.registry.could_own(domain, brand)
            yield Claim(brand, Place.CALENDAR, name, Strength.WEAK if own else Strength.STRONG)
    if (summary := SUMMARY.search(text)) is not None:
        for brand, name in _brands(summary[1], context).items():
            yield Claim(brand, Place.CALENDAR, name, Strength.WEAK)


def _brands(text: str, context: Context) -> dict[str, str]:
    """Each brand that a text names, with the name."""
    found: dict[str, str] = {}
    for mention in context.registry.mentions(text[:MAX_NAMES_CHARS]) if text else ():
        found.setdefault(mention.brand, mention.name)
    return found
