"""Who the message says it is from, wherever a recipient is told, and the words in it that lures are made of.

A claim is a brand's name in a place that speaks for the sender. The display name, the address and the lines a mail is
signed with say who writes; a name in the middle of a text is only what it talks about. Strength says which of the two.
A claim is not yet an accusation: `contradiction` compares claims with proofs, and `lure` the cues with both. Names and
lures are found in the same pass over the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.identity import media_claims
from sekisho.evidence import Claim, Cue, Evidence, Place, Strength
from sekisho.message import Message
from sekisho.ports import Context, Mention, Reading
from sekisho.text import is_katakana
from sekisho.words import Vocabulary

MOSTLY = 0.5  # share of a display name from which the brand is what the name says, not a word in it
COMPOUND = 0.6  # the same where it runs on into other letters: アップル学習塾 is a school
ONE_WORD = 0.7  # and where katakana runs on into katakana: ソフトバンクホークス is a team
HEAD = 1_500  # characters at the beginning of a text, where a sender greets and says who he is
TAIL = 1_200  # and at its end, where he signs
COMPANY = 100  # characters of the text in which a display name may find the companion that it needs
OFTEN = 3  # times that a text writes a name of which it may be said to be about
LABEL = 24  # characters of a link's text up to which it is a button, as which it says what to do
BUTTONS = 8  # that are read
NEAR = 24  # characters around a name that say in which role it stands
MARK = re.compile(
    r"\s*[【\[<〈《＜「『(（]\s*"
)  # a subject that begins with a name in brackets is headed with it

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
    said = tuple(_said(message, context))
    return Evidence(
        claims=tuple(each for each in said if isinstance(each, Claim)),
        cues=tuple(each for each in said if isinstance(each, Cue)),
    )


def _said(message: Message, context: Context) -> Iterator[Claim | Cue]:
    mailbox = message.author.mailbox
    company = f"{message.subject}\n{message.text[:COMPANY]}"
    if mailbox is None:
        yield from _named(message.author.text, company, context)
    else:
        yield from _named(mailbox.name or mailbox.local, company, context)
        yield from _local_part(mailbox.local, context)
        if (owner := _owner(mailbox.domain or "", context)) is not None:
            yield Claim(owner, Place.AUTHOR_DOMAIN, mailbox.domain or "")
    yield from _subject(message.subject, context)
    yield from _text(message, context)
    yield from _buttons(message, context)
    yield from media_claims.claims(message, context)
    for other in message.reply_to[:3]:
        yield from _mentioned(other.name, Place.REPLY_TO, context)


def _owner(domain: str, context: Context) -> str | None:
    return context.registry.owner(domain) if domain else None


def _cues(reading: Reading, where: Place) -> Iterator[Cue]:
    return (Cue(cue.aspect, cue.name, cue.phrase, where) for cue in reading.cues)


def _named(name: str, company: str, context: Context) -> Iterator[Claim | Cue]:
    """Brands in the name that is shown as the sender: strong if the name says little else (`Amazon Japan
    カスタマーサポート`), and if it is spelled in disguise. A name that is also a word finds its companion beside it."""
    reading = context.registry.read(name, company)
    yield from _cues(reading, Place.DISPLAY_NAME)
    for mention in _once(reading.mentions):
        rest = f"{name[: mention.start]} {name[mention.end :]}"
        alone = (mention.end - mention.start) / max(1, len(name.strip()))
        strong = (
            alone >= _least(name, mention) or not mention.exact or not context.vocabulary.distinctive(rest)
        )
        yield Claim(mention.brand, Place.DISPLAY_NAME, name, Strength.STRONG if strong else Strength.WEAK)


def _least(name: str, mention: Mention) -> float:
    """The share of a display name from which a mention says what the name says."""
    seams = (name[max(0, mention.start - 1) : mention.start + 1], name[mention.end - 1 : mention.end + 1])
    runs_on = [seam for seam in seams if len(seam) == 2 and seam.isalpha()]
    if any(all(map(is_katakana, seam)) for seam in runs_on):
        return ONE_WORD
    return COMPOUND if runs_on else MOSTLY


def _local_part(local: str, context: Context) -> Iterator[Claim]:
    """`viewsnet.jp@stranger.example`: a brand's domain standing before the @; a mere name there is weak."""
    plain = local.lower().strip('"').replace("_", ".")
    host = next((part for part in NO_HOST.split(plain) if "." in part and _owner(part, context)), None)
    if host is not None:
        yield Claim(_owner(host, context), Place.LOCAL_PART, local)
    else:
        yield from _mentioned(plain, Place.LOCAL_PART, context)


