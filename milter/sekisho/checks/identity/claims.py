"""Who the message says it is from, wherever a recipient is told, and the words in it that lures are made of.

A claim is a brand's name in a place that speaks for the sender. The display name, the address and the lines a mail is
signed with say who writes; a name in the middle of a text is only what it talks about. Strength says which of the two.
A claim is not yet an accusation: `impersonation` compares claims with proofs, and `lure` the cues with both. Names and
lures are found in the same pass over the same text. `media_claims` adds what stands beside author and text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.automatic import makers
from sekisho.checks.facts.names import best_mentions, mentioned, rest_of_name
from sekisho.checks.facts.quotes import Quotes
from sekisho.checks.facts.sender import is_proven
from sekisho.checks.facts.voices import Voice, heads_subject, is_listed, places_of, stands_alone, voice
from sekisho.evidence import Claim, Cue, Evidence, Place, Strength
from sekisho.known import Mention, Reading
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.text import is_katakana
from sekisho.words import Vocabulary

# The least share of a display name that a brand's name takes up where the display name says the brand.
MIN_NAME_SHARE = 0.5  # with less, the brand is one word among others
MIN_COMPOUND_SHARE = 0.6  # where it runs on into other letters: アップル学習塾 is a school
MIN_KATAKANA_SHARE = 0.7  # where katakana runs on into katakana: ソフトバンクホークス is a team
MIN_LOCAL_LETTERS = 5  # of a brand in an address without a display name; `jtb@` may be a person's initials
MAX_HEAD_CHARS = 1_500  # at the beginning of a text, where a sender greets and says who it is
MAX_TAIL_CHARS = 1_200  # at its end, where the sender signs
MAX_TITLE_CHARS = 200  # of a page's title
MAX_COMPANION_CHARS = 100  # of the text, in which a display name may find the companion word that it needs
MIN_TOPIC_MENTIONS = 3  # a text that writes a name so often is about it
MIN_LEAD = 2  # times as often as any other, a text names the organisation as which it writes
MAX_BUTTON_CHARS = 24  # a link with a longer text is no button
MAX_BUTTONS = 8  # that are read
MAX_BETWEEN_CHARS = 8  # between a service's name and the word that says that it writes for somebody
# Behind a name with which a subject begins: it tells who writes (`Endesa: …`), or what the message is about.
HEADING_MARK = re.compile(r"\s?(?:[:：|｜–—]|-\s)|より|から(?:の|重要)")

NAMES = frozenset({Place.DISPLAY_NAME, Place.LOCAL_PART})
URL = re.compile(r"https?://[!-~]+")
NO_HOST = re.compile(r"[^a-z0-9.-]+")

Said = Claim | Cue | tuple[Claim, ...]
"""What a message says: a claim, a cue, or hints."""


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Claims by place, the strong places first; a brand once per place. Cues by place."""
    said = tuple(_said(message, seen, context))
    cues = tuple(each for each in said if isinstance(each, Cue))
    programs = makers(message, seen, cues, context)
    claims = (each for each in said if isinstance(each, Claim))
    return Evidence(
        claims=tuple(each for each in claims if each.where not in NAMES or each.brand not in programs),
        cues=cues,
        hints=tuple(hint for each in said if isinstance(each, tuple) for hint in each),
    )


def _said(message: Message, seen: Evidence, context: Context) -> Iterator[Said]:
    mailbox = message.author.mailbox
    company = f"{message.subject}\n{message.text[:MAX_COMPANION_CHARS]}"
    if mailbox is None:
        yield from _named(message.author.text, company, context)
    else:
        shortest = 1 if mailbox.name else MIN_LOCAL_LETTERS
        yield from _named(mailbox.name or mailbox.local, company, context, shortest)
        yield from _local_part(mailbox.local, context)
        if (owner := _owner(mailbox.domain or "", context)) is not None:
            yield Claim(owner, Place.AUTHOR_DOMAIN, mailbox.domain or "")
    yield from _subject(message.subject, context)
    yield from _text(message, seen, context)
    yield from _buttons(message, context)


def _owner(domain: str, context: Context) -> str | None:
    return context.registry.owner(domain) if domain else None


def _cues(reading: Reading, where: Place) -> Iterator[Cue]:
    return (Cue(cue.aspect, cue.name, cue.phrase, where) for cue in reading.cues)


