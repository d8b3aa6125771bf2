"""Connections to PostgreSQL: what each must promise, and how long the server may be silent.

A server that is stopped, or a host behind a network that drops packets, keeps its connections open and answers nothing.
`statement_timeout` is the server's own and does not help then, and TCP gives up after a quarter of an hour. So the
client closes the connection itself, a second after the server should have answered. The store is then unavailable, and
a commit whose answer did not come may have been carried out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

from sekisho.store.database.options import StoreOptions

STATEMENT_SECONDS = 10.0
"""What a statement may take besides waiting for a lock."""
_SPARE_SECONDS = 1.0  # seconds for the server's own error to arrive
_DURABLE_SETTINGS = ("synchronous_commit", "fsync", "full_page_writes")


def connect_args(options: StoreOptions) -> dict[str, Any]:
    """What libpq is told of each connection: `connect_timeout` in seconds, and our name."""
    return {"connect_timeout": max(2, round(options.busy_timeout_seconds)), "application_name": "sekisho"}


def connecting(options: StoreOptions) -> Callable[..., Any]:
    """A listener of SQLAlchemy's `do_connect`: connections that are closed when the server is silent for too long."""
    import psycopg  # noqa: PLC0415 - an extra

    seconds = options.busy_timeout_seconds + STATEMENT_SECONDS + _SPARE_SECONDS

    class Connection(psycopg.Connection[Any]):
        def wait(self, gen: Generator[Any, Any, Any], *args: Any, **named: Any) -> Any:
            return super().wait(_bounded(gen, seconds, self._give_up), *args, **named)

        def _give_up(self) -> None:
            self.pgconn.finish()  # nothing else is sent on it, no rollback either
            raise psycopg.OperationalError(f"no answer from the server within {seconds:g} s")

    return lambda _dialect, _record, args, named: Connection.connect(*args, **named)


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
