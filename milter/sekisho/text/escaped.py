"""Text in a form that may be printed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from sekisho.text.characters import NO_GLYPH

ELLIPSIS = "…"
_SHOWN_SPACES = frozenset(" \u3000")
_MAX_SHOWN_MARKS = 3  # combining marks on one character


def printable(value: str, limit: int) -> str:
    """One line of at most `limit` characters, in which every character can be seen.

    These become escapes such as `\\x1b` or `\\u202e`: controls, characters that change the direction, invisible,
    unassigned and private characters, surrogates (undecodable bytes), and more than three combining marks on one
    character. A text that is cut ends with an ellipsis.
    """
    cut = value[: limit + 1]
    if cut.isprintable() and (cut.isascii() or _is_plain(cut)):
        return cut if len(value) <= limit else _bounded([cut], limit)
    return _bounded(list(_pieces(cut)), limit)


def _is_plain(text: str) -> bool:
    """True for a text without combining marks and characters that show nothing."""
    return NO_GLYPH.isdisjoint(text) and not any(map(unicodedata.combining, text))


def _pieces(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        yield char if marks <= _MAX_SHOWN_MARKS and _shows(char) else escaped(char)


def _shows(char: str) -> bool:
    return char in _SHOWN_SPACES or (char.isprintable() and char not in NO_GLYPH)


def escaped(char: str) -> str:
    """The escape of one character: `\\x1b`, `\\u202e` or `\\U000e0001`."""
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _bounded(pieces: list[str], limit: int) -> str:
    """The pieces joined, at most `limit` characters. An escape is never cut."""
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
