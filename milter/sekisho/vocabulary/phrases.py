"""Finds the phrases of lures whose parts stand near each other in a text.

The parts are searched elsewhere, in one pass together with the names of the brands (`brands.search`). Here their places
become cues. Only phrases of which a part was found are examined, and of each spelling only the first few places, so the
cost depends on the text and not on the size of the vocabulary.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from sekisho.evidence import Cue
from sekisho.vocabulary.lures import ASPECTS, Lures, PartSpelling, parts

MAX_GAP_LETTERS = 32  # letters, spaces left out, between the parts of a phrase


@dataclass(frozen=True, slots=True)
class _Phrase:
    """One phrase: its place in the vocabulary, the numbers of its parts, and its cue."""

    rank: int
    first: int
    others: frozenset[int]
    cue: Cue


Places = list[tuple[int, int]]


class LurePhrases:
    """All phrases of the given languages. Pure: the same text gives the same cues."""

    def __init__(self, languages: Iterable[Lures] = ()) -> None:
        numbers: dict[tuple[PartSpelling, ...], int] = {}
        phrases: list[_Phrase] = []
        for aspect, name, text in chain.from_iterable(map(_entries, languages)):
            first, *others = (numbers.setdefault(part, len(numbers)) for part in parts(text))
            phrases.append(_Phrase(len(phrases), first, frozenset(others), Cue(aspect, name, text)))
        self._parts: dict[str, list[tuple[int, bool]]] = {}
        for spellings, number in numbers.items():
            for spelling in spellings:
                latin = _latin(spelling.key)
                self._parts.setdefault(spelling.key, []).append((number, spelling.whole and latin))
        self._alone: dict[int, list[_Phrase]] = {}
        for phrase in phrases:
            if not phrase.others:
                self._alone.setdefault(phrase.first, []).append(phrase)
        self._combined = _by_rarest_part(phrases)
        self._latin = frozenset(filter(_latin, self._parts))

    @property
    def keys(self) -> tuple[str, ...]:
        """The skeletons of all parts, which are searched in the skeleton of a text."""
        return tuple(self._parts)

    def numbers(self, key: str) -> frozenset[int]:
        """The numbers of the parts that a key spells; empty for a key that is none of `keys`."""
        return frozenset(number for number, _ in self._parts.get(key, ()))

    def complete(self, numbers: set[int]) -> set[int]:
        """The numbers that belong to a phrase all of whose parts are among `numbers`."""
        wanted = self._alone.keys() & numbers
        for number in self._combined.keys() & numbers:
            for every, _ in self._combined[number]:
                if every <= numbers:
                    wanted |= every
        return wanted

    def cues(self, found: Iterable[tuple[str, int, int]], breaks: Callable[[int], bool]) -> Iterator[Cue]:
        """The cues of a text, each once. `found` are keys with the range of the skeleton where they stand; `breaks`
        tells whether a word ends and another begins at an index of the skeleton."""
        places: defaultdict[int, Places] = defaultdict(list)
        for key, at, end in found:
            if key in self._latin and not breaks(at):
                continue
            place = at, end
            for number, whole in self._parts[key]:
                if not whole or breaks(end):
                    places[number].append(place)
        seen: set[tuple[str, str]] = set()
        order = {number: at for at, number in enumerate(places)}
        for phrase in sorted(self._present(places), key=lambda each: (order[each.first], each.rank)):
            cue = phrase.cue
            if (cue.aspect, cue.name) not in seen and _stands(phrase, places):
                seen.add((cue.aspect, cue.name))
                yield cue

    def _present(self, places: dict[int, Places]) -> Iterator[_Phrase]:
        """The phrases all of whose parts stand somewhere. Of nearly all phrases one is missing."""
        present = frozenset(places)
        for number in self._alone.keys() & present:
            yield from self._alone[number]
        for number in self._combined.keys() & present:
            yield from (phrase for every, phrase in self._combined[number] if every <= present)


def _entries(language: Lures) -> Iterator[tuple[str, str, str]]:
    """Aspect, name and text of each phrase."""
    for aspect in ASPECTS:
        for name, texts in getattr(language, aspect).items():
            yield from ((aspect, name, text) for text in texts)


def _by_rarest_part(phrases: Iterable[_Phrase]) -> dict[int, list[tuple[frozenset[int], _Phrase]]]:
    """Each phrase of several parts with all of them, under the one that the fewest phrases have: fewer are examined."""
    combined = [(each.others | {each.first}, each) for each in phrases if each.others]
    uses = Counter(chain.from_iterable(every for every, _ in combined))
    found: dict[int, list[tuple[frozenset[int], _Phrase]]] = {}
    for every, phrase in combined:
        rarest = min(every, key=lambda number: (uses[number], number))
        found.setdefault(rarest, []).append((every, phrase))
    return found


def _latin(key: str) -> bool:
    return key[0] < "\u0530"


def _stands(phrase: _Phrase, places: dict[int, Places]) -> bool:
    """True if every part of the phrase, which all stand somewhere, stands near one place of its first part."""
    for first, last in places[phrase.first]:
        for number in phrase.others:
            if not _near(first, last, places[number]):
                break
        else:
            return True
    return False


def _near(first: int, last: int, others: Places) -> bool:
    return any([at - last <= MAX_GAP_LETTERS and first - end <= MAX_GAP_LETTERS for at, end in others])
