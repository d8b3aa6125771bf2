"""The machine refuses processes, descriptors and memory: the supervisor stays, says so, and goes on when it may again.

What is lowered is the supervisor's own limit of descriptors, while it runs: a pair of sockets, a file to read, a
descriptor that is handed over and even waiting (poll(2) with more descriptors than the limit) are refused then.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from lab.milter_client import ClosedError
from tests.wire.conftest import Daemon, do, until
from tests.wire.test_killers import deferred, lost, sent


@contextmanager
def descriptors(pid: int, free: int | None) -> Iterator[None]:
    """The process may open `free` descriptors more; None: it may not even wait for those that it has."""
    taken = {int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()}
    limit = next(n for n in range(1024) if n - sum(fd < n for fd in taken) > (free or 0)) - 1
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (1 if free is None else limit, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def serves(daemon: Daemon) -> bool:
    with daemon.connect() as client:
        return client.message(do("accept")).final == b"a"


@pytest.mark.parametrize("free", [None, 0, 1])
def test_a_reload_that_is_refused_changes_nothing_and_comes_later(daemon: Daemon, free: int | None) -> None:
    """The configuration cannot be read (no descriptor) or no worker be forked (one descriptor, and a pair of sockets
    is two): the old generation serves on, the reload has failed and is tried again until it succeeds."""
    daemon.start(workers=2)
    old = daemon.workers()
    with descriptors(daemon.pid, free):
        daemon.send(signal.SIGHUP)
        until(lambda: daemon.scoreboard()["reload_ok"] is False, "the failure is told")
        assert serves(daemon)
        until(
            lambda: "event=reload_failed" in daemon.log() and "retry_seconds=" in daemon.log(), "it is said"
        )
        assert daemon.workers() == old
    until(lambda: daemon.scoreboard()["generation"] == 2, "the new generation")
    assert daemon.scoreboard()["reload_ok"] is True
    until(lambda: len(daemon.workers()) == 2 and not daemon.workers() & old, "the old one has left")
    assert sum(daemon.scoreboard()["restarts"].values()) == 0
    assert serves(daemon)


@pytest.mark.parametrize("free", [None, 0])  # the dead worker's end of the line is one more
def test_who_died_is_replaced_when_there_is_room(daemon: Daemon, free: int | None) -> None:
    """A worker and maintenance die while nothing can be forked: the others serve on, both come back later."""
    daemon.start(workers=2)
    victim, maintenance = min(daemon.workers()), daemon.scoreboard()["pid"]
    with descriptors(daemon.pid, free):
        os.kill(victim, signal.SIGKILL)
        until(lambda: "event=fork_refused" in daemon.log(), "it is said")
        assert serves(daemon)
        os.kill(maintenance, signal.SIGKILL)
        until(lambda: not _lives(maintenance), "the maintenance process is reaped")
        assert serves(daemon)
    until(lambda: daemon.scoreboard()["pid"] != maintenance, "a new maintenance")
    until(lambda: daemon.scoreboard()["workers"]["ready"] == 2, "a new worker")
    assert daemon.scoreboard()["maintenance_deaths"] == 1
    assert daemon.stop() == 0


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("free", [None, 0, 1, 2, 3])
def test_a_suspect_without_a_process_is_deferred_or_waits(daemon: Daemon, free: int | None) -> None:
    """Descriptors cannot be handed over, or no process be forked to judge a message apart: it gets its verdict when
    there is room, at once or at its next try, and no worker dies."""
    daemon.start(soft_deadline=1, hard_deadline=3)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(sent, daemon, "wait go")
        until(lambda: daemon.seen("wait"), "it is at work")
        (worker,) = daemon.workers()
        os.kill(worker, signal.SIGKILL)
        assert deferred(answer.result())
    lost(daemon, 1)
    daemon.let_go("go")
    with descriptors(daemon.pid, free):
        first = sent(daemon, "wait go")
    assert deferred(first) or (first is not None and first.final == b"a")
    second = sent(daemon, "wait go")
    assert second is not None
    assert (second.final, second.quarantined) == (b"a", None)
    assert sum(daemon.scoreboard()["restarts"].values()) == 1


def test_sigterm_ends_it_even_then(daemon: Daemon) -> None:
    """A supervisor that may open nothing stops in order."""
    daemon.start()
    with descriptors(daemon.pid, None):
        assert daemon.stop() == 0


def room(pid: int, more: int) -> None:
    """Let the process have so many bytes of address space more."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


@pytest.mark.parametrize("more", [0, 8192, 16384])
def test_a_connection_that_begins_without_memory_delivers_nothing(daemon: Daemon, more: int) -> None:
    """A thread of Python needs 16 kB before it can run anything of ours. Mail of a connection for which they were not
    there is judged or not accepted, also when there is memory again; Postfix then does what it does without us."""
    (worker,) = daemon.start().workers()
    assert serves(daemon)
    room(worker, more)
    heard: list[bytes] = []
    with ExitStack() as clients:
        for _ in range(4):  # more than the idle threads of libmilter's pool
            with suppress(ClosedError, OSError):
                client = clients.enter_context(daemon.connect(timeout=5))
                heard.append(client.message(do("reject no")).final)
                resource.prlimit(worker, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                heard.append(client.message(do("reject no")).final)
                room(worker, more)
    assert set(heard) <= {b"y", b"t"}
    resource.prlimit(worker, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert serves(daemon)
