"""Decides whether a hit in a text is a mention of the name, by where it begins and ends and how it is written.

- A Latin name stands alone as a word: `banana` is not ANA, `Amazonから` and `AmazonPrime` are Amazon.
- A short kana name is not the middle of a longer word: オンライン is not ライン.
- Letters with spaces between count if every letter is set apart (`A m a z o n`), not if two words happen to meet.

It cannot see that a word which stands alone means something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sekisho.brands.names import MAX_SHORT_LATIN, Name, NameKind
from sekisho.brands.prose import MIN_PROSE_CHARS, is_plain_word
from sekisho.brands.spelling import INVISIBLE_CATEGORIES, Spelling, is_japanese, spell
from sekisho.known import Mention
from sekisho.text import is_hiragana, is_kana, is_kanji, is_katakana

MAX_SHORT_KANA = 3  # letters; a kana name up to this length must end where the word ends
MAX_SHORT_KANJI = 2  # letters; an ordinary word of kanji up to this length is not the middle of a longer word
LETTER_PAIRS = frozenset({"rn", "vv"})  # two letters of the text, one of the skeleton

_PARTICLES = frozenset("のをにはがでとへもやかよ")
_SHOP = re.compile(r"[^\s。、]{0,10}店")  # 豆の蔵 楽天市場店 is a shop in the mall, not the mall


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of a text, from index `start` on.

    `letters` is its skeleton, `origins` the index in `text[start:]` of each letter of the skeleton, `share` (0 to 1)
    what part of the text one letter is. `companions` are the skeletons of words that turn an ordinary word beside them
    into a brand's name. `japanese`: there is kana in the text or near it.
    """

    text: str
    start: int
    letters: str
    origins: list[int]
    share: float
    companions: tuple[str, ...]
    japanese: bool


class Hit(NamedTuple):
    """A name found at `at:end` of a window's skeleton. `whole`: the name is all of the text."""

    name: Name
    at: int
    end: int
    whole: bool


def mentions(hits: Iterable[Hit], window: Window) -> Iterator[Mention]:
    """The hits that are mentions of their name."""
    for hit in hits:
        mention = _mention(hit, window)
        if mention is not None:
            yield mention


def _mention(hit: Hit, window: Window) -> Mention | None:
    name, text = hit.name, window.text
    first = window.start + window.origins[hit.at]
    last = window.start + window.origins[hit.end - 1]
    if text[last : last + 2].casefold() in LETTER_PAIRS:
        last += 1
    last = _last(text, last)
    if last - first > 3 * len(name.key) + 12:
        return None  # too much stands between the letters
    if not (_begins(name, text, first) and _ends(name, window, last, hit.end)):
        return None
    if _latin_letter(text[last]) and _plural(text, last + 1, len(name.letters)):
        last += 1
    if (
        name.kind is not NameKind.FREE
        and len(text) > MIN_PROSE_CHARS
        and is_plain_word(name.text, text[first : last + 1])
    ):
        return None
    spelling = spell(text[first : last + 1])
    exact = _exact(name, spelling) or (not window.japanese and _chinese(name, spelling))
    if not exact and not _disguised(name, spelling, hit.whole):
        return None
    return Mention(name.brand, name.text, first, last + 1, (hit.end - hit.at) * window.share, exact)


def _last(text: str, last: int) -> int:
    """The index of the last character of a name, with the long-vowel mark and invisible characters that follow it."""
    while last + 1 < len(text) and (
        (text[last + 1] in "ーｰ" and is_kana(text[last]))
        or unicodedata.category(text[last + 1]) in INVISIBLE_CATEGORIES
    ):
        last += 1
    return last


def _exact(name: Name, spelling: Spelling) -> bool:
    """True if the name is written as the brand writes it; spaces may be left out."""
    return not spelling.invisible and spelling.letters == name.letters and spelling.gaps <= name.joints


def _chinese(name: Name, spelling: Spelling) -> bool:
    """True if the name is written as Chinese writes it (国税厅). In a text without kana that is no disguise."""
    if name.latin or spelling.invisible or not spelling.gaps <= name.joints:
        return False
    return all(is_kanji(char) or char in name.letters for char in spelling.letters)


def _disguised(name: Name, spelling: Spelling, whole: bool) -> bool:
    """True for a spelling that a sender chooses only to make a name readable for people and not for filters."""
    if spelling.sentence and not spelling.gaps <= name.joints:
        return False
    if name.latin:
        return _disguised_latin(name, spelling, whole)
    if all(map(is_kanji, name.letters)):
        return True
    # フールー has a skeleton of two letters (without long vowels), with which other words begin: ふるさと, フルタイム.
    if len(name.letters) > MAX_SHORT_KANA and len(name.key) >= MAX_SHORT_KANA:
        return True
    return _katakana(spelling.letters) == _katakana(name.letters)