def _named(name: str, company: str, context: Context, shortest: int = 1) -> Iterator[Claim | Cue]:
    """Brands in the name that is shown as the sender: strong if the name says little else (`Amazon Japan
    カスタマーサポート`), or if it is spelled in disguise. A name that is also a word needs a companion word beside it,
    which `company`, the beginning of subject and text, may hold. Brands with fewer letters than `shortest` are left
    out."""
    reading = context.registry.read(name, company)
    yield from _cues(reading, Place.DISPLAY_NAME)
    for mention in best_mentions(reading.mentions):
        if mention.end - mention.start < shortest:
            continue
        alone = (mention.end - mention.start) / max(1, len(name.strip()))
        strong = (
            alone >= _least(name, mention)
            or not mention.exact
            or not context.vocabulary.names.proper(rest_of_name(name, (mention,)))
            or _goes_between(name, mention, context.vocabulary)
        )
        yield Claim(mention.brand, Place.DISPLAY_NAME, name, Strength.STRONG if strong else Strength.WEAK)


def _goes_between(name: str, mention: Mention, words: Vocabulary) -> bool:
    """True if the brand is the service that writes for somebody: `Mio Hori via DocuSign`, 堀 美咲 (DocuSign経由).
    The word behind the name stands alone: 損保ジャパン代理店 is an agency."""
    before = name[max(0, mention.start - MAX_BETWEEN_CHARS) : mention.start]
    if words.names.go_between_words.search(before) is not None:
        return True
    behind = name[mention.end : mention.end + MAX_BETWEEN_CHARS]
    after = words.names.go_between_words.search(behind)
    return (
        after is not None and not after[0].isascii() and not behind[after.end() : after.end() + 1].isalpha()
    )


def _least(name: str, mention: Mention) -> float:
    """The share of a display name that this mention must take up, so that the display name says the brand."""
    seams = (name[max(0, mention.start - 1) : mention.start + 1], name[mention.end - 1 : mention.end + 1])
    runs_on = [seam for seam in seams if len(seam) == 2 and seam.isalpha()]
    if any(all(map(is_katakana, seam)) for seam in runs_on):
        return MIN_KATAKANA_SHARE
    return MIN_COMPOUND_SHARE if runs_on else MIN_NAME_SHARE


def _local_part(local: str, context: Context) -> Iterator[Claim]:
    """A brand's domain before the @ (`viewsnet.jp@stranger.example`); a mere name there is weak."""
    plain = local.lower().strip('"').replace("_", ".")
    host = next((part for part in NO_HOST.split(plain) if "." in part and _owner(part, context)), None)
    if host is not None:
        yield Claim(_owner(host, context), Place.LOCAL_PART, local)
    else:
        yield from mentioned(plain, Place.LOCAL_PART, context)


def _subject(subject: str, context: Context) -> Iterator[Said]:
    """A subject that is headed with a name in brackets speaks for it; elsewhere it speaks of it. One that begins with a
    name and a colon is a hint."""
    reading = context.registry.read(subject)
    yield from _cues(reading, Place.SUBJECT)
    for mention in best_mentions(reading.mentions):
        headed = heads_subject(subject, mention.start)
        yield Claim(mention.brand, Place.SUBJECT, mention.name, Strength.STRONG if headed else Strength.WEAK)
        if mention.start == 0 and HEADING_MARK.match(subject, mention.end) is not None:
            yield (Claim(mention.brand, Place.SUBJECT, mention.name, Strength.WEAK),)


def _text(message: Message, seen: Evidence, context: Context) -> Iterator[Said]:
    """What the text greets, signs and titles itself with, then what it merely mentions; and the hints of both."""
    told = _Told(message, seen, context)
    for start, part in _read_parts(message):
        reading = context.registry.read(part)
        yield from _cues(reading, Place.TEXT)
        for mention in reading.mentions:
            told.read(part, mention, start, _without_kin(part, mention, reading.mentions, context))
    yield from told.claims()
    yield told.hints()


def _without_kin(part: str, mention: Mention, found: tuple[Mention, ...], context: Context) -> str:
    """The text without the other names of the mention's organisation: `NTTドコモ dポイントクラブ` in a line is one
    name."""
    kin = context.registry.affiliates(mention.brand)
    others = [each for each in found if each.name != mention.name and each.brand in kin]
    return rest_of_name(part, others) if others else part


def _read_parts(message: Message) -> Iterator[tuple[int | None, str]]:
    """The title, and then the beginning and the end of the text, each with its index in the text."""
    yield None, message.title[:MAX_TITLE_CHARS]
    text = message.text
    if len(text) <= MAX_HEAD_CHARS + MAX_TAIL_CHARS:
        yield 0, text
    else:
        yield 0, text[:MAX_HEAD_CHARS]
        yield len(text) - MAX_TAIL_CHARS, text[-MAX_TAIL_CHARS:]


