"""How the text is written: by a sender that does not know its reader, or not the language.

A company knows the names of its customers, and writes Japanese with Japanese charsets, letters and fonts. Bulk fraud
greets an address, numbers its subjects so that no two are alike, forgets to fill in its template, and is often prepared
with Chinese programs. Honest people do each of these too, so all of them add to a doubt that is there already
(`is_doubted`) and none is looked for otherwise. What is Chinese counts only where the message impersonates, since many
people who write Japanese live in China.

It cannot see what is wrong with the grammar, nor a name that is right because it was stolen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.address import without_extension
from sekisho.charsets import lookup
from sekisho.checks.facts.greetings import MAX_HEAD_CHARS, head_lines, is_impersonal
from sekisho.checks.facts.sender import is_doubted
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message, Recipient
from sekisho.ports import Context
from sekisho.text import chinese_characters, is_japanese
from sekisho.words import Vocabulary

BY_ADDRESS = FindingKind(
    "writing.greets_address",
    1,
    "The reader is greeted by an e-mail address instead of a name.",
    "宛名が氏名ではなくメールアドレスです。",
)
IMPERSONAL = FindingKind(
    "writing.greets_nobody",
    0.5,
    "The sender claims to know the reader and greets nobody by name: {text}",
    "利用者宛てを装いながら、宛名に氏名がありません({text})。",
)
TEMPLATE = FindingKind(
    "writing.template",
    1.5,
    "A place of the template was not filled in: {text}",
    "ひな形の差し込み欄が埋められないまま残っています({text})。",
)
SERIAL = FindingKind(
    "writing.serial_number",
    0.5,
    "The subject ends with a number that makes it unlike all others: {text}",
    "件名の末尾に、一通ごとに変えるための番号が付いています({text})。",
)
LETTERS = FindingKind(
    "writing.chinese_letters",
    1,
    "The Japanese text holds characters that only Chinese is written with: {text}",
    "日本語の文章に、中国語でしか使われない文字が混じっています({text})。",
)
CHARSET = FindingKind(
    "writing.foreign_charset",
    0.5,
    "The Japanese text is in a charset of another language: {text}",
    "日本語の文章に、別の言語の文字コードが使われています({text})。",
)
FONT = FindingKind(
    "writing.chinese_font",
    0.5,
    "The Japanese text is laid out in a Chinese font: {text}",
    "日本語の文章に、中国語のフォントが指定されています({text})。",
)

KINDS = (BY_ADDRESS, IMPERSONAL, TEMPLATE, SERIAL, LETTERS, CHARSET, FONT)

MAX_SCANNED_CHARS = 6_000  # of the text that are looked at
MAX_TAIL_CHARS = 600  # at its end that are looked at besides
MAX_PAGE_CHARS = 40_000  # of one page
MAX_SERIAL_CHARS = 60  # at the end of a subject, where a serial number stands
MAX_FIELD_OCTETS = 400  # of a field that are searched for the charset of encoded words
MIN_CHINESE_LETTERS = 2  # one may be a name

ADDRESS = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
ADDRESSED = re.compile(rf"(?:(?:valued )?(?:customer|user|member|client) )?{ADDRESS}", re.IGNORECASE)
ADDRESS_HONOURED = re.compile(rf"{ADDRESS}[ \u3000]{{0,3}}(?:様|さま|殿)")
TEMPLATE_FIELD = r"(?:[A-Z_]{0,20}(?:EMAIL|NAME|USER|DOMAIN|LINK|URL|DATE|RAND)[A-Z0-9_]{0,30})"
PLACEHOLDER = re.compile(
    r"\{\{ ?[\w.]{2,40} ?\}\}|\[\[ ?-?[\w.]{2,40}-? ?\]\]|##[\w.]{2,40}##|%%[\w.]{2,40}%%|\*\|[A-Z_:]{2,40}\|\*"
    rf"|%{TEMPLATE_FIELD}%|#{TEMPLATE_FIELD}#|\[(?:RAND(?:OM)?[\w-]{{0,40}}|EMAIL)\]"
)
# Ordinary in a text that is about programs, and not in a subject or a name.
LOOSE_PLACEHOLDER = re.compile(
    r"\$?\{\$?[\w.-]{2,40}\}|\[(?:e-?mail|name|first-?name|user|domain|link|url|your-\w{2,20})\]|\$(?:name|email|user)\b",
    re.IGNORECASE,
)
SERIAL_NUMBER = re.compile(
    r"(?:[\s\[(【〖〔「『(:：#＃_-]|No\.?|番号|コード|ID)(?=(?:[A-Za-z]{0,20}[0-9]){4})([A-Za-z0-9]{5,24})"
    r"[\])】〗〕」』)]{0,2}[\s!！。.]{0,3}\Z"
)
FOREIGN_CHARSETS = frozenset({"gb18030", "hz-gb-2312", "big5", "euc-kr", "iso-2022-kr"})
WORD_CHARSET = re.compile(rb"=\?([\w.:-]{1,40})[?*]")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind, and none where the author is not in doubt."""
    if not is_doubted(seen):
        return NOTHING
    found = list(_addressing(message, context))
    if seen.has_signal(Signal.IMPERSONATES):
        found += _language(message, context.vocabulary)
    return Evidence(findings=tuple(kind.found(text=text) for kind, text in found if text))


