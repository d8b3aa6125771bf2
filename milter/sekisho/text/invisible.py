"""Characters that are invisible, change the reading direction, or alter the letter before them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from sekisho.text.characters import BIDI_CONTROLS, DIRECTION_MARKS, NO_GLYPH, is_kana, is_kanji

# Every character but letters, kana, kanji and their punctuation, which need no check.
_CHECKED = re.compile(
    "[^\t\r\n -~\u00a1-\u00ac\u00ae-\u02ff\u3000-\u3029\u3030-\u3098\u309b-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff9f]"
)
_BIDI_CONTROL = re.compile(f"[{''.join(sorted(BIDI_CONTROLS))}]")


def invisibles(text: str) -> tuple[str, ...]:
    """The different characters of the text that show nothing and that the text does not need, in order.

    Controls count, except tab and line ends. Emoji sequences (variation selectors, joiners, flag tags), variants of a
    kanji and the joiners of Arabic and Indic scripts are ordinary. For direction marks see `bidi`.
    """
    if text.isascii() and text.isprintable():
        return ()
    odd = ((text[match.start() - 1 : match.start()] or " ", match[0]) for match in _CHECKED.finditer(text))
    return tuple({char: None for before, char in odd if _hides(before, char)})


def _hides(before: str, char: str) -> bool:
    if char in "\t\r\n" or char in BIDI_CONTROLS:
        return False
    if char in NO_GLYPH:
        return not _selects(before, char)
    category = unicodedata.category(char)
    if category == "Cc":
        return True
    return category == "Cf" and not _joins(before, char)


def _selects(before: str, char: str) -> bool:
    """True for a variation selector after a character with variants: a symbol, `#`, `*`, a digit (keycaps), a kanji."""
    if not ("\ufe00" <= char <= "\ufe0f" or char >= "\U000e0100"):
        return False
    return unicodedata.category(before)[0] == "S" or before in "0123456789#*‼⁉〰〽㊗㊙" or is_kanji(before)


def _joins(before: str, char: str) -> bool:
    if char in "\u200c\u200d":
        return unicodedata.category(before) in {"So", "Sk", "Mn", "Mc"} or "\u0600" <= before <= "\u0dff"
    return "\U000e0020" <= char <= "\U000e007f" and (before == "🏴" or "\U000e0020" <= before <= "\U000e007f")


def bidi(text: str) -> tuple[str, ...]:
    """The different characters of the text that change its reading direction, in order.

    If there are only direction marks, and the text has letters that are written from right to left, there are none.
    """
    found = dict.fromkeys(_BIDI_CONTROL.findall(text))
    if found and DIRECTION_MARKS.issuperset(found) and _is_right_to_left(text):
        return ()
    return tuple(found)


def unusual(text: str) -> frozenset[str]:
    """The different characters of the text that are no Latin letters up to U+02FF, no kana, no kanji, and no
    punctuation of these."""
    return frozenset(_CHECKED.findall(text))


def _is_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in {"R", "AL"} for char in text if char not in BIDI_CONTROLS)


def combining(text: str) -> tuple[str, ...]:
    """The different combining marks that alter a Latin letter, a digit, a kana or a kanji, in order.

    A mark does not count if Unicode has one character for both: `é` is ordinary, `a` with a stroke through it is not.
    """
    if text.isascii():
        return ()
    text = unicodedata.normalize("NFC", text)
    base, end = " ", 0  # the character before the run of marks, and where the run ends
    found: dict[str, None] = {}
    for match in _CHECKED.finditer(text):
        char, at = match[0], match.start()
        if not unicodedata.combining(char) and unicodedata.category(char) != "Me":
            continue
        base = base if at == end else text[at - 1]
        end = at + 1
        if base == " " or base.isascii() or is_kana(base) or is_kanji(base) or "LATIN" in _name(base):
            found[char] = None
    # U+20E3 makes a keycap of a digit, in ordinary newsletters.
    return tuple(mark for mark in found if mark != "\u20e3")


@lru_cache(maxsize=4096)
def _name(char: str) -> str:
    return unicodedata.name(char, "")
