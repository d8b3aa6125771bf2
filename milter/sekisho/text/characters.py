"""Kinds of characters: the scripts of Japanese, and characters that show nothing or change the reading direction."""

from __future__ import annotations

DIRECTION_MARKS = frozenset("\u200e\u200f\u061c")
"""Direction marks: ordinary in text with letters that are written from right to left."""

BIDI_CONTROLS = DIRECTION_MARKS | frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Every character that changes the reading direction (UAX 9)."""

NO_GLYPH = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
"""Characters that show nothing, although their Unicode category is that of letters, marks or symbols."""


def is_katakana(char: str) -> bool:
    """True for katakana, full-width or half-width, its long-vowel mark and iteration marks, but not the middle dot."""
    return ("\u30a1" <= char <= "\u30ff" and char != "・") or "\uff66" <= char <= "\uff9f"


def is_hiragana(char: str) -> bool:
    """True for hiragana, with its voiced marks and iteration marks."""
    return "\u3041" <= char <= "\u309f"


def is_kana(char: str) -> bool:
    """True for katakana and hiragana."""
    return is_katakana(char) or is_hiragana(char)


def is_kanji(char: str) -> bool:
    """True for Chinese characters of any block, and for `々`, `〆` and `〇`."""
    return (
        "\u4e00" <= char <= "\u9fff"
        or "\u3400" <= char <= "\u4dbf"
        or "\U00020000" <= char <= "\U0003ffff"
        or char in "々〆\u3007"
        or "\uf900" <= char <= "\ufaff"
    )
