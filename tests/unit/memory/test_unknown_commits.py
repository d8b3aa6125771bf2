"""A message that the store may have is held nowhere else while the store cannot be asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.store.kit import SetClock, message, outcomes

from sekisho.memory import UnknownCommits
from sekisho.ports import CommitUnknown, StoreUnavailable

RAW, OTHER = b"Subject: x\r\n\r\nbody\r\n", b"Subject: y\r\n\r\nbody\r\n"


class Store:
    """Fails as it is told, or keeps."""

    def __init__(self) -> None:
        self.fails: Exception | None = None

    def hold(self, *_: Any) -> str:
        if self.fails is not None:
            raise self.fails
        return "ID"


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unknown"


@pytest.fixture
def holds(store: Store, path: Path, clock: SetClock) -> Iterator[UnknownCommits]:
    made = UnknownCommits(store, path, clock)
    yield made
    made.close()


def failing(holds: UnknownCommits, raw: bytes = RAW, sender: str = "a@sender.example") -> type[Exception]:
    with pytest.raises(StoreUnavailable) as caught:
        holds.hold(message(raw, sender), {}, outcomes("a@x"))
    return type(caught.value)


def test_a_retry_while_the_store_is_down_is_unknown_too(
    holds: UnknownCommits, store: Store, path: Path, clock: SetClock
) -> None:
    """In every process and after a restart; other messages, and the same from others, are not."""
    store.fails = CommitUnknown("cut")
    assert failing(holds) is CommitUnknown
    store.fails = StoreUnavailable("down")
    other = UnknownCommits(store, path, clock)
    for each in (holds, other):
        assert failing(each) is CommitUnknown
        assert failing(each, OTHER) is StoreUnavailable
        assert failing(each, sender="b@sender.example") is StoreUnavailable
    other.close()


def test_a_store_that_answers_is_believed(holds: UnknownCommits, store: Store) -> None:
    """It absorbs what it has, and takes what it has not."""
    store.fails = CommitUnknown("cut")
    failing(holds)
    store.fails = None
    assert holds.hold(message(RAW), {}, outcomes("a@x")) == "ID"


def test_it_is_forgotten_after_the_time_for_which_a_sender_tries(
    holds: UnknownCommits, store: Store, clock: SetClock
) -> None:
    """A later message with the same bytes is another message."""
    store.fails = CommitUnknown("cut")
    failing(holds)
    clock.pass_by(days=6)
    store.fails = StoreUnavailable("down")
    assert failing(holds) is StoreUnavailable


def test_a_file_that_fails_is_said_and_changes_no_answer(
    holds: UnknownCommits, store: Store, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What the store said is what is passed on; the log says once that nothing is remembered."""
    path.write_bytes(b"")
    store.fails = CommitUnknown("cut")
    assert failing(holds) is CommitUnknown
    store.fails = StoreUnavailable("down")
    assert failing(holds) is StoreUnavailable
    assert len(caplog.records) == 1
