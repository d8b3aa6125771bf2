"""Finds brand names in a text in one pass, whose cost does not depend on the number of brands.

Names of five and more Latin letters, and all Japanese names, are looked for with one Aho-Corasick automaton
over the skeleton of the text (`text.skeleton`), together with the words of lures. Shorter Latin names are whole words
of the text, looked up in a table. Each hit is then compared with the text itself (see `boundaries`).

In a short text, misspelt names are found, too (see `misspelt` and `garbled`). In a long one, ordinary words
in small letters and mailboxes are not names (see `prose`).

It cannot see two misspellings in one name, and names in pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import itemgetter

from ahocorasick_rs import AhoCorasick

from sekisho.brands.boundaries import Hit, Window, longest, mentions
from sekisho.brands.exchanged import ExchangedLetters, ExchangedNames
from sekisho.brands.garbled import GarbledNames
from sekisho.brands.misspelt import Misspellings
from sekisho.brands.model import Brand
from sekisho.brands.names import MAX_COMPANION_GAP, MAX_SHORT_LATIN, Name, NameKind, names
from sekisho.brands.prose import MIN_PROSE_CHARS, in_mailbox, mailboxes
from sekisho.brands.spelling import Breaks
from sekisho.evidence import Cue
from sekisho.known import Mention, Reading
from sekisho.text import compact, skeleton, skeleton_spans, spaced
from sekisho.vocabulary import BrandWords

MAX_TEXT_CHARS = 200_000  # of a text; the rest is not searched
WINDOW_CHARS = 2_048
OVERLAP_CHARS = 256  # of two windows; longer than any name with characters put between its letters
MAX_HITS_OF_NAME = 4  # in one window; further hits of the name are ignored

HAS_KANA = re.compile("[ぁ-ゖァ-ヺｦ-ﾝ]")

_WORD = re.compile(r"[a-z0-9][a-z0-9\0]*")
# The lookbehind comes after the first letter: a regular expression that begins with a letter is searched faster.
_LETTERS_APART = re.compile(r"[a-z0-9](?<![a-z0-9\0].)(?: +[a-z0-9]){1,3}(?![a-z0-9\0])")
_ONLY_WORDS = re.sub(rb"[^a-z0-9]", b" ", bytes(range(256)))  # for `bytes.translate`

_Named = tuple[Name, int, int]
_Place = tuple[str, int, int]


class NameIndex:
    """All names of all brands, and the words of the lures, in one automaton."""

    def __init__(self, brands: Iterable[Brand], words: BrandWords) -> None:
        listed = tuple(brands)
        self._lures = words.phrases
        self._companions = tuple(map(skeleton, words.companions))
        everything = tuple(names(listed, self._companions))
        self._mailboxes = mailboxes(listed)
        free = [(name.key, name) for name in everything if name.kind is NameKind.FREE]
        beside = [word.lower() for word in (*words.companions, *words.trade, *words.calming)]
        others = tuple(map(skeleton, words.near))
        latin = [(key, name) for key, name in free if name.latin and name.text.isalnum()]
        self._misspelt = Misspellings(latin, beside, others)
        self._garbled = GarbledNames(free, self._companions, (*others, *(name.key for name in everything)))
        self._exchanged = ExchangedNames(everything, ExchangedLetters(words.exchanged))
        self._word_brands = _word_brands(everything)
        self._words: dict[str, list[Name]] = {}
        long: dict[str, list[Name]] = {}
        for name in everything:
            short = name.key.isalnum() and name.latin and len(name.key) <= MAX_SHORT_LATIN and not name.joints
            (self._words if short else long).setdefault(name.key, []).append(name)
        cues = frozenset(self._lures.keys)
        keys = list(long) + [key for key in self._lures.keys if key not in long]
        self._names = [long.get(key, []) for key in keys]
        self._cues = [key if key in cues else "" for key in keys]
        self._named = frozenset(each for each, named in enumerate(self._names) if named)
        self._parts = [self._lures.numbers(key) for key in keys]
        self._automaton = AhoCorasick(keys, store_patterns=False) if keys else None

    def find(self, text: str, after: str = "") -> Reading:
        """The mentions in the order of the text, and the cues; each name of a brand and each cue once. Of names that
        overlap only the longest counts. In `after`, the text behind it, only companions are looked for."""
        text = text[:MAX_TEXT_CHARS]
        found: dict[tuple[str, str], Mention] = {}
        cues: dict[tuple[str, str], Cue] = {}
        for start, part in _windows(text):
            words = spaced(part)
            letters = compact(words)
            named, cued = self._long(letters)
            for cue in self._lures.cues(cued, Breaks(words, letters)) if cued else ():
                cues.setdefault((cue.aspect, cue.name), cue)
            named += self._short(words)
            named += self._exchanged.find(letters)
            if not named:
                continue
            near = letters + compact(spaced(after[: 2 * MAX_COMPANION_GAP]))
            counted = _counted(named, letters, near, len(part) == len(text))
            hits = [hit for hit in counted if hit.name.id not in found]
            if hits:
                window = self._window(text, part, words, start, after)
                for mention in longest(mentions(hits, window), start, len(part)):
                    if len(text) <= MIN_PROSE_CHARS or not in_mailbox(text, mention.start, self._mailboxes):
                        found.setdefault((mention.brand, mention.name), mention)
        for name, first, end in self._misspelt.find(text):
            mention = Mention(name.brand, name.text, first, end, (end - first) / len(text), False)
            found.setdefault(name.id, mention)
        for name in () if found else self._garbled.find(text):
            found.setdefault(name.id, Mention(name.brand, name.text, 0, len(text), 1.0, False))
        ordered = sorted(found.values(), key=lambda each: (each.start, each.brand))
        return Reading(tuple(ordered), tuple(cues.values()))

    def word_brands(self, text: str) -> tuple[str, ...]:
        """The brands of which the text is a name that counts only beside a companion."""
        return self._word_brands.get(skeleton(text), ())

    def _window(self, text: str, part: str, words: str, start: int, after: str) -> Window:
        letters, origins = skeleton_spans(part, words)
        share = 1 / (len(letters) if len(part) == len(text) else len(text))
        japanese = any(HAS_KANA.search(each) for each in (text, after) if not each.isascii())
        return Window(text, start, letters, origins, share, self._companions, japanese)

    def _long(self, letters: str) -> tuple[list[_Named], list[_Place]]:
        """The ranges of the skeleton where names stand, and those where words of lures stand."""
        named: list[_Named] = []
        cued: list[_Place] = []
        if self._automaton is None:
            return named, cued
        matches = self._automaton.find_matches_as_indexes(letters, overlapping=True)
        worth = self._worth(set(map(itemgetter(0), matches))) if matches else ()
        seen: dict[int, int] = {}
        for pattern, at, end in matches if worth else ():
            if pattern in worth and (count := seen.get(pattern, 0)) < MAX_HITS_OF_NAME:
                seen[pattern] = count + 1
                if names_of := self._names[pattern]:
                    named += [(name, at, end) for name in names_of]
                if key := self._cues[pattern]:
                    cued.append((key, at, end))
        return named, cued

    def _worth(self, patterns: set[int]) -> set[int]:
        """The patterns that are names, or belong to a phrase of which every part was found. Most parts stand alone, so
        this saves time."""
        complete = self._lures.complete(set().union(*map(self._parts.__getitem__, patterns)))
        worth = patterns & self._named
        if complete:
            worth |= {each for each in patterns if not complete.isdisjoint(self._parts[each])}
        return worth

    def _short(self, words: str) -> Iterator[_Named]:
        """The ranges of the skeleton where short Latin names stand as words. `words` is the result of `text.spaced`."""
        seen: dict[str, int] = {}
        for pattern in self._searches(words):
            for match in pattern.finditer(words):
                if not (word := match[0]).isalnum():
                    word = word.replace(" ", "").replace("\0", "")
                named = self._words.get(word)
                if named and (count := seen.get(word, 0)) < MAX_HITS_OF_NAME:
                    seen[word] = count + 1
                    at = len(compact(words[: match.start()]))
                    yield from ((name, at, at + len(word)) for name in named)

    def _searches(self, words: str) -> Iterator[re.Pattern[str]]:
        """The patterns that can find a name in this text. Most texts hold no short name: that is tested for all words
        at once, which is fastest."""
        found = words.encode("ascii", "replace").translate(_ONLY_WORDS, b"\0").decode("ascii").split()
        if not self._words.keys().isdisjoint(found):
            yield _WORD
        sizes = list(map(len, found))
        if sizes.count(1) > 1 and (1, 1) in pairwise(sizes):
            apart = set(_LETTERS_APART.findall(words.replace("\0", "")))
            if not self._words.keys().isdisjoint(each.replace(" ", "") for each in apart):
                yield _LETTERS_APART


def _word_brands(everything: Iterable[Name]) -> dict[str, tuple[str, ...]]:
    """The brands of each name that counts only beside a companion, by its skeleton."""
    found: dict[str, dict[str, None]] = {}
    for name in everything:
        if name.kind is NameKind.COMPANION:
            found.setdefault(name.key, {})[name.brand] = None
    return {key: tuple(brands) for key, brands in found.items()}


def _windows(text: str) -> Iterator[tuple[int, str]]:
    """The windows of a text, each with its start (index); a short text is one window."""
    step = len(text) if len(text) <= WINDOW_CHARS + OVERLAP_CHARS else WINDOW_CHARS
    for start in range(0, len(text), step or 1):
        yield start, text[start : start + step + OVERLAP_CHARS]


def _counted(named: Iterable[_Named], letters: str, near: str, all_of_it: bool) -> Iterator[Hit]:
    """The hits that can count. A name that needs a companion and has none in `near` is left out early, to save time.
    `all_of_it`: `letters` are those of the whole text."""
    for name, at, end in named:
        whole = all_of_it and end - at == len(letters)
        if name.counts(near, at, end, whole):
            yield Hit(name, at, end, whole)
