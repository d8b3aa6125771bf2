"""Does a message tell a name of a domain: is the domain called as something that its sender's name or its text says?

A genuine sender's domain is called as the firm, its product, its group, its town, or the service that writes for it,
and the message says that name somewhere: in letters, as initials (`tvcu` of Tidewater Valley Credit Union), as
beginnings of words (`coned` of Consolidated Edison), in kana by its sound, in Chinese characters by their readings.
Hosts and addresses do not count, since a message from a foreign domain shows them, too. One name that fits is enough.

Words of a domain that are translations count as well, as far as they are known (`pharmacy` of 薬局).

`domain_names` compares strictly, since there a name makes a sender known. Here it is a doubt that no name fits, so all
that may be a name counts.

It cannot see a name in a picture, nor a Chinese name in pinyin; and a text can be made to tell the name of any domain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

from sekisho.checks.facts.domain_names import label_parts
from sekisho.checks.facts.sender import organisation
from sekisho.checks.facts.texts import HOST_OR_ADDRESS, plain_subject, plain_text
from sekisho.message import Message
from sekisho.text import SpokenRuns, is_kanji, sound, voiceless
from sekisho.words import Vocabulary

MAX_DOMAINS = 30  # of a message that are compared
MAX_PARTS = 100  # of their labels
MAX_SCANNED_CHARS = 3_000  # at the beginning and at the end of a text
MAX_NAME_WORDS = 8  # of which an abbreviation is made
MAX_NAME_LETTERS = 60  # of a name, in which the letters of a short label are looked for
MIN_PART_LETTERS = 2  # of a label between hyphens and digits
MIN_WORD_LETTERS = 5  # of a word of the text that stands anywhere in a label; a shorter one at an end of it
MIN_SHORT_WORD_LETTERS = 4
MIN_NAME_LETTERS = 3  # of a word of the sender's name, and of initials in the text
MAX_INITIALS_LETTERS = 5  # of a label that is made of the first letters of words
MAX_ABBREVIATION_LETTERS = 9  # of one that is made of their beginnings
MAX_SIGNING_LINES = 8  # at the end of a text, whose initials count
MIN_HEARD_LETTERS = 4  # of a label that a Japanese name sounds as
MIN_CONSONANTS = 2  # of a foreign word in kana; all of a part of a label, or the first three of it
MIN_FIRST_CONSONANTS = 3
LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]{2,40}")
CAPITALIZED = re.compile(r"\b[A-Z][A-Za-zÀ-ɏ]{1,40}")
JAPANESE_RUN = re.compile("[ぁ-ゖァ-ヺー一-鿿々]{2,60}")
KANA_RUN = re.compile("[ァ-ヺー]{3,40}|[ぁ-ゖー]{3,40}")

# How foreign words are spoken in kana, by their consonants: `cloud` and クラウド are `krd`.
SPELLINGS = (
    ("tion", "syn"), ("dg", "j"), ("ck", "k"), ("ph", "h"), ("th", "s"), ("sh", "s"), ("gn", "n"), ("wh", "w"),
    ("qu", "k"), ("x", "ks"), ("ce", "se"), ("ci", "si"), ("cy", "sy"),
)  # fmt: skip
SILENT_R = re.compile(r"r(?=[^aeiouy]|\Z)")  # ダイナース is `diners`
CONSONANTS = str.maketrans("lvcfjgzdm", "rbkhskstn", "aeiouwhy")
DOUBLED = re.compile(r"(.)\1+")


class _ToldForms:
    """What a message says, in the forms in which parts of domains are looked for in it. They are made once, however
    many domains a message has."""

    def __init__(self, message: Message, words: Vocabulary) -> None:
        self.name = HOST_OR_ADDRESS.sub(" ", message.author.name)
        self.text = f"{self.name}\n{_own_text(message)}"
        self.letters = re.sub(r"[\W_]", "", _plain(self.text))
        self.words = [(word, _plain(word)) for word in set(LATIN_WORD.findall(self.text))]
        lines = [line for line in self.text.split("\n") if line.strip()][-MAX_SIGNING_LINES:]
        self.initials = [
            "".join(each[0] for each in CAPITALIZED.findall(line)).lower() for line in (self.name, *lines)
        ]
        self.runs = SpokenRuns(JAPANESE_RUN.findall(self.text), words.names.readings)
        self.consonants = {_consonants(sound(run)) for run in set(KANA_RUN.findall(self.text))}


def tells_a_name(domains: Iterable[str], message: Message, words: Vocabulary) -> bool:
    """True if one of the domains is called as something that the message says. The domains are in ASCII lower case."""
    parts = dict.fromkeys(islice(_parts(islice(domains, MAX_DOMAINS), words), MAX_PARTS))
    if not parts:
        return False
    told = _ToldForms(message, words)
    return any(_is_called(part, told, words) for part in parts)


def is_readable(name: str, words: Vocabulary) -> bool:
    """True for a name that can be compared with a domain: it has a word in Latin letters or kana, or the readings of
    all its Chinese characters are known."""
    telling = "".join(words.names.naming(name))
    if any(not is_kanji(each) for each in telling):
        return True
    return bool(telling) and all(each in words.names.readings for each in telling)


def _own_text(message: Message) -> str:
    text = plain_text(message)
    if len(text) > 2 * MAX_SCANNED_CHARS:
        text = f"{text[:MAX_SCANNED_CHARS]}\n{text[-MAX_SCANNED_CHARS:]}"
    return HOST_OR_ADDRESS.sub(" ", f"{plain_subject(message)}\n{text}")


def _parts(domains: Iterable[str], words: Vocabulary) -> Iterator[str]:
    """The registered labels and their parts that name somebody: `secure` is everybody's."""
    for domain in domains:
        label = organisation(domain).partition(".")[0].replace("-", "")
        for part in (label, *label_parts(domain)):
            if len(part) >= MIN_PART_LETTERS and part not in words.domains.service_words:
                yield part


