"""A limit for the characters of structured fields that are parsed, so that no sender makes a message expensive."""

from __future__ import annotations

from sekisho.message.limits import Limits
from sekisho.message.model import Problem

_MIN_FIELD_CHARS = 256
"""Characters of each field that are parsed after the budget is spent. An honest field is shorter."""


class FieldBudget:
    """The rest of `limits.structured_characters` for one message, while it is read."""

    def __init__(self, limits: Limits) -> None:
        self._most = self._left = limits.structured_characters
        self._cut = False

    def granted(self, text: str, longest: int, reports_cut: bool = False) -> str:
        """The text, cut to what is left of the budget.

        `longest` is the number of characters that its parser reads. `reports_cut`: the parser itself reports a longer
        text.
        """
        most = min(longest, max(self._left, _MIN_FIELD_CHARS))
        self._left -= min(len(text), most)
        if most == longest:
            self._cut = self._cut or (len(text) > longest and not reports_cut)
            return text
        self._cut = self._cut or len(text) > most
        return text[:most]

    def note_cut(self) -> None:
        """Report that fields were left out, since there are too many."""
        self._cut = True

    @property
    def problems(self) -> tuple[Problem, ...]:
        """`limit.structured_characters` if anything was cut or left out."""
        return (Problem("limit.structured_characters", str(self._most)),) if self._cut else ()
