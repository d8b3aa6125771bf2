"""How far two spellings of a name are apart: one edit, as a typing error or a forger makes it."""

from __future__ import annotations

from collections.abc import Iterator


def deletions(word: str) -> Iterator[str]:
    """The word without one of its letters, for each letter. Words that are one edit apart share one of these, or one is
    a deletion of the other."""
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def one_edit(one: str, other: str) -> bool:
    """True if exactly one insertion, deletion, substitution or swap of neighbours leads from one to the other. The
    first letter must be the same, since readers notice a change there: `mobile` is not `ymobile`."""
    if one[0] != other[0]:
        return False
    if len(one) > len(other):
        one, other = other, one
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return len(one) + 1 == len(other) and one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return one != other and (one[at + 1 :] == other[at + 1 :] or swapped)
