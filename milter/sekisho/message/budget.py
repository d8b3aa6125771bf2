"""How much of its structured fields one message is given: what they cost to parse is not the sender's to choose."""

from __future__ import annotations

from sekisho.message.limits import Limits
from sekisho.message.model import Problem

_LEAST = 256
"""Characters of each field that are parsed all the same when the budget is spent: an honest field is shorter."""


class FieldBudget:
    """What is left of `limits.structured_characters` for one message. Lives while the message is read."""

    def __init__(self, limits: Limits) -> None:
        self._most = self._left = limits.structured_characters
        self._cut = False

    def granted(self, text: str, longest: int, told: bool = False) -> str:
        """The text as far as the budget goes. `longest`: characters of it that its parser reads; `told`: the
        parser itself says so where there are more."""
        most = min(longest, max(self._left, _LEAST))
        self._left -= min(len(text), most)
        if most == longest:
            self._cut = self._cut or (len(text) > longest and not told)
            return text
        self._cut = self._cut or len(text) > most
        return text[:most]

    def cut(self) -> None:
        """Some of the fields was left out for another reason: there are too many of them."""
        self._cut = True

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (Problem("limit.structured_characters", str(self._most)),) if self._cut else ()
