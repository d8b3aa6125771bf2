"""What pymilter returns where it cannot call us: one policy for all connections, which is to refuse."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import Milter
import pytest

from sekisho.judging.handlers import OnFailure
from sekisho.wire.session import Session, Sessions


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every policy that was set, in order."""
    told: list[int] = []
    monkeypatch.setattr(Milter, "set_exception_policy", told.append)
    return told


def sessions() -> Sessions:
    fallbacks = SimpleNamespace(level=lambda _: OnFailure.HOLD, strictest=OnFailure.HOLD)
    pool: Any = SimpleNamespace(fallbacks=fallbacks, error=lambda _: None)
    return Sessions(pool, lambda _: None)


def test_a_connection_goes_on_until_its_next_step(policies: list[int]) -> None:
    """For a name that is no UTF-8; with the last such connection the policy is to refuse again."""
    ours, one, other = sessions(), Session(None), Session(None)
    ours._pass(one)
    ours._pass(other)
    ours._refuse_again(one)
    assert policies[-1] == Milter.CONTINUE
    ours._refuse_again(other)
    assert policies[-1] == Milter.TEMPFAIL


def test_another_connection_does_not_undo_a_refusal(policies: list[int]) -> None:
    """A client that holds the policy at CONTINUE, before or after it, does not have another's message accepted whose
    end came without memory."""
    ours, odd, starved = sessions(), Session(None), Session(None)
    starved.negotiated = True
    ours._pass(odd)
    ours._untrapped(starved)
    assert policies[-1] == Milter.TEMPFAIL
    ours._pass(Session(None))
    assert policies[-1] == Milter.TEMPFAIL
    assert ours.exhausted