def _is_called(part: str, told: _ToldForms, words: Vocabulary) -> bool:
    return (
        _is_of_the_name(part, told.name, words)
        or _is_of_words(part, told, words)
        or _is_of_initials(part, told)
        or _is_translated(part, told.text, words)
        or _is_heard(part, told, words)
    )


def _is_of_the_name(part: str, name: str, words: Vocabulary) -> bool:
    """True if a word of the sender's name is in the part, or the part is made of its words."""
    told = [_plain(each) for each in words.names.distinctive(name)]
    if any(len(each) >= MIN_NAME_LETTERS and (each in part or _begins(part, each)) for each in told):
        return True
    spoken = [_plain(each) for each in LATIN_WORD.findall(name)][:MAX_NAME_WORDS]
    if len(spoken) >= MIN_NAME_LETTERS and part.startswith(
        "".join(each[0] for each in spoken[:MIN_NAME_LETTERS])
    ):
        return True
    own = next((part[:end] for end in range(len(part), 1, -1) if not words.names.naming(part[end:])), part)
    return any(
        len(each) <= MAX_ABBREVIATION_LETTERS and _is_abbreviation(each, spoken) for each in {part, own}
    )


def _begins(part: str, word: str) -> bool:
    return len(part) >= MIN_NAME_LETTERS and word.startswith(part)


def _is_abbreviation(part: str, spoken: list[str]) -> bool:
    """True if the part is made of beginnings of two or more of the words, in their order (`coned`), or if a short one
    has letters of them alone, in their order, from the first letter of a word on (`awkm`)."""
    reached = {(0, 0)}  # letters of the part, and words that are used
    for word in spoken:
        reached |= {
            (at + size, used + 1)
            for at, used in reached
            for size in range(1, len(word) + 1)
            if part.startswith(word[:size], at)
        }
    if any(at == len(part) and used > 1 for at, used in reached):
        return True
    joined = "".join(spoken)[:MAX_NAME_LETTERS]
    return len(part) <= MAX_INITIALS_LETTERS and any(
        each[:1] == part[:1] and _has_in_order(part, joined[joined.find(each) :]) for each in spoken
    )


def _has_in_order(part: str, letters: str) -> bool:
    rest = iter(letters)
    return all(each in rest for each in part)


def _is_of_words(part: str, told: _ToldForms, words: Vocabulary) -> bool:
    """True if the text has the part as one word or as several, or a word of the text that names somebody is in it."""
    if len(part) >= MIN_WORD_LETTERS and part in told.letters and words.names.naming(part):
        return True
    for word, each in told.words:
        if word.isupper() and each == part and len(each) >= MIN_NAME_LETTERS:
            return True
        if len(each) < MIN_SHORT_WORD_LETTERS or each not in part or not words.names.naming(each):
            continue
        at_an_end = word[0].isupper() and (part.startswith(each) or part.endswith(each))
        if len(each) >= MIN_WORD_LETTERS or at_an_end:
            return True
    return False


def _is_of_initials(part: str, told: _ToldForms) -> bool:
    """True if words that begin with capitals have the part as their first letters, in the name or in a last line."""
    return MIN_NAME_LETTERS <= len(part) <= MAX_INITIALS_LETTERS and any(
        part in initials for initials in told.initials
    )


def _is_translated(part: str, text: str, words: Vocabulary) -> bool:
    """True if the text says in Japanese what the part, its beginning or its end says in another language."""
    ends = range(MIN_NAME_LETTERS, len(part) - MIN_NAME_LETTERS + 1)
    pieces = {part, *(part[:end] for end in ends), *(part[end:] for end in ends)}
    told = (word for piece in pieces for word in words.names.translations.get(piece, ()))
    return any(word in text for word in told)


def _is_heard(part: str, told: _ToldForms, words: Vocabulary) -> bool:
    """True if a Japanese name in the text sounds as the part or its beginning, or has its consonants."""
    spoken = voiceless(part)
    for letters, name in told.runs.heard(spoken):
        whole = letters == len(spoken) >= MIN_NAME_LETTERS
        if (whole or (letters >= MIN_HEARD_LETTERS and len(name) > 1)) and words.names.naming(name):
            return True
    consonants = set(_spoken_consonants(part))
    return any(_has_consonants(each, run) for run in told.consonants for each in consonants)


def _has_consonants(part: str, run: str) -> bool:
    """True if both have the same consonants, or one begins with those of the other: ダイナースクラブ and `diners`."""
    shorter, longer = sorted((part, run), key=len)
    if part == run:
        return len(part) >= MIN_CONSONANTS
    return len(shorter) >= MIN_FIRST_CONSONANTS and longer.startswith(shorter)


def _spoken_consonants(part: str) -> Iterator[str]:
    """How a foreign word may be spoken: `r` before a consonant is silent or not, and `ch` has three sounds."""
    for heard_as in ("ch", "sh", "t"):
        word = part.replace("ch", heard_as)
        yield _consonants(word)
        yield _consonants(SILENT_R.sub("", word))


def _consonants(word: str) -> str:
    for spelling, spoken in SPELLINGS:
        word = word.replace(spelling, spoken)
    return DOUBLED.sub(r"\1", word.translate(CONSONANTS))


def _plain(word: str) -> str:
    """In small letters without accents."""
    letters = unicodedata.normalize("NFKD", word.casefold())
    return "".join(each for each in letters if not unicodedata.combining(each))