def _disguised_latin(name: Name, spelling: Spelling, whole: bool) -> bool:
    """The same for a Latin name: with a space between all letters, or written with other letters. A short name counts
    with one digit or with letters that are not ASCII; two digits make another word of it."""
    size = len(spelling.letters)
    extra = spelling.gaps - name.joints
    if extra and len(spelling.gaps) < size - 1 and not whole:
        return False  # two words that happen to meet
    if spelling.letters == name.letters or len(name.key) > MAX_SHORT_LATIN:
        return True
    digits = sum(char.isdigit() for char in spelling.letters)
    return not spelling.letters.isascii() or (size == MAX_SHORT_LATIN and digits == 1)


def _katakana(text: str) -> str:
    """The text with katakana for hiragana."""
    return "".join(chr(ord(char) + 0x60) if is_hiragana(char) else char for char in text)


def _begins(name: Name, text: str, first: int) -> bool:
    """True if the characters before index `first` show that a name, and not the end of another word, begins there.

    Japanese has no spaces: a particle may stand before hiragana (のじゃらん), but katakana letters are one word. A
    katakana name written in hiragana is likely to be another word (ものにとりかかる), so it must be longer."""
    before, size = text[first - 1] if first else " ", len(name.letters)
    if is_kanji(before) and _is_short_kanji(name):
        return False
    if _latin_letter(text[first]):
        return _latin_edge(before, size) or (before.islower() and text[first].isupper())
    native = before == "の" and is_hiragana(name.text[0])
    particle = is_hiragana(before) and size > MAX_SHORT_KANA + (not native)
    return particle or not _same_kana(before, text[first])


def _ends(name: Name, window: Window, last: int, end: int) -> bool:
    """True if the characters behind the name show that it is not the beginning of another word. The name ends at index
    `last` of the text, and before index `end` of the window's skeleton."""
    text, size = window.text, len(name.letters)
    after = text[last + 1] if last + 1 < len(text) else " "
    if name.mall and _SHOP.match(text, last + 1):
        return False
    if _latin_letter(text[last]):
        camel = text[last].islower() and after.isupper()
        return _latin_edge(after, size) or camel or _plural(text, last + 1, size)
    inside = size <= MAX_SHORT_KANA and _same_kana(text[last], after)
    if _is_short_kanji(name) or _is_word_of_kana(name):
        inside = inside or is_kanji(after)
    if not inside or after in _PARTICLES:
        return True
    return window.letters.startswith(window.companions, end)


def _is_short_kanji(name: Name) -> bool:
    """True for two kanji that are also a part of other words, as 東電 is of 関東電気."""
    kind = name.kind is not NameKind.FREE
    return kind and len(name.letters) <= MAX_SHORT_KANJI and all(map(is_kanji, name.letters))


def _is_word_of_kana(name: Name) -> bool:
    """True for an ordinary word in kana, with which names of others begin: ミナト紙業 is not みなと銀行."""
    return name.kind is not NameKind.FREE and all(map(is_kana, name.letters))


def _latin_letter(char: str) -> bool:
    """True for a letter or digit of a script that has spaces between words."""
    return char.isalnum() and not is_japanese(char)


def _latin_edge(char: str, size: int) -> bool:
    """True if a name of `size` letters may end beside the character. A digit may follow a name, but not a short one."""
    return not _latin_letter(char) or (char.isdigit() and size > MAX_SHORT_LATIN)


def _plural(text: str, at: int, size: int) -> bool:
    """True for one `s` at index `at`, behind which the word ends, as in `Amazons.co.jp`."""
    ends = at + 1 >= len(text) or not _latin_letter(text[at + 1])
    return size > MAX_SHORT_LATIN and ends and text[at : at + 1] in ("s", "S")


def _same_kana(one: str, other: str) -> bool:
    """True if both are katakana or both are hiragana: they belong to one word."""
    return (is_katakana(one) and is_katakana(other)) or (is_hiragana(one) and is_hiragana(other))


def longest(found: Iterable[Mention], start: int, size: int) -> Iterator[Mention]:
    """The mentions without those that a longer one overlaps. One place may name several brands. `start` (index) and
    `size` (characters) are the window's."""
    taken = bytearray(size)
    places: set[tuple[int, int]] = set()
    for mention in sorted(found, key=lambda each: (each.start - each.end, each.start, not each.exact)):
        first, end = mention.start - start, mention.end - start
        if (first, end) in places or taken.find(1, first, end) < 0:
            places.add((first, end))
            taken[first:end] = b"\x01" * (end - first)
            yield mention
