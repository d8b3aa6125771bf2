from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.store.kit import SetClock

from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def options(tmp_path: Path) -> StoreOptions:
    return StoreOptions(url=f"sqlite:///{tmp_path}/quarantine.db")


@pytest.fixture
def store(options: StoreOptions, clock: SetClock) -> Iterator[Quarantine]:
    quarantine = Quarantine.open(options, clock)
    yield quarantine
    quarantine.close()
