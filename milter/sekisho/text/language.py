"""The language of a text, as far as its characters tell."""

from __future__ import annotations

import re
from functools import lru_cache

_KANA = re.compile("(?:[\u3041-\u30fa][^\u3041-\u30fa]*+){10}")


def is_japanese(text: str) -> bool:
    """True for a text with at least ten kana: a quoted Japanese name has fewer."""
    return not text.isascii() and _KANA.search(text) is not None


def chinese_characters(text: str) -> str:
    """The characters of the text that Chinese uses and Japanese does not: in order, repeated ones included.

    They are those of GB 2312 that Windows-31J does not have, mostly simplified forms.
    """
    return "".join(_chinese_only().findall(text))


@lru_cache(maxsize=1)
def _chinese_only() -> re.Pattern[str]:
    rows = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    drawn = (pair.decode("gb2312", "ignore") for pair in rows)
    return re.compile(
        "[" + "".join(char for char in drawn if char >= "\u3000" and not _in_windows_31j(char)) + "]"
    )


def _in_windows_31j(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
