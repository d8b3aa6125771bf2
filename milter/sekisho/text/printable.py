"""What may be printed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from sekisho.text.characters import BLANKS

ELLIPSIS = "…"
_SHOWN_SPACES = frozenset(" \u3000")
_MAX_MARKS = 3  # combining marks on one character that are still shown


def printable(value: str, limit: int) -> str:
    """One line of at most `limit` characters in which everything can be seen.

    Controls, direction changes, invisible, unassigned and private characters and surrogates (undecodable
    bytes) become `\\x1b` or `\\u202e`; piled up combining marks too. What is cut ends with an ellipsis.
    """
    cut = value[: limit + 1]
    if cut.isascii() and cut.isprintable():
        return cut if len(value) <= limit else _bounded([cut], limit)
    return _bounded(list(_pieces(cut)), limit)


def _pieces(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        yield char if marks <= _MAX_MARKS and _shows(char) else escaped(char)


def _shows(char: str) -> bool:
    return char in _SHOWN_SPACES or (char.isprintable() and char not in BLANKS)


def escaped(char: str) -> str:
    """One character as an escape that names its code point."""
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _bounded(pieces: list[str], limit: int) -> str:
    """The pieces joined; an escape is shown whole or not at all."""
    if limit <= 0:
        return ""
    whole = "".join(pieces)
    if len(whole) <= limit:
        return whole
    if len(pieces) == 1:
        return whole[: limit - 1] + ELLIPSIS
    kept: list[str] = []
    room = limit - 1
    for piece in pieces:
        if len(piece) > room:
            break
        kept.append(piece)
        room -= len(piece)
    return "".join(kept) + ELLIPSIS
