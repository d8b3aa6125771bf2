"""Facts of quoted text: which words of a message are not its sender's own.

Quoted is what stands below a line that a mail program writes above forwarded or answered mail (`-----Original
Message-----`, `On Monday, Jane wrote:`, a header field `From: …@…`), up to the end of that text part, and every line
that begins with `>`. A mark counts only in a text part that has words outside of the quotation: a sender that quotes
and says nothing speaks by what it quotes. `Message.quotes` has further ranges, see `inner`.

Quoted words count as a lure like all others. They say who the sender is only where they are the sender's own lure: they
ask to open or confirm something in a brand's name, a link leads to somebody else, and the sender neither calls the mail
suspicious nor is a colleague of the recipient.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from sekisho.checks.facts.links import leads_to_brand
from sekisho.checks.facts.once import once
from sekisho.checks.facts.sender import home_domains, is_colleague
from sekisho.checks.facts.texts import SENTENCE_END
from sekisho.domains import split_url
from sekisho.evidence import Evidence
from sekisho.message import Link, Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

MIN_OWN_LETTERS = 2  # `転送`
MAX_MARKED_CHARS = 100_000  # of a text that are searched for marks and warnings
MAX_MARKS = 200  # of one text part that are looked at
MAX_PLACES = 50  # of a text in the message that are looked at
MAX_DESTINATIONS = 50  # that are looked at; more lead to somebody else, too
MAX_ASKING_CHARS = 3_000  # at the beginning and at the end of a text that are read for what it asks
HARMLESS_ACTIONS = frozenset({"answer", "call"})  # a help desk may ask for them

Range = tuple[int, int]


class Quotes:
    """What a message quotes, if its sender may quote. A sender that is not proven, or that asks to open or confirm
    something and does not call any mail suspicious, speaks by what it quotes. Everything is looked for when it is first
    asked for."""

    def __init__(self, message: Message, seen: Evidence, context: Context) -> None:
        self._message, self._seen, self._context = message, seen, context

    def have(self, at: int) -> bool:
        """True if the index of the message's text lies in a quotation."""
        return _lies_in(at, self._ranges)

    def excuse(self, at: int, brand: str) -> bool:
        """True if what is written at this index in the brand's name is quoted, and is no lure of the sender's."""
        return self.have(at) and not (self._are_a_lure and self._lead_from(brand))

    def alone_have(self, text: str) -> bool:
        """True if the message has this text, and only in quotations."""
        return only_in(text, self._message.text, self._ranges)

    @cached_property
    def called_suspicious(self) -> bool:
        """True if there are quotations, and the sender's own words call some mail suspicious."""
        return bool(self._ranges) and self._suspects

    @cached_property
    def _are_a_lure(self) -> bool:
        """True if the quotations ask to open or confirm something, and nobody who may pass that on says why."""
        if self.called_suspicious or is_colleague(self._message, self._seen, self._context):
            return False
        return asks(self._quoted, self._context)

    def _lead_from(self, brand: str) -> bool:
        """True if a link leads to somebody else than the brand. The sender's own words may have links to itself."""
        home, kind = home_domains(self._message, self._seen), self._context.providers.kind
        found = self._seen.destinations
        return len(found) > MAX_DESTINATIONS or any(
            not leads_to_brand((each,), brand, self._context)
            and kind(each.host) != "social"
            and not (each.domain in home and self._own_have(each.link))
            for each in found
        )

    def _own_have(self, link: Link) -> bool:
        """True if the sender's own words have the link, by its text or its address, and the quotations do not. A front
        page may be in both (a signature), or have no text (a logo)."""
        parts, shown = split_url(link.target), link.text or link.target
        front = parts.path in ("", "/") and not parts.query
        if shown not in self._own:
            return front and not link.text
        return front or shown not in self._quoted

    @cached_property
    def _suspects(self) -> bool:
        return calls_suspicious(self._message, self._context.vocabulary)

    @cached_property
    def _ranges(self) -> tuple[Range, ...]:
        if self._seen.unauthenticated or not (ranges := quoted(self._message, self._context.vocabulary)):
            return ()
        return ranges if self._suspects or not asks(self._own, self._context) else ()

    @cached_property
    def _quoted(self) -> str:
        """All quotations, with what stands between them."""
        ends = [end for _, end in self._ranges]
        return self._message.text[min(self._ranges)[0] : max(ends)] if ends else ""

    @cached_property
    def _own(self) -> str:
        return own_text(self._message, self._context.vocabulary)


