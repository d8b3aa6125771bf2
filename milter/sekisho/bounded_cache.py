"""A cache for pure functions of one text. Results for long texts are not kept.

Messages repeat the same hosts, labels and styles, so a cache saves time. An attacker must not fill the memory of a
process with long texts, so a text that is longer than genuine ones is not cached.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Result = TypeVar("Result")
Function = Callable[[str], Result]


def remembered(size: int, longest: int = 256) -> Callable[[Function[Result]], Function[Result]]:
    """A decorator that caches the last `size` results for texts of at most `longest` characters."""

    def wrap(function: Function[Result]) -> Function[Result]:
        known = lru_cache(size)(function)

        @wraps(function)
        def cached(text: str) -> Result:
            return known(text) if len(text) <= longest else function(text)

        return cached

    return wrap
