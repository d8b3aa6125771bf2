"""Kinds of characters: the scripts as far as names need them, and what shows nothing or turns the line."""

from __future__ import annotations

MARKS = frozenset("\u200e\u200f\u061c")
"""Direction marks: ordinary in text that has letters written from right to left."""

BIDI = MARKS | frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters, marks and symbols by category that nevertheless show nothing.
BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)


def is_katakana(char: str) -> bool:
    """Katakana of either width, with the long-vowel mark and the iteration marks, without the middle dot."""
    return ("\u30a1" <= char <= "\u30ff" and char != "・") or "\uff66" <= char <= "\uff9f"


def is_hiragana(char: str) -> bool:
    return "\u3041" <= char <= "\u309f"


def is_kana(char: str) -> bool:
    return is_katakana(char) or is_hiragana(char)


def is_kanji(char: str) -> bool:
    return (
        "\u4e00" <= char <= "\u9fff"
        or "\u3400" <= char <= "\u4dbf"
        or "\U00020000" <= char <= "\U0003ffff"
        or char in "々〆\u3007"
        or "\uf900" <= char <= "\ufaff"
    )
