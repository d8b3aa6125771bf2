"""Reloads with sessions that stay: they keep their worker, and there are two generations at most."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from lab.milter_client import ClosedError
from tests.wire.conftest import Daemon, do, until
from tests.wire.test_life import begun


def hung_up(daemon: Daemon, generation: int) -> None:
    """Reload, until that generation serves and the maintenance process of the one before has left."""
    daemon.send(signal.SIGHUP)
    until(lambda: daemon.scoreboard()["generation"] == generation, f"generation {generation}")
    until(lambda: len(daemon.workers()) == alive(daemon), "one maintenance")


def alive(daemon: Daemon) -> int:
    """Workers, whatever their state."""
    workers: dict[str, Any] = daemon.scoreboard()["workers"]
    return sum(workers.values())


def test_a_session_outlives_the_time_to_drain(daemon: Daemon) -> None:
    """A session that was open at a reload sends on for longer than `drain_timeout`, which is for the stop; its worker
    leaves when it has ended."""
    client = daemon.start(drain_timeout=0.2).connect()
    assert client.message(do("accept")).final == b"a"
    (old,) = daemon.workers()
    hung_up(daemon, 2)
    for _ in range(3):
        assert client.message(do("nap")).final == b"a"
    assert {entry["pid"] for entry in daemon.seen("nap")} == {old}
    assert old in daemon.workers()
    client.close()
    until(lambda: old not in daemon.workers(), "the old worker has left")
    assert daemon.seen("error") == []


def test_reloads_that_come_meanwhile_wait_and_are_one(daemon: Daemon) -> None:
    """While a session of the generation before is open, fifty reloads begin nothing, and the scoreboard and the log say
    that one waits; when the session ends they are one reload, with the newest configuration."""
    client = daemon.start().connect()
    hung_up(daemon, 2)
    daemon.configure(workers=2)
    for _ in range(50):
        daemon.send(signal.SIGHUP)
        assert client.message(do("accept")).final == b"a"
        assert alive(daemon) <= 2
    until(lambda: daemon.scoreboard()["reload_waiting"], "the scoreboard says that a reload waits")
    assert daemon.scoreboard()["generation"] == 2
    assert daemon.log().count("event=reload_waits") == 1
    client.close()
    until(lambda: daemon.scoreboard()["generation"] == 3, "the reload")
    until(
        lambda: daemon.scoreboard()["workers"] == {"starting": 0, "ready": 2, "draining": 0}, "one generation"
    )
    assert daemon.scoreboard()["reload_waiting"] is False
    assert daemon.scoreboard()["generation"] == 3
    assert daemon.seen("error") == []


def test_a_session_that_never_ends_is_ended_in_order(daemon: Daemon) -> None:
    """When `retire_timeout` is over, a message that has begun gets its verdict, and the next one 421, with which
    Postfix ends the session; then the reload that waited takes place. A new session is judged anew."""
    daemon.start(retire_timeout=1.0)
    client, waiting = daemon.connect(), daemon.connect()
    hung_up(daemon, 2)
    begun(waiting, "accept")
    until(lambda: "each ends at its next message" in daemon.log(), "the time is over")
    assert waiting.end().final == b"a"
    for each in (client, waiting):
        begun(each, "accept")
        reply = each.end()
        assert (reply.final, reply.text[:9]) == (b"y", b"421 4.3.2")
    daemon.send(signal.SIGHUP)
    until(lambda: daemon.scoreboard()["reload_waiting"], "it waits for what is still open")
    for each in (client, waiting):
        each.close()
    until(lambda: daemon.scoreboard()["generation"] == 3, "the reload")
    with daemon.connect() as fresh:
        assert fresh.message(do("accept")).final == b"a"
    assert daemon.seen("error") == []


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_end_does_not_wait_for_old_sessions(daemon: Daemon, end: int) -> None:
    """A daemon that stops, or whose supervisor is killed, gives the sessions that outlived a reload no more time than
    all others."""
    with daemon.start(drain_timeout=0.5).connect() as client:
        hung_up(daemon, 2)
        workers = daemon.workers()
        assert client.message(do("accept")).final == b"a"
        daemon.send(end)
        assert daemon.process is not None
        assert daemon.process.wait(30) == (0 if end == signal.SIGTERM else -end)
        until(lambda: {entry["pid"] for entry in daemon.seen("closed")} == workers, "both workers have left")
        with pytest.raises((ClosedError, OSError)):
            client.message(do("accept"))
