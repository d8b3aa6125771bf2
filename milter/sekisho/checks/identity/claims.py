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
from sekisho.checks.facts.names import best_mentions, mentioned
from sekisho.checks.facts.quotes import Quotes
from sekisho.checks.facts.sender import is_proven
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
CONTEXT_CHARS = 24  # before and behind a name; they say in which role it stands
OPENING_BRACKET = re.compile(r"\s*[【\[<〈《＜「『(（]\s*")  # before a name with which a subject is headed

NAMES = frozenset({Place.DISPLAY_NAME, Place.LOCAL_PART})
# What stands before a name in an item of a list, or between quotation marks.
LISTED = re.compile(r"\A\s*(?:[・･*•●○■□◆◇▪‣–—-]|\d{1,2}[.)．）]|[①-⑳])|[\"“„«「『][^\"”»」』]*\Z")

URL = re.compile(r"https?://[!-~]+")
NO_HOST = re.compile(r"[^a-z0-9.-]+")

# A sentence that leads up to the name goes on behind the end of its line.
WRAPPED = re.compile(r"\w[^\S\n]?\Z")

# A sentence that begins `東京電力です。` introduces its writer.
STARTS = re.compile(r"(?:\A|[\n。!！])\s*\Z")
INTRODUCES = re.compile(
    r"\A\s{0,2}(?:です[。、\s]|でございます|(?:より|から)の?(?:重要な)?お知らせ(?:です|[。、\s]|\Z))"
)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Claims by place, the strong places first; a brand once per place. Cues by place."""
    said = tuple(_said(message, seen, context))
    cues = tuple(each for each in said if isinstance(each, Cue))
    programs = makers(message, seen, cues, context)
    claims = (each for each in said if isinstance(each, Claim))
    return Evidence(
        claims=tuple(each for each in claims if each.where not in NAMES or each.brand not in programs),
        cues=cues,
    )


def _said(message: Message, seen: Evidence, context: Context) -> Iterator[Claim | Cue]:
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
        rest = f"{name[: mention.start]} {name[mention.end :]}"
        alone = (mention.end - mention.start) / max(1, len(name.strip()))
        strong = (
            alone >= _least(name, mention)
            or not mention.exact
            or not context.vocabulary.distinctive(rest)
            or _goes_between(name, mention, context.vocabulary)
        )
        yield Claim(mention.brand, Place.DISPLAY_NAME, name, Strength.STRONG if strong else Strength.WEAK)


def _goes_between(name: str, mention: Mention, words: Vocabulary) -> bool:
    """True if the brand is the service that writes for somebody: `Mio Hori via DocuSign`, 堀 美咲 (DocuSign経由).
    The word behind the name stands alone: 損保ジャパン代理店 is an agency."""
    before = name[max(0, mention.start - MAX_BETWEEN_CHARS) : mention.start]
    if words.go_between_words.search(before) is not None:
        return True
    behind = name[mention.end : mention.end + MAX_BETWEEN_CHARS]
    after = words.go_between_words.search(behind)
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


def _subject(subject: str, context: Context) -> Iterator[Claim | Cue]:
    """A subject that is headed with a name in brackets speaks for it; elsewhere it speaks of it."""
    reading = context.registry.read(subject)
    yield from _cues(reading, Place.SUBJECT)
    for mention in best_mentions(reading.mentions):
        headed = OPENING_BRACKET.fullmatch(subject[: mention.start]) is not None
        yield Claim(mention.brand, Place.SUBJECT, mention.name, Strength.STRONG if headed else Strength.WEAK)


def _text(message: Message, seen: Evidence, context: Context) -> Iterator[Claim | Cue]:
    """What the text greets, signs and titles itself with, then what it merely mentions."""
    signed: dict[str, Claim] = {}
    mentioned: dict[str, Claim] = {}
    counts: dict[str, int] = {}
    unlisted: set[str] = set()
    said = URL.sub(" ", message.text)  # a name in an address is where a link leads, not what the text says
    quotes = Quotes(message, seen, context)
    for start, part in _read_parts(message):
        reading = context.registry.read(part)
        yield from _cues(reading, Place.TEXT)
        for mention in reading.mentions:
            if start is not None and _signs(part, mention, start, quotes, seen, context):
                signed.setdefault(mention.brand, Claim(mention.brand, Place.SIGNATURE, mention.name))
                unlisted |= set() if is_listed(part, mention.start) else {mention.brand}
            count = said.count(text_of(part, mention))
            counts[mention.brand] = max(count, counts.get(mention.brand, 0))
            strength = Strength.STRONG if count >= MIN_TOPIC_MENTIONS else Strength.WEAK
            mentioned.setdefault(mention.brand, Claim(mention.brand, Place.BODY, mention.name, strength))
    if unlisted.isdisjoint(signed) and _lists(signed, counts, message, seen, context):
        signed = {}
    yield from signed.values()
    yield from (claim for brand, claim in mentioned.items() if brand not in signed)


def _read_parts(message: Message) -> Iterator[tuple[int | None, str]]:
    """The title, and then the beginning and the end of the text, each with its index in the text."""
    yield None, message.title[:MAX_TITLE_CHARS]
    text = message.text
    if len(text) <= MAX_HEAD_CHARS + MAX_TAIL_CHARS:
        yield 0, text
    else:
        yield 0, text[:MAX_HEAD_CHARS]
        yield len(text) - MAX_TAIL_CHARS, text[-MAX_TAIL_CHARS:]


def _signs(part: str, mention: Mention, start: int, quotes: Quotes, seen: Evidence, context: Context) -> bool:
    """True for a name in `part`, which begins at the index `start` of the text, as which the sender writes. Whether a
    brand that is proven quotes itself makes no difference, and is not looked for."""
    if not speaks(part, mention, context.vocabulary):
        return False
    return is_proven(mention.brand, seen, context) or not quotes.excuse(start + mention.start, mention.brand)


def _lists(
    signed: dict[str, Claim], counts: dict[str, int], message: Message, seen: Evidence, context: Context
) -> bool:
    """True for a text that lists several organisations alike, as a warning does that gives the subjects of phishing: it
    is signed by none of them.

    A lure in one brand's name may show others, too (the card schemes in a footer). It names its own brand more often
    than the others, or its sender does.
    """
    if len(signed) < 2 or seen.unauthenticated or context.registry.mentions(message.author.text):
        return False
    first, *others = sorted(signed, key=lambda brand: -counts[brand])
    affiliates = context.registry.affiliates(first)
    rivals = [brand for brand in others if brand not in affiliates]
    return bool(rivals) and counts[first] < MIN_LEAD * counts[rivals[0]]


def is_listed(text: str, at: int) -> bool:
    """True if the index lies in an item of a list, or between quotation marks."""
    return LISTED.search(text[text.rfind("\n", 0, at) + 1 : at]) is not None


def _buttons(message: Message, context: Context) -> Iterator[Cue]:
    """What the buttons ask for: in a text, `更新` tells that something was updated; on a button it asks to do so."""
    labels = dict.fromkeys(link.text.strip() for link in message.links if link.kind == "a")
    short = [label for label in labels if 0 < len(label) <= MAX_BUTTON_CHARS][:MAX_BUTTONS]
    if short:
        pressed = context.registry.read("".join(f"{label} ボタン button\n" for label in short))
        yield from (cue for cue in _cues(pressed, Place.BUTTON) if cue.aspect == "action")


def text_of(part: str, mention: Mention) -> str:
    """The name as it is written in this text."""
    return part[mention.start : mention.end]


def speaks(text: str, mention: Mention, words: Vocabulary) -> bool:
    """True where the name stands as the writer's own: © before it, `アカウント` or `Team` after it."""
    before = text[max(0, mention.start - CONTEXT_CHARS) : mention.start]
    after = text[mention.end : mention.end + CONTEXT_CHARS]
    begins = STARTS.search(before) is not None and INTRODUCES.match(after) is not None
    if begins or words.before_name.search(before) is not None or words.below_name.match(after) is not None:
        return True
    line = after.replace("\n", " ", 1) if WRAPPED.search(before) else after
    return words.after_name.match(line) is not None