class _Told:
    """The claims of a title and a text, a brand once for each place. The first mention of a name decides what is
    claimed; all are read for hints at who writes."""

    def __init__(self, message: Message, seen: Evidence, context: Context) -> None:
        self._message, self._seen, self._context = message, seen, context
        self._quotes = Quotes(message, seen, context)
        # A name in an address is where a link leads, not what the text says.
        self._said: str | None = None
        self._signed: dict[str, Claim] = {}
        self._mentioned: dict[str, Claim] = {}
        self._counts: dict[str, int] = {}
        self._unlisted: set[str] = set()
        self._hints: dict[Claim, None] = {}

    def read(self, part: str, mention: Mention, start: int | None, bare: str) -> None:
        """Take in a name of `part`, which begins at the index `start` of the text, or is the title. `bare`: the same
        without other names of the organisation."""
        brand, name = mention.brand, mention.name
        if start is None:
            self._hints[Claim(brand, Place.TITLE, name)] = None
        else:
            self._roles(part, mention, start, bare)
        if self._said is None:  # only where a name was found
            self._said = URL.sub(" ", self._message.text)
        count = self._said.count(part[mention.start : mention.end])
        self._counts[brand] = max(count, self._counts.get(brand, 0))
        strength = Strength.STRONG if count >= MIN_TOPIC_MENTIONS else Strength.WEAK
        self._mentioned.setdefault(brand, Claim(brand, Place.BODY, name, strength))

    def claims(self) -> Iterator[Claim]:
        """What the text is signed with, and then what it merely mentions."""
        signed = {} if self._lists() else self._signed
        yield from signed.values()
        yield from (claim for brand, claim in self._mentioned.items() if brand not in signed)

    def hints(self) -> tuple[Claim, ...]:
        """Where the text speaks in a name: strong where only the owner of the name speaks so. Empty for a list."""
        return () if self._lists() else tuple(self._hints)

    def _roles(self, part: str, mention: Mention, start: int, bare: str) -> None:
        """The roles in which the text has the name. What is quoted is nobody's."""
        words, brand, name = self._context.vocabulary, mention.brand, mention.name
        for at, end in places_of(part, mention):
            spoken, alone = voice(part, at, end, words), stands_alone(bare, at, end, words)
            if (spoken is Voice.TOPIC and not alone) or self._is_quoted(start + at, brand):
                continue
            if alone:
                self._hints[Claim(brand, Place.HEADING, name)] = None
            if spoken is not Voice.TOPIC:
                own = Strength.STRONG if spoken is Voice.WRITERS else Strength.WEAK
                self._hints[Claim(brand, Place.SIGNATURE, name, own)] = None
                if at == mention.start:
                    self._signed.setdefault(brand, Claim(brand, Place.SIGNATURE, name))
                    self._unlisted |= set() if is_listed(part, at) else {brand}

    def _is_quoted(self, at: int, brand: str) -> bool:
        """True for a quotation, unless the brand is proven: whether it quotes itself makes no difference."""
        return not is_proven(brand, self._seen, self._context) and self._quotes.excuse(at, brand)

    def _lists(self) -> bool:
        """True for a text that lists several organisations alike, as a warning does that gives the subjects of
        phishing: it is signed by none of them.

        A lure in one brand's name may show others, too (the card schemes in a footer). It names its own brand more
        often than the others, or its sender does.
        """
        signed, counts, registry = self._signed, self._counts, self._context.registry
        if not self._unlisted.isdisjoint(signed) or len(signed) < 2 or self._seen.unauthenticated:
            return False
        if registry.mentions(self._message.author.text):
            return False
        first, *others = sorted(signed, key=lambda brand: -counts[brand])
        affiliates = registry.affiliates(first)
        rivals = [brand for brand in others if brand not in affiliates]
        return bool(rivals) and counts[first] < MIN_LEAD * counts[rivals[0]]


def _buttons(message: Message, context: Context) -> Iterator[Cue]:
    """What the buttons ask for: in a text, `更新` tells that something was updated; on a button it asks to do so."""
    labels = dict.fromkeys(link.text.strip() for link in message.links if link.kind == "a")
    short = [label for label in labels if 0 < len(label) <= MAX_BUTTON_CHARS][:MAX_BUTTONS]
    if short:
        pressed = context.registry.read("".join(f"{label} ボタン button\n" for label in short))
        yield from (cue for cue in _cues(pressed, Place.BUTTON) if cue.aspect == "action")
