"""Which language a text is written in, as far as its letters tell."""

from __future__ import annotations

import re
from functools import lru_cache

_KANA = re.compile("(?:[\u3041-\u30fa][^\u3041-\u30fa]*+){10}")


def japanese(text: str) -> bool:
    """True for a text with kana in it, and more of them than a quoted name has: ten."""
    return not text.isascii() and _KANA.search(text) is not None


def chinese(text: str) -> str:
    """The characters of the text that Chinese is written with and Japanese is not, in order, repeated ones too:
    those of GB 2312 that no Japanese program can write (Windows-31J). Simplified forms, mostly; what both languages
    share is not among them."""
    return "".join(_chinese().findall(text))


@lru_cache(maxsize=1)
def _chinese() -> re.Pattern[str]:
    rows = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    drawn = (pair.decode("gb2312", "ignore") for pair in rows)
    return re.compile("[" + "".join(char for char in drawn if char >= "\u3000" and not _japanese(char)) + "]")


def _japanese(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
