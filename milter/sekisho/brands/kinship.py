"""How the name of a domain that no brand file lists is related to a brand's names.

A brand takes new domains all the time (`sonybank.jp` after `sonybank.net`), firms bear a brand's word in a name of
their own (`rakuteneagles.jp`), and impostors do as the brand does. The registrable label tells them apart as far as a
name can: an impostor seldom gets the bare name, and puts a word beside it that calms its reader
(`jaccs-online.info`, `mercarimypage.jp`).

It cannot see who registered a domain: a relation is no proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sekisho.brands.model import Brand
from sekisho.domains import registrable
from sekisho.known import Kinship
from sekisho.vocabulary import BrandWords

MIN_INSIDE_LETTERS = 4  # of a brand's word inside a longer label; a shorter one is in many words by chance
MIN_PIECE_LETTERS = 2  # of a brand's word that stands between hyphens or is all of a label
VOWELS = frozenset("aeiouy")
_PIECES = re.compile(r"[a-z]+|\d+")


class KinshipIndex:
    """The Latin names of each organisation, and the labels of its domains."""

    def __init__(self, brands: Iterable[Brand], words: BrandWords) -> None:
        self._calming = words.calming
        names: dict[str, set[str]] = {}
        for brand in brands:
            told = (
                each for each in _names(brand) if each not in words.calming
            )  # `mail` of mail.ru is anybody's
            names.setdefault(brand.group, set()).update(told)
        self._names = {group: tuple(sorted(each, key=len, reverse=True)) for group, each in names.items()}

    def find(self, domain: str, group: str) -> Kinship | None:
        """How a domain is related to the brands of an organisation; None if its name has nothing to do with theirs."""
        names = self._names.get(group, ())
        label = (registrable(domain) or domain).partition(".")[0]
        plain = label.replace("-", "")
        if plain in names:
            return Kinship.NAME
        for name in names:
            if (rest := _beside(label, plain, name)) is not None:
                return Kinship.SUSPICIOUS if self._is_suspicious(rest) else Kinship.COMPOUND
        shortened = len(plain) >= MIN_INSIDE_LETTERS and any(
            name.startswith(plain) or name.endswith(plain) for name in names
        )
        return Kinship.COMPOUND if shortened else None  # `aeon` of `aeoncard`, `docomo` of `nttdocomo`

    def _is_suspicious(self, rest: tuple[str, ...]) -> bool:
        """True if a word with which forgers calm their readers stands beside the name, or what is no word."""
        return any(
            piece in self._calming
            or (len(piece) >= MIN_INSIDE_LETTERS and VOWELS.isdisjoint(piece))
            or piece.isdigit()
            or any(len(word) > MIN_INSIDE_LETTERS and word in piece for word in self._calming)
            for piece in rest
        )


def _names(brand: Brand) -> Iterator[str]:
    for spelling in brand.spellings:
        word = re.sub(r"[ '’:._!-]", "", spelling.lower())
        for each in (word, word.removesuffix("com"), word.removesuffix("cojp")):
            if each.isascii() and each.isalnum() and len(each) >= MIN_PIECE_LETTERS:
                yield each
    for domain in brand.domains:
        label = (registrable(domain) or domain).partition(".")[0]
        if len(label) >= MIN_PIECE_LETTERS:
            yield label.replace("-", "")


def _beside(label: str, plain: str, name: str) -> tuple[str, ...] | None:
    """What stands beside the name in a label, in pieces; None if the name is not in it."""
    hyphened = label.split("-")
    if name in hyphened:
        return tuple(piece for piece in hyphened if piece != name)
    if len(name) < MIN_INSIDE_LETTERS or name not in plain:
        return None
    before, _, after = plain.partition(name)
    return tuple(_PIECES.findall(before) + _PIECES.findall(after))
