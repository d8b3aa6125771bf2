"""Answers of pure functions are remembered, but not those to long questions.

Mail asks the same things again and again: about hosts, labels, styles. What an attacker writes must not fill the memory
of a process all the same, so a question that is longer than genuine ones are is answered and forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Answer = TypeVar("Answer")
Function = Callable[[str], Answer]


def remembered(size: int, longest: int = 256) -> Callable[[Function[Answer]], Function[Answer]]:
    """A decorator: the last `size` answers to questions of at most `longest` characters are kept."""

    def wrap(function: Function[Answer]) -> Function[Answer]:
        known = lru_cache(size)(function)

        @wraps(function)
        def ask(question: str) -> Answer:
            return known(question) if len(question) <= longest else function(question)

        return ask

    return wrap
