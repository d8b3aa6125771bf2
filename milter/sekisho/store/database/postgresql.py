"""Connections to PostgreSQL: their settings, and a time limit for the server's answers.

If the server is stopped or the network drops packets, connections stay open and no answer comes. The server's own
`statement_timeout` does not help then, and TCP gives up after 15 minutes. So the client closes the connection itself,
one second after the server should have answered. The store is then unavailable, and a commit without an answer may have
been carried out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from sekisho.ports import StoreUnavailable
from sekisho.private_files import SecretError, read_password
from sekisho.store.database.options import StoreOptions

STATEMENT_SECONDS = 10.0
"""Seconds that a statement may take besides waiting for a lock."""
_SPARE_SECONDS = 1.0  # seconds for the server's own error to arrive
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The variable with which systemd tells a unit where its credentials are (systemd.exec(5))."""
UNIT_CREDENTIALS = Path("/run/credentials/sekisho-milter.service")
"""Where systemd keeps the daemon's credentials while it runs: for commands that are not part of the unit."""
_DURABLE_SETTINGS = ("synchronous_commit", "fsync", "full_page_writes")


def connect_args(options: StoreOptions) -> dict[str, Any]:
    """The parameters of libpq for each connection: `connect_timeout` in seconds, and our name."""
    return {"connect_timeout": max(2, round(options.busy_timeout_seconds)), "application_name": "sekisho"}


def connecting(options: StoreOptions) -> Callable[..., Any]:
    """A listener of SQLAlchemy's `do_connect`: connections that are closed when the server is silent for too long."""
    import psycopg  # noqa: PLC0415 - an extra

    seconds = options.busy_timeout_seconds + STATEMENT_SECONDS + _SPARE_SECONDS

    class Connection(psycopg.Connection[Any]):
        def wait(self, gen: Generator[Any, Any, Any], *args: Any, **named: Any) -> Any:
            return super().wait(_bounded(gen, seconds, self._give_up), *args, **named)

        def _give_up(self) -> None:
            self.pgconn.finish()  # nothing else is sent on it, not even a rollback
            raise psycopg.OperationalError(f"no answer from the server within {seconds:g} s")

    def connect(_dialect: object, _record: object, args: Any, named: dict[str, Any]) -> Connection:
        return Connection.connect(*args, **{**named, **_secret(options)})

    return connect


def password_path(options: StoreOptions) -> Path | None:
    """The file of the password; None if none is configured."""
    file = options.password_file
    return None if file is None else Path(os.environ.get(CREDENTIALS) or UNIT_CREDENTIALS) / file


def _secret(options: StoreOptions) -> dict[str, Any]:
    """The parameter of libpq for the password. The file is read for each connection, so that a new password needs no
    restart. Raises StoreUnavailable."""
    file = password_path(options)
    try:
        return {} if file is None else {"password": read_password(file)}
    except SecretError as error:
        raise StoreUnavailable(f"store.password_file: {error}") from error


def _bounded(
    steps: Generator[Any, Any, Any], seconds: float, give_up: Callable[[], None]
) -> Generator[Any, Any, Any]:
    """The same steps, each of which psycopg resumes ten times a second at least, until the time is over."""
    end = time.monotonic() + seconds
    ready: Any = None
    while True:
        try:
            wanted = steps.send(ready)
        except StopIteration as done:
            return done.value
        ready = yield wanted
        if not ready and time.monotonic() > end:
            give_up()


def prepare(connection: Any, options: StoreOptions) -> dict[str, str]:
    """Settings of a new connection; returns those of the server that a durable commit needs: each must be `on`."""
    lock = round(options.busy_timeout_seconds * 1000)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(f"SET lock_timeout = {lock}")
        cursor.execute(f"SET statement_timeout = {lock + round(STATEMENT_SECONDS * 1000)}")
        found = {name: cursor.execute(f"SHOW {name}").fetchone()[0] for name in _DURABLE_SETTINGS}
    connection.commit()
    return found
