"""Characters that hide or mislead."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from sekisho.text.characters import BIDI, BLANKS, MARKS, is_kana, is_kanji

# All but letters, kana, kanji and their punctuation, none of which hides, turns or piles up.
_ODD = re.compile(
    "[^\t\r\n -~\u00a1-\u00ac\u00ae-\u02ff\u3000-\u3029\u3030-\u3098\u309b-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff9f]"
)
_TURNING = re.compile(f"[{''.join(sorted(BIDI))}]")


def invisibles(text: str) -> tuple[str, ...]:
    """The distinct characters of the text that show nothing and have no business there, in order.

    Emoji sequences (variation selectors, joiners, flag tags), variants of a kanji and the joiners of Arabic
    and Indic scripts are ordinary. Controls other than tab and line ends count; direction marks are `bidi`'s.
    """
    if text.isascii() and text.isprintable():
        return ()
    odd = ((text[match.start() - 1 : match.start()] or " ", match[0]) for match in _ODD.finditer(text))
    return tuple({char: None for before, char in odd if _hides(before, char)})


def _hides(before: str, char: str) -> bool:
    if char in "\t\r\n" or char in BIDI:
        return False
    if char in BLANKS:
        return not _selects(before, char)
    category = unicodedata.category(char)
    if category == "Cc":
        return True
    return category == "Cf" and not _joins(before, char)


def _selects(before: str, char: str) -> bool:
    """A variation selector after what has variants: a symbol, a digit or `#*` (keycaps), a kanji."""
    if not ("\ufe00" <= char <= "\ufe0f" or char >= "\U000e0100"):
        return False
    return unicodedata.category(before)[0] == "S" or before in "0123456789#*‼⁉〰〽㊗㊙" or is_kanji(before)


def _joins(before: str, char: str) -> bool:
    if char in "\u200c\u200d":
        return unicodedata.category(before) in {"So", "Sk", "Mn", "Mc"} or "\u0600" <= before <= "\u0dff"
    return "\U000e0020" <= char <= "\U000e007f" and (before == "🏴" or "\U000e0020" <= before <= "\U000e007f")


def bidi(text: str) -> tuple[str, ...]:
    """The distinct characters that change the reading direction; bare marks only where nothing is written
    from right to left."""
    found = dict.fromkeys(_TURNING.findall(text))
    if found and MARKS.issuperset(found) and _is_right_to_left(text):
        return ()
    return tuple(found)


def unusual(text: str) -> frozenset[str]:
    """The distinct characters that are neither Latin letters up to U+02FF nor kana, kanji or the punctuation of
    either."""
    return frozenset(_ODD.findall(text))


def _is_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in {"R", "AL"} for char in text if char not in BIDI)


def combining(text: str) -> tuple[str, ...]:
    """The distinct combining marks that alter Latin letters, digits, kana or kanji without making a character
    that Unicode has composed: `a` with a stroke through it, a kanji with dots below."""
    if text.isascii():
        return ()
    text = unicodedata.normalize("NFC", text)
    base, end = " ", 0  # what the run of marks that ends here stands on
    found: dict[str, None] = {}
    for match in _ODD.finditer(text):
        char, at = match[0], match.start()
        if not unicodedata.combining(char) and unicodedata.category(char) != "Me":
            continue
        base = base if at == end else text[at - 1]
        end = at + 1
        if base == " " or base.isascii() or is_kana(base) or is_kanji(base) or "LATIN" in _name(base):
            found[char] = None
    # U+20E3 makes keycaps of digits, in ordinary newsletters.
    return tuple(mark for mark in found if mark != "\u20e3")


@lru_cache(maxsize=4096)
def _name(char: str) -> str:
    return unicodedata.name(char, "")
