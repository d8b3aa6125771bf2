"""A store that is down at the start: no outage, no wait, and used as soon as it answers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.unit.store.kit import SetClock, message, outcomes

from sekisho.ports import StoreUnavailable
from sekisho.store.database import SchemaError, StoreOptions, migrate
from sekisho.store.database.engine import connect
from sekisho.store.quarantine import Quarantine
from sekisho.store.quarantine.opening import Opening


@pytest.fixture
def options(tmp_path: Path) -> StoreOptions:
    return StoreOptions(url=f"sqlite:///{tmp_path}/later/quarantine.db", busy_timeout_seconds=0.2)


def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition, with a bound that only a failure reaches."""
    pause = threading.Event()
    for _ in range(600):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError("it never came true")


@pytest.mark.slow
def test_a_store_that_comes_up_later_is_used(
    options: StoreOptions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Until then a message is told that there is none; the log says it once."""
    with caplog.at_level(logging.ERROR, "sekisho.store"):
        opening = Opening(options, SetClock())
    with pytest.raises(StoreUnavailable, match="not open"):
        opening.hold(message(), {}, outcomes("a@x"))
    assert len(caplog.records) == 1
    (tmp_path / "later").mkdir()

    def held() -> bool:
        try:
            return bool(opening.hold(message(), {}, outcomes("a@x")))
        except StoreUnavailable:
            return False

    until(held)
    opening.close()
    store = Quarantine.open(options, SetClock())
    assert len(store.list()) == 1
    store.close()


def test_a_store_of_another_version_is_refused(options: StoreOptions, tmp_path: Path) -> None:
    """An older program does not start on the tables of a newer one that lack what it reads."""
    (tmp_path / "later").mkdir()
    migrate(options)
    engine = connect(options)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE contents RENAME TO pieces"))
        connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    engine.dispose()
    with pytest.raises(SchemaError):
        Opening(options, SetClock())
