from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.cluster import Cluster, programs
from tests.unit.store.kit import SetClock

from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Everything that a store promises runs on both databases; what only one can do, in a module of its own.
    A server that is set up and started is slow."""
    if "database" in metafunc.fixturenames:
        only = getattr(metafunc.module, "ONLY", None)
        server = pytest.param("postgresql", marks=pytest.mark.slow)
        choices = {"sqlite": ["sqlite"], "postgresql": [server]}
        metafunc.parametrize("database", choices.get(only, ["sqlite", server]))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    where = programs()
    if where is None or importlib.util.find_spec("psycopg") is None:
        pytest.skip("PostgreSQL or psycopg is not installed")
    made = Cluster(where)
    try:
        made.start()
        yield made
        made.stop("immediate")
    finally:
        made.remove()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def options(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> StoreOptions:
    """Patient, since a busy disk may take its time; what asks for impatience says so."""
    if database == "sqlite":
        url = f"sqlite:///{tmp_path}/quarantine.db"
    else:
        url = request.getfixturevalue("cluster").new_database()
    return StoreOptions(url=url, busy_timeout_seconds=10)


@pytest.fixture
def store(options: StoreOptions, clock: SetClock) -> Iterator[Quarantine]:
    quarantine = Quarantine.open(options, clock)
    yield quarantine
    quarantine.close()
