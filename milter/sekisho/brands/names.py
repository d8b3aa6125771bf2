"""The names of brands, prepared for the search: what each looks like, and when it counts.

A name that is also an ordinary word (see `model`) counts as the whole of a text or beside a companion, or only beside a
companion of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from sekisho.brands.misspelt import without_accents
from sekisho.brands.model import Brand
from sekisho.brands.spelling import joints as joints_of
from sekisho.brands.spelling import spell
from sekisho.text import skeleton

MAX_SHORT_LATIN = 4  # letters; a Latin name up to this length is looked for as a whole word
MAX_COMPANION_GAP = 24  # letters of the skeleton before and behind a name in which a companion counts

_LATIN = re.compile(r"[a-z0-9+&]+")


class NameKind(Enum):
    """When a name counts: always; as the whole of a text or beside a companion; beside a companion of its own."""

    FREE = 0
    ORDINARY = 1
    COMPANION = 2


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling of a brand's name.

    `key` is its skeleton, `letters` its letters without separators, `joints` after how many of them a writer may put a
    space. `mall`: shops in the mall bear its name. `companions` and `touching` are skeletons of words that may stand
    near the name, and of those that must touch it.
    """

    brand: str
    text: str
    key: str
    kind: NameKind
    letters: str
    joints: frozenset[int]
    mall: bool
    companions: tuple[str, ...]
    touching: tuple[str, ...]

    @property
    def id(self) -> tuple[str, str]:
        """Brand and text: a text that holds the name several times names it once."""
        return self.brand, self.text

    @property
    def latin(self) -> bool:
        """True for a name in Latin letters and digits."""
        return _LATIN.fullmatch(self.key) is not None

    def counts(self, letters: str, at: int, end: int, whole: bool) -> bool:
        """False for an ordinary word without a companion near it. The name stands at the indexes `at:end` of the
        skeleton `letters`; `whole`: it is all of the text."""
        if self.kind is NameKind.FREE or (self.kind is NameKind.ORDINARY and whole):
            return True
        before, after = letters[max(0, at - MAX_COMPANION_GAP) : at], letters[end : end + MAX_COMPANION_GAP]
        if after.startswith(self.touching) or before.endswith(self.touching):
            return True
        return any(map(f"{before}\0{after}".__contains__, self.companions))


def _touches(companion: str) -> bool:
    """True for a short Latin companion, which may be a part of other words, so it must touch the name."""
    return len(companion) < MAX_SHORT_LATIN and _LATIN.fullmatch(companion) is not None


def names(brands: Iterable[Brand], companions: tuple[str, ...]) -> Iterator[Name]:
    """Every spelling of every brand. `companions` are the skeletons of words that turn an ordinary word beside them
    into a brand's name."""
    for brand in brands:
        kinds = dict.fromkeys(map(skeleton, brand.ordinary), NameKind.ORDINARY)
        kinds |= dict.fromkeys(map(skeleton, brand.needs_companion), NameKind.COMPANION)
        own = tuple(map(skeleton, brand.companions))
        beside = {NameKind.FREE: (), NameKind.ORDINARY: own + companions, NameKind.COMPANION: own}
        for (letters, key), (text, joints) in _spellings(brand).items():
            kind = kinds.get(key, NameKind.FREE)
            touching = tuple(filter(_touches, beside[kind]))
            near = tuple(each for each in beside[kind] if each not in touching)
            yield Name(brand.id, text, key, kind, letters, joints, "mall" in brand.flags, near, touching)


def _spellings(brand: Brand) -> dict[tuple[str, str], tuple[str, frozenset[int]]]:
    """For the letters and skeleton of each spelling: its text, and after how many letters a spelling may have a
    space."""
    found: dict[tuple[str, str], tuple[str, frozenset[int]]] = {}
    for text in brand.spellings:
        key = skeleton(text)
        for written in dict.fromkeys((text, without_accents(text))) if len(key) > 1 else ():
            spelling = spell(written)
            first, joints = found.get((spelling.letters, key), (text, frozenset()))
            found[spelling.letters, key] = first, joints | joints_of(written, spelling.gaps)
    return found