def _addressing(message: Message, context: Context) -> Iterator[tuple[FindingKind, str]]:
    """How the reader is greeted, what is left of a template, and the number at the end of the subject."""
    delimiters = context.recipient_delimiter
    made_up = tuple(name for each in message.envelope.recipients[:3] for name in _made_up(each, delimiters))
    yield from [
        (kind, line)
        for line in head_lines(message)
        if (kind := _greeting(line, made_up, context.vocabulary)) is not None
    ][:1]
    front = f"{message.subject}\n{message.author.name}"
    unfilled = PLACEHOLDER.search(f"{front}\n{message.text[:MAX_SCANNED_CHARS]}") or LOOSE_PLACEHOLDER.search(
        front
    )
    yield TEMPLATE, unfilled[0] if unfilled else ""
    number = SERIAL_NUMBER.search(message.subject[-MAX_SERIAL_CHARS:])
    yield SERIAL, number[1] if number else ""


def _made_up(recipient: Recipient, delimiters: str) -> Iterator[str]:
    """What stands before the @, in lower case, with its extension and without, if it is no name: `h.yamada88`."""
    local = recipient.address.rpartition("@")[0].lower()
    for name in {local, without_extension(local, delimiters)}:
        if 3 <= len(name) <= 64 and not name.isalpha():
            yield name


def _greeting(line: str, made_up: tuple[str, ...], words: Vocabulary) -> FindingKind | None:
    """Whom a line greets, if not by name."""
    greeting = words.greeting.greetings.match(line)
    end = greeting.end() if greeting else 0
    if greeting and (ADDRESSED.match(line, end) or line.lower().startswith(made_up, end)):
        return BY_ADDRESS
    if "@" in line and ADDRESS_HONOURED.search(line):
        return BY_ADDRESS
    return IMPERSONAL if is_impersonal(line, words) else None


def _language(message: Message, words: Vocabulary) -> Iterator[tuple[FindingKind, str]]:
    """What is foreign in a Japanese message."""
    text = f"{message.author.name}\n{message.subject}\n{message.text[:MAX_SCANNED_CHARS]}"
    if not is_japanese(text[:MAX_HEAD_CHARS]):
        return
    letters = chinese_characters(text + message.text[MAX_SCANNED_CHARS:][-MAX_TAIL_CHARS:])
    yield LETTERS, "".join(dict.fromkeys(letters)) if len(letters) >= MIN_CHINESE_LETTERS else ""
    yield CHARSET, next((each for each in _charsets(message) if lookup(each) in FOREIGN_CHARSETS), "")
    pages = (part.text[:MAX_PAGE_CHARS] for part in message.parts if part.media == "text/html")
    yield FONT, next((font for page in pages for font in words.chinese_fonts if font in page), "")


def _charsets(message: Message) -> Iterator[str]:
    """The charsets that the texts name, and those of subject and author."""
    for part in message.parts:
        if part.charset and part.media.startswith("text/"):
            yield part.charset
    for name in ("subject", "from"):
        for field in message.headers.all(name)[:1]:
            if (match := WORD_CHARSET.search(field.value[:MAX_FIELD_OCTETS])) is not None:
                yield match[1].decode("ascii", "replace")
