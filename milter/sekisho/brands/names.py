"""Brand names in a text, found in one pass however many brands there are.

Names of five and more Latin letters, and all Japanese names, are looked for with one Aho-Corasick automaton
over the skeleton of the text (`text.skeleton`); shorter Latin names are words of the text, looked up in a
table. What is found is then held against the text as it stands:

- a Latin name stands alone as a word: `banana` is not ANA, `Amazonから` and `AmazonPrime` are Amazon;
- a short kana name is not the middle of a longer one: オンライン is not ライン;
- letters put apart count when they are put apart throughout (`A m a z o n`), not when words happen to meet;
- a name that is also a word needs the whole text or a companion (see `model`).

In a short text also names with swapped or replaced letters (see `misspelt`); in a long one no ordinary words
in small letters and no mailboxes (see `prose`).

What it cannot see: other misspellings that do not look alike (`Amzon`), and names in pictures.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from operator import itemgetter

from ahocorasick_rs import AhoCorasick

from sekisho.brands.misspelt import Misspellings, without_accents
from sekisho.brands.model import Brand
from sekisho.brands.prose import PROSE, in_mailbox, is_plain_word, mailboxes
from sekisho.brands.spelling import UNSEEN, Breaks, Spelling, is_japanese, spell
from sekisho.brands.spelling import joints as joints_of
from sekisho.evidence import Cue
from sekisho.lures import Vocabulary
from sekisho.ports import Mention, Reading
from sekisho.text import (
    compact,
    is_hiragana,
    is_kana,
    is_katakana,
    skeleton,
    skeleton_spans,
    spaced,
)

MAX_TEXT = 200_000  # characters that are looked at
WINDOW = 2_048
OVERLAP = 256  # longer than any name with characters put between
SHORT_LATIN = 4  # a Latin name up to this length is looked for as a word
SHORT_KANA = 3  # a kana name up to this length must end where the word ends
JOINED = frozenset({"rn", "vv"})
NEAR = 24  # folded characters on either side in which a companion counts
SAME_NAME = 4  # times that one name is considered in one window

# Beside one of these, an ordinary word is a brand.
_BESIDE = """
    サポート カスタマー お客様 お客さま 事務局 会員 アカウント セキュリティ ログイン 公式 窓口 センター
    株式会社 ご請求 お支払い 重要 パスワード 認証 カード ポイント support account security customer billing
    services login signin password verify official notification membership delivery helpdesk
