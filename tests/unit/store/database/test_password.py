"""A PostgreSQL that asks for a password, which stands in a file and nowhere else."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.cluster import Cluster, programs
from tests.unit.store.kit import SetClock, hold

from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.doctor import storage
from sekisho.ports import StoreUnavailable
from sekisho.store.database import StoreOptions
from sekisho.store.database.postgresql import CREDENTIALS
from sekisho.store.quarantine import Quarantine

pytestmark = pytest.mark.slow
PASSWORD = "ge heim'\\7ü"
RAW = b"Subject: x\r\n\r\nbody\r\n"


@pytest.fixture(scope="module")
def closed() -> Iterator[Cluster]:
    pytest.importorskip("psycopg")
    where = programs()
    if where is None:
        pytest.skip("PostgreSQL is not installed")
    made = Cluster(where, password=PASSWORD)
    try:
        made.start()
        yield made
        made.stop("immediate")
    finally:
        made.remove()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\nnothing more\n", "utf-8")
    file.chmod(0o640)
    return file


def opened(url: str, file: Path | None) -> None:
    """Raises StoreUnavailable."""
    store = Quarantine.open(StoreOptions(url=url, password_file=file), SetClock())
    try:
        assert store.content(hold(store, RAW, ["a@x"])) == RAW
    finally:
        store.close()


def test_the_password_is_the_first_line_of_the_file(closed: Cluster, secret: Path) -> None:
    """With it a message is held and read; without it, or with another, the store is unavailable."""
    url = closed.new_database()
    opened(url, secret)
    with pytest.raises(StoreUnavailable, match="it asks for a password"):
        opened(url, None)
    secret.write_text("another\n")
    with pytest.raises(StoreUnavailable, match="password authentication failed") as failed:
        opened(url, secret)
    assert "another" not in "".join(traceback.format_exception(failed.value))


def test_doctor_says_where_the_password_belongs(closed: Cluster) -> None:
    """A server that asks for a password is not a server that is down."""
    config = Config(store=StoreOptions(url=closed.new_database()))
    (found,) = storage.examine(config, SystemClock())
    assert found.code == "store.unavailable"
    assert "sekisho config set store.password_file /etc/sekisho/store.password" in found.mend


def test_a_relative_path_is_a_credential_of_systemd(
    closed: Cluster, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked for where systemd says that the unit's credentials are."""
    monkeypatch.setenv(CREDENTIALS, str(secret.parent))
    opened(closed.new_database(), Path("password"))


def test_a_new_password_needs_no_restart(closed: Cluster, secret: Path) -> None:
    """The file is read for each connection, so a store that is open goes on with the new one."""
    url = closed.new_database()
    store = Quarantine.open(StoreOptions(url=url, password_file=secret), SetClock())
    try:
        closed.do("ALTER ROLE sekisho PASSWORD 'second'")
        closed._password = "second"
        secret.write_text("second\n")
        closed.stop()
        closed.start()
        assert store.content(hold(store, RAW, ["a@x"])) == RAW
    finally:
        closed.do(f"ALTER ROLE sekisho PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
        closed._password = PASSWORD
        store.close()


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (b"geheim7\n", 0o644, "others may read it: chmod o-rwx "),
        (b"\ngeheim7\n", 0o600, "its first line is empty"),
        (b"geheim7\xff\n", 0o600, "its first line is not UTF-8"),
        (b"geheim7\0\n", 0o600, "its first line is no password"),
        (None, 0o600, "No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, content: bytes | None, mode: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The option, the file and the reason, and nothing of what is in it, not in a traceback either."""
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
        file.chmod(mode)
    with pytest.raises(StoreUnavailable, match=r"store\.password_file") as failed:
        opened("postgresql://sekisho@/nowhere?host=/nonexistent", file)
    assert said in str(failed.value)
    assert str(file) in str(failed.value)
    assert "geheim7" not in "".join(traceback.format_exception(failed.value)) + caplog.text
