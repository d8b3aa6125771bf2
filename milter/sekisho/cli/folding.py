"""Folds a text into lines of so many columns, English and Japanese alike.

The standard library's `textwrap` counts characters, of which a Japanese one takes two columns, and breaks at spaces
only, which Japanese does not have.
"""

from __future__ import annotations

import re

from rich.cells import cell_len

# Small kana, the middle dot and the long vowel: they and closing marks may begin no line (JIS X 4051).
_BOUND = (
    "\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u30a1"
    "\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7\u30fb\u30fc"
)
# What may not be parted: a word of Latin letters or one wide character, with what opens before it and such behind it.
_PIECE = re.compile(rf"\s+|[（「『【]*(?:[!-~…–—]+|.)[、。，．：；？！）」』】〜{_BOUND}]*")


def lines(text: str, width: int) -> list[str]:
    """The text in lines of so many columns, of which a Japanese character takes two."""
    found = [""]
    for piece in _PIECE.findall(text):
        if found[-1] and cell_len(found[-1]) + cell_len(piece.rstrip()) > width:
            found.append("")
        if found[-1] or not piece.isspace():
            found[-1] += piece
    return [line.rstrip() for line in found]


def folded(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """The text in lines of so many columns at most, with `first` before the first line and `rest` before the others. A
    word that is longer is not broken."""
    found = lines(text, width - cell_len(rest))
    return [f"{first if number == 0 else rest}{line}" for number, line in enumerate(found)]