"""
COMPANIONS = tuple(_BESIDE.split())
_COMPANION_KEYS = tuple(map(skeleton, COMPANIONS))

_WORD = re.compile(r"[a-z0-9][a-z0-9\0]*")
# The look behind comes after the first letter, since a search for a letter is fast and one for a place is not.
_LETTERS_APART = re.compile(r"[a-z0-9](?<![a-z0-9\0].)(?: +[a-z0-9]){1,3}(?![a-z0-9\0])")
_ONLY_WORDS = re.sub(rb"[^a-z0-9]", b" ", bytes(range(256)))  # for `bytes.translate`
_LATIN = re.compile(r"[a-z0-9+&]+")
_PARTICLES = frozenset("のをにはがでとへもやかよ")
_SHOP = re.compile(r"[^\s。、]{0,10}店")  # 豆の蔵 楽天市場店 is a shop in the mall, not the mall


class Kind(Enum):
    """When a name counts."""

    FREE = 0
    ORDINARY = 1
    COMPANION = 2


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling of a brand's name, ready to be compared."""

    brand: str
    text: str
    key: str  # its skeleton
    kind: Kind
    letters: str
    joints: frozenset[int]  # where a writer may put a space
    mall: bool
    companions: tuple[str, ...]

    @property
    def id(self) -> tuple[str, str]:
        """What a text names once."""
        return self.brand, self.text

    @property
    def latin(self) -> bool:
        return _LATIN.fullmatch(self.key) is not None


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of the text from `start`: its skeleton, where that comes from, and the share of one letter."""

    text: str
    start: int
    letters: str
    origins: list[int]
    share: float


_Hit = tuple[Name, int, int, bool]
_Place = tuple[str, int, int]


class NameIndex:
    """All names of all brands, and the words of the lures: one automaton, one pass."""

    def __init__(self, brands: Iterable[Brand], lures: Vocabulary | None = None) -> None:
        listed = tuple(brands)
        self._lures = lures or Vocabulary()
        everything = tuple(_names(listed))
        self._mailboxes = mailboxes(listed)
        self._misspelt = Misspellings(
            (name.key, name)
            for name in everything
            if name.kind is Kind.FREE and name.latin and name.text.isalnum()
        )
        self._words: dict[str, list[Name]] = {}
        names: dict[str, list[Name]] = {}
        for name in everything:
            short = name.key.isalnum() and name.latin and len(name.key) <= SHORT_LATIN and not name.joints
            (self._words if short else names).setdefault(name.key, []).append(name)
        cues = frozenset(self._lures.keys)
        keys = list(names) + [key for key in self._lures.keys if key not in names]
        self._names = [names.get(key, []) for key in keys]
        self._cues = [key if key in cues else "" for key in keys]
        self._automaton = AhoCorasick(keys, store_patterns=False) if keys else None

    def find(self, text: str, after: str = "") -> Reading:
        """The mentions in order; where names overlap only the longest. Each name of a brand once, and each cue.
        In `after`, which a reader meets next, only companions are looked for."""
        text = text[:MAX_TEXT]
        step = len(text) if len(text) <= WINDOW + OVERLAP else WINDOW
        found: dict[tuple[str, str], Mention] = {}
        cues: dict[tuple[str, str], Cue] = {}
        for start in range(0, len(text), step or 1):
            part = text[start : start + step + OVERLAP]
            words = spaced(part)
            letters = compact(words)
            named, cued = self._long(letters)
            for cue in self._lures.cues(cued, Breaks(words, letters)) if cued else ():
                cues.setdefault((cue.aspect, cue.name), cue)
            named += self._short(words)
            if not named:
                continue
            near = letters + compact(spaced(after[: 2 * NEAR]))
            counted = self._counted(named, letters, near, len(part) == len(text))
            hits = [hit for hit in counted if hit[0].id not in found]
            if hits:
                window = _window(text, part, words, start)
                for mention in _longest(_mentions(hits, window), start, len(part)):
                    if len(text) <= PROSE or not in_mailbox(text, mention.start, self._mailboxes):
                        found.setdefault((mention.brand, mention.name), mention)
        for name, first, end in self._misspelt.find(text):
            mention = Mention(name.brand, name.text, first, end, (end - first) / len(text), False)
            found.setdefault(name.id, mention)
        mentions = sorted(found.values(), key=lambda each: (each.start, each.brand))
        return Reading(tuple(mentions), tuple(cues.values()))

    def _counted(
        self, named: Iterable[tuple[Name, int, int]], letters: str, near: str, all_of_it: bool
    ) -> Iterator[_Hit]:
        """Names that may stand here, as ranges of the skeleton, and whether they are all of the text.
        What needs company and has none in `near` is left out, before places cost anything."""
        for name, at, end in named:
            whole = all_of_it and end - at == len(letters)
            if _counts(name, near, at, end, whole):
                yield name, at, end, whole

    def _long(self, letters: str) -> tuple[list[tuple[Name, int, int]], list[_Place]]:
        """Where names stand in the skeleton, and where the words of lures do."""
        named: list[tuple[Name, int, int]] = []
        cued: list[_Place] = []
        if self._automaton is None:
            return named, cued
        matches = self._automaton.find_matches_as_indexes(letters, overlapping=True)
        worth = self._worth(set(map(itemgetter(0), matches))) if matches else ()
        seen: dict[int, int] = {}
        for pattern, at, end in matches if worth else ():
            if pattern in worth and (count := seen.get(pattern, 0)) < SAME_NAME:
                seen[pattern] = count + 1
                named += [(name, at, end) for name in self._names[pattern]]
                if key := self._cues[pattern]:
                    cued.append((key, at, end))
        return named, cued

    def _worth(self, patterns: set[int]) -> set[int]:
        """Those that name somebody, or belong to a phrase of which all is there: most parts stand alone."""
        complete = self._lures.complete([key for each in patterns if (key := self._cues[each])])
        return {each for each in patterns if self._names[each] or self._cues[each] in complete}

    def _short(self, words: str) -> Iterator[tuple[Name, int, int]]:
        seen: dict[str, int] = {}
        for pattern in self._searches(words):
            for match in pattern.finditer(words):
                names = self._words.get(word := match[0].replace(" ", "").replace("\0", ""))
                seen[word] = seen.get(word, 0) + 1 if names else 0
                if names and seen[word] <= SAME_NAME:
                    at = len(compact(words[: match.start()]))
                    yield from ((name, at, at + len(word)) for name in names)

    def _searches(self, words: str) -> Iterator[re.Pattern[str]]:
        """The searches that find a name. Most texts hold none, which is found out fastest for all words at once."""
        found = words.encode("ascii", "replace").translate(_ONLY_WORDS, b"\0").decode("ascii").split()
        if not self._words.keys().isdisjoint(found):
            yield _WORD
        if list(map(len, found)).count(1) > 1:
            apart = set(_LETTERS_APART.findall(words.replace("\0", "")))
            if not self._words.keys().isdisjoint(each.replace(" ", "") for each in apart):
                yield _LETTERS_APART


def _names(brands: Iterable[Brand]) -> Iterator[Name]:
    for brand in brands:
        kinds = dict.fromkeys(map(skeleton, brand.ordinary), Kind.ORDINARY)
        kinds |= dict.fromkeys(map(skeleton, brand.needs_companion), Kind.COMPANION)
        own = tuple(map(skeleton, brand.companions))
        beside = {Kind.FREE: (), Kind.ORDINARY: own + _COMPANION_KEYS, Kind.COMPANION: own}
        for (letters, key), (text, joints) in _spellings(brand).items():
            kind = kinds.get(key, Kind.FREE)
            yield Name(brand.id, text, key, kind, letters, joints, "mall" in brand.flags, beside[kind])


def _spellings(brand: Brand) -> dict[tuple[str, str], tuple[str, frozenset[int]]]:
    """Letters and skeleton of each spelling, with the text and where any writing of it has a space."""
    found: dict[tuple[str, str], tuple[str, frozenset[int]]] = {}
    for text in brand.spellings:
        key = skeleton(text)
        for written in dict.fromkeys((text, without_accents(text))) if len(key) > 1 else ():
            letters = spell(written).letters
            first, joints = found.get((letters, key), (text, frozenset()))
            found[letters, key] = first, joints | joints_of(written)
    return found


def _window(text: str, part: str, words: str, start: int) -> _Window:
    letters, origins = skeleton_spans(part, words)
    return _Window(text, start, letters, origins, 1 / (len(letters) if len(part) == len(text) else len(text)))


def _mentions(hits: list[_Hit], window: _Window) -> Iterator[Mention]:
    for name, at, end, whole in hits:
        yield from _mention(name, window, at, end, whole)


def _mention(name: Name, window: _Window, at: int, end: int, whole: bool) -> Iterator[Mention]:
    """The mention, if what stands in the text is the name."""
    text = window.text
    first = window.start + window.origins[at]
    last = window.start + window.origins[end - 1]
    if text[last : last + 2].casefold() in JOINED:  # one letter of the skeleton, two of the text
        last += 1
    last = _last(text, last)
    if last - first > 3 * len(name.key) + 12 or not _is_a_word(name, window, first, last, end):
        return
    if _latin_letter(text[last]) and _plural(text, last + 1, len(name.letters)):
        last += 1
    if name.kind is not Kind.FREE and len(text) > PROSE and is_plain_word(name.text, text[first : last + 1]):
        return
    spelling = spell(text[first : last + 1])
    exact = _exact(name, spelling)
    if exact or _disguised(name, spelling, whole):
        yield Mention(name.brand, name.text, first, last + 1, (end - at) * window.share, exact)


def _last(text: str, last: int) -> int:
    """The end of a name with the long-vowel mark and the invisible characters that belong to it."""
    while last + 1 < len(text) and (
        (text[last + 1] in "ーｰ" and is_kana(text[last])) or unicodedata.category(text[last + 1]) in UNSEEN
    ):
        last += 1
    return last


def _exact(name: Name, spelling: Spelling) -> bool:
    return not spelling.invisible and spelling.letters == name.letters and spelling.gaps <= name.joints


def _disguised(name: Name, spelling: Spelling, whole: bool) -> bool:
    """True for a spelling that only somebody would choose who wants the name to be read and not found."""
    if spelling.sentence and not spelling.gaps <= name.joints:
        return False
    if name.latin:
        return _disguised_latin(name, spelling, whole)
    if len(name.letters) > SHORT_KANA and len(name.key) >= SHORT_KANA:
        return (
            True  # of two letters, long vowels left out (フールー), other words begin: ふるさと, フルタイム
        )
    return _katakana(spelling.letters) == _katakana(name.letters)


def _disguised_latin(name: Name, spelling: Spelling, whole: bool) -> bool:
    size = len(spelling.letters)
    extra = spelling.gaps - name.joints
    if extra and len(spelling.gaps) < size - 1 and not whole:
        return False  # words that happen to meet
    if spelling.letters == name.letters or len(name.key) > SHORT_LATIN:
        return True
    digits = sum(char.isdigit() for char in spelling.letters)
    return not spelling.letters.isascii() or (size == SHORT_LATIN and digits == 1)


def _katakana(text: str) -> str:
    return "".join(chr(ord(char) + 0x60) if is_hiragana(char) else char for char in text)


def _is_a_word(name: Name, window: _Window, first: int, last: int, end: int) -> bool:
    """True if the text does not go on with what would make it another word."""
    text = window.text
    before, after = text[first - 1] if first else " ", text[last + 1] if last + 1 < len(text) else " "
    size = len(name.letters)
    if name.mall and _SHOP.match(text, last + 1):
        return False
    if _latin_letter(text[first]):
        left = _latin_edge(before, size) or (before.islower() and text[first].isupper())
    else:
        # Japanese sets no spaces: a particle may stand before hiragana (のじゃらん), but katakana goes on as one word.
        # A katakana name in hiragana is sooner another word (ものにとりかかる), so it must be longer.
        native = before == "の" and is_hiragana(name.text[0])
        particle = is_hiragana(before) and size > SHORT_KANA + (not native)
        left = particle or not _same_kana(before, text[first])
    if not left:
        return False
    if _latin_letter(text[last]):
        camel = text[last].islower() and after.isupper()
        return _latin_edge(after, size) or camel or _plural(text, last + 1, size)
    if size > SHORT_KANA or not _same_kana(text[last], after) or after in _PARTICLES:
        return True
    return window.letters.startswith(_COMPANION_KEYS, end)


def _latin_letter(char: str) -> bool:
    return char.isalnum() and not is_japanese(char)


def _latin_edge(char: str, size: int) -> bool:
    return not _latin_letter(char) or (char.isdigit() and size > SHORT_LATIN)


def _plural(text: str, at: int, size: int) -> bool:
    """`Amazons.co.jp`: one `s` more, and then the end of the word."""
    ends = at + 1 >= len(text) or not _latin_letter(text[at + 1])
    return size > SHORT_LATIN and ends and text[at : at + 1] in ("s", "S")


def _same_kana(one: str, other: str) -> bool:
    return (is_katakana(one) and is_katakana(other)) or (is_hiragana(one) and is_hiragana(other))


def _counts(name: Name, letters: str, at: int, end: int, whole: bool) -> bool:
    """True unless the name is a word that needs company and has none."""
    if name.kind is Kind.FREE or (name.kind is Kind.ORDINARY and whole):
        return True
    before, after = letters[max(0, at - NEAR) : at], letters[end : end + NEAR]
    return any(_beside(each, before, after) for each in name.companions)


def _beside(companion: str, before: str, after: str) -> bool:
    if len(companion) < SHORT_LATIN and _LATIN.fullmatch(companion):
        return after.startswith(companion) or before.endswith(companion)
    return companion in after or companion in before


def _longest(found: Iterable[Mention], start: int, size: int) -> Iterator[Mention]:
    """Longest first where names overlap; the same place may name several brands. `start` and `size` are the
    window's."""
    taken = bytearray(size)
    places: set[tuple[int, int]] = set()
    for mention in sorted(found, key=lambda each: (each.start - each.end, each.start, not each.exact)):
        first, end = mention.start - start, mention.end - start
        if (first, end) in places or taken.find(1, first, end) < 0:
            places.add((first, end))
            taken[first:end] = b"\x01" * (end - first)
            yield mention
