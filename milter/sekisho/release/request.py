"""What a person wants to be released, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.held import ReleaseReason, State


class UnclearRequestError(Exception):
    """It is unclear which copy is to go where. The text says why."""


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """What a person (`who`) wants to be released. `recipients` are the addresses whose copies are meant, in any case of
    letters (empty: all); `to` is another address for the single copy; `again` includes uncertain copies."""

    who: str
    reason: str = ReleaseReason.REQUESTED
    recipients: frozenset[str] = frozenset()
    to: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """The result for one copy. `text` is the reply of the MTA, or the reason why it was not asked."""

    entry: str
    recipient: str
    state: State
    text: str

    @property
    def released(self) -> bool:
        """True if the MTA has the copy."""
        return self.state is State.RELEASED