@once
def quoted(message: Message, words: Vocabulary) -> tuple[Range, ...]:
    """The ranges of the message's text that are quoted. They may overlap."""
    lowered = f"\n{message.text[:MAX_MARKED_CHARS]}".lower()
    if not any(map(lowered.__contains__, words.quotes.quotation_hints)):
        return message.quotes
    found = (each for part in _parts(message) for each in _marked(message.text, part, words))
    return (*message.quotes, *found)


@once
def own_text(message: Message, words: Vocabulary) -> str:
    """The message's text without what is quoted."""
    return _without(message.text, (0, len(message.text)), quoted(message, words))


def warns(text: str, words: Vocabulary) -> bool:
    """True if a text, as far as it is searched, calls some mail suspicious. `No phishing mail was found` does not."""
    lowered = text[:MAX_MARKED_CHARS].lower()
    if not any(map(lowered.__contains__, words.quotes.warning_words)):
        return False
    assured = words.quotes.assurances.sub(" ", lowered)
    return any(map(assured.__contains__, words.quotes.warning_words))


@once
def calls_suspicious(message: Message, words: Vocabulary) -> bool:
    """True if the sender's own words call some mail suspicious: those of the first text part, and of the last. A mail
    program shows one of two alternatives, so the words must stand in both."""
    ranges, bounds = quoted(message, words), (*message.starts, len(message.text))
    parts = (_without(message.text, part, ranges) for part in pairwise(bounds))
    spoken = [each for each in parts if has_words(each)]
    return bool(spoken) and warns(spoken[0], words) and warns(spoken[-1], words)


def asks(own: str, context: Context) -> bool:
    """True if a text asks to open, confirm, pay or enter something. A sentence that warns of it asks for nothing."""
    forbids, most = context.vocabulary.quotes.forbidding_words.search, MAX_ASKING_CHARS
    read = own if len(own) <= 2 * most else f"{own[:most]}\n{own[-most:]}"
    asked = (each for each in SENTENCE_END.split(read) if not forbids(each))
    cues = context.registry.read("\n".join(asked)).cues
    return any(cue.aspect == "action" and cue.name not in HARMLESS_ACTIONS for cue in cues)


def has_words(text: str) -> bool:
    """True for a text that says something at all."""
    return sum(map(str.isalpha, text)) >= MIN_OWN_LETTERS


def only_in(text: str, whole: str, ranges: tuple[Range, ...]) -> bool:
    """True if `whole` has this text, and only in the ranges; False if that would take long to find out."""
    at = whole.find(text) if text and ranges else -1
    for _ in range(MAX_PLACES):
        if at < 0 or not _lies_in(at, ranges):
            return False
        at = whole.find(text, at + len(text))
        if at < 0:
            return True
    return False


def _lies_in(at: int, ranges: tuple[Range, ...]) -> bool:
    return any(start <= at < end for start, end in ranges)


def _parts(message: Message) -> Iterator[Range]:
    """The range of each text part, as far as it is searched."""
    for start, end in pairwise((*message.starts, len(message.text))):
        yield start, max(start, min(end, MAX_MARKED_CHARS))


def _marked(text: str, part: Range, words: Vocabulary) -> tuple[Range, ...]:
    """The ranges that the marks of a text part show; none if it has no words of its own."""
    found: list[Range] = []
    for number, mark in enumerate(words.quotes.quotations.finditer(text, *part)):
        if mark["line"] is None or number == MAX_MARKS:
            found.append((mark.start(), part[1]))
            break
        found.append(mark.span())
    return tuple(found) if found and has_words(_without(text, part, tuple(found))) else ()


def _without(text: str, part: Range, ranges: tuple[Range, ...]) -> str:
    pieces, at = [], part[0]
    for start, end in sorted(ranges):
        pieces.append(text[at:start])
        at = max(at, end)
    return "".join([*pieces, text[at : part[1]]])