def _subject(subject: str, context: Context) -> Iterator[Claim | Cue]:
    """A subject that is headed with a name in brackets speaks for it; elsewhere it speaks of it."""
    reading = context.registry.read(subject)
    yield from _cues(reading, Place.SUBJECT)
    for mention in _once(reading.mentions):
        headed = MARK.fullmatch(subject[: mention.start]) is not None
        yield Claim(mention.brand, Place.SUBJECT, mention.name, Strength.STRONG if headed else Strength.WEAK)


def _text(message: Message, context: Context) -> Iterator[Claim | Cue]:
    """What the text greets, signs and titles itself with, then what it merely mentions."""
    text = message.text
    parts = (text,) if len(text) <= HEAD + TAIL else (text[:HEAD], text[-TAIL:])
    said = URL.sub(" ", text)  # a name in an address is where a link leads, not what the text says
    signed: dict[str, Claim] = {}
    mentioned: dict[str, Claim] = {}
    for part in (message.title[:200], *parts):
        reading = context.registry.read(part)
        yield from _cues(reading, Place.TEXT)
        for mention in reading.mentions:
            if part is not message.title and speaks(part, mention, context.vocabulary):
                signed.setdefault(mention.brand, Claim(mention.brand, Place.SIGNATURE, mention.name))
            topic = said.count(text_of(part, mention)) >= OFTEN
            strength = Strength.STRONG if topic else Strength.WEAK
            mentioned.setdefault(mention.brand, Claim(mention.brand, Place.BODY, mention.name, strength))
    yield from signed.values()
    yield from (claim for brand, claim in mentioned.items() if brand not in signed)


def _buttons(message: Message, context: Context) -> Iterator[Cue]:
    """What the links ask for by being links: `更新` in a text tells, on a button it asks."""
    labels = dict.fromkeys(link.text.strip() for link in message.links if link.kind == "a")
    short = [label for label in labels if 0 < len(label) <= LABEL][:BUTTONS]
    if short:
        pressed = context.registry.read("".join(f"{label} ボタン button\n" for label in short))
        yield from (cue for cue in _cues(pressed, Place.BUTTON) if cue.aspect == "action")


def text_of(part: str, mention: Mention) -> str:
    """The name as it is written in this text."""
    return part[mention.start : mention.end]


def speaks(text: str, mention: Mention, words: Vocabulary) -> bool:
    """True where the name stands as the writer's own: © before it, `アカウント` or `Team` after it."""
    before = text[max(0, mention.start - NEAR) : mention.start]
    after = text[mention.end : mention.end + NEAR]
    begins = STARTS.search(before) is not None and INTRODUCES.match(after) is not None
    if begins or words.before_name.search(before) is not None or words.below_name.match(after) is not None:
        return True
    line = after.replace("\n", " ", 1) if WRAPPED.search(before) else after
    return words.after_name.match(line) is not None


def _mentioned(text: str, where: Place, context: Context) -> Iterator[Claim]:
    for mention in _once(context.registry.mentions(text)):
        yield Claim(mention.brand, where, mention.name, Strength.WEAK)


def _once(mentions: tuple[Mention, ...]) -> Iterator[Mention]:
    """The most telling mention of each brand."""
    best: dict[str, Mention] = {}
    for mention in mentions:
        if mention.brand not in best or mention.alone > best[mention.brand].alone:
            best[mention.brand] = mention
    yield from best.values()
