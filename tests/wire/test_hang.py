"""A process that hangs is found and replaced, whether or not it has mail at work; one that only slept is not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from lab.milter_client import ClosedError, Reply
from tests.wire.conftest import Daemon, do, until

SHORT = {"soft_deadline": 1, "hard_deadline": 3}


def restarts(daemon: Daemon) -> dict[str, int]:
    """Those that happened, by cause."""
    return {cause: count for cause, count in daemon.scoreboard()["restarts"].items() if count}


def all_ready(daemon: Daemon) -> bool:
    return bool(daemon.scoreboard()["workers"]["ready"] == daemon.settings["wire"]["workers"])


def signalled(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def sent(daemon: Daemon, what: str) -> Reply | None:
    """The answer to a message on a connection of its own; None if the connection was lost."""
    try:
        with daemon.connect() as client:
            return client.message(do(what))
    except (ClosedError, OSError):
        return None


def all_served(daemon: Daemon) -> None:
    """Whatever worker takes a connection answers it."""
    for _ in range(16):
        answer = sent(daemon, "accept")
        assert answer is not None
        assert answer.final == b"a"


def test_a_worker_that_hangs_without_mail_is_replaced(daemon: Daemon) -> None:
    """One of two is stopped between messages: it is killed after the hard deadline and counted as stuck; its
    successor takes connections; the other stays."""
    daemon.start(workers=2, **SHORT)
    victim, other = daemon.workers()
    signalled([victim], signal.SIGSTOP)
    until(lambda: restarts(daemon) == {"stuck": 1}, "the hanging worker is killed")
    until(lambda: all_ready(daemon), "a new worker")
    assert victim not in daemon.workers()
    assert other in daemon.workers()
    assert f"event=worker_stuck pid={victim} cause=stuck others=0" in daemon.log()
    all_served(daemon)
    assert restarts(daemon) == {"stuck": 1}


def test_a_worker_whose_interpreter_is_held_is_replaced(daemon: Daemon) -> None:
    """A library call that never gives the interpreter back, with no message at work: libmilter still accepts
    connections and answers none. The worker is killed, and its successor serves."""
    daemon.start(**SHORT)
    client = daemon.connect()
    with suppress(ClosedError, OSError):
        client.mail(b"<hog@example.org>")
    until(lambda: restarts(daemon) == {"stuck": 1}, "the hanging worker is killed")
    client.close()
    until(lambda: all_ready(daemon), "a new worker")
    all_served(daemon)


def test_all_workers_hang_without_mail(daemon: Daemon) -> None:
    """Both are replaced, and nobody has to restart the daemon."""
    daemon.start(workers=2, **SHORT)
    signalled(daemon.workers(), signal.SIGSTOP)
    until(lambda: restarts(daemon) == {"stuck": 2}, "the hanging workers are killed")
    until(lambda: all_ready(daemon), "new workers")
    all_served(daemon)


def test_a_daemon_that_was_stopped_whole_loses_nobody(daemon: Daemon) -> None:
    """Supervisor, workers and maintenance are stopped for longer than the deadline, with a message at work and sessions
    open, and go on, the supervisor first: nobody is killed, and the message is not taken for one that is stuck."""
    daemon.start(workers=2, **SHORT)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(sent, daemon, "wait go")
        until(lambda: daemon.seen("wait"), "it is at work")
        workers, maintenance = daemon.workers(), daemon.scoreboard()["pid"]
        signalled([daemon.pid, *workers, maintenance], signal.SIGSTOP)
        time.sleep(2 * SHORT["hard_deadline"])
        signalled([daemon.pid], signal.SIGCONT)
        time.sleep(0.2)  # the supervisor looks at them before they can move
        signalled([*workers, maintenance], signal.SIGCONT)
        daemon.let_go("go")
        assert answer.result() is not None
    all_served(daemon)
    time.sleep(1.0)  # the supervisor looks four times a second
    assert restarts(daemon) == {}
    assert daemon.scoreboard()["maintenance_deaths"] == 0
    assert daemon.workers() == workers


def test_a_supervisor_that_was_stopped_alone_kills_nobody(daemon: Daemon) -> None:
    """What its workers did meanwhile it has not seen; that is no fault of theirs."""
    daemon.start(workers=2, **SHORT)
    workers = daemon.workers()
    signalled([daemon.pid], signal.SIGSTOP)
    time.sleep(2 * SHORT["hard_deadline"])
    signalled([daemon.pid], signal.SIGCONT)
    all_served(daemon)
    time.sleep(1.0)
    assert restarts(daemon) == {}
    assert daemon.workers() == workers


def test_a_draining_worker_that_hangs_is_ended(daemon: Daemon) -> None:
    """After a reload the old worker keeps its session for longer than the deadline, since it moves; once it is
    stopped it is killed. It needs no successor and is counted by no cause."""
    daemon.start(**SHORT)
    (old,) = daemon.workers()
    client = daemon.connect()
    daemon.send(signal.SIGHUP)
    until(
        lambda: daemon.scoreboard()["workers"] == {"starting": 0, "ready": 1, "draining": 1},
        "two generations",
    )
    time.sleep(1.5 * SHORT["hard_deadline"])
    assert client.message(do("accept")).final == b"a"
    signalled([old], signal.SIGSTOP)
    until(lambda: gone(old), "the old worker is killed")
    client.close()
    all_served(daemon)
    assert restarts(daemon) == {}


def test_a_message_that_holds_the_interpreter_costs_one_worker(daemon: Daemon) -> None:
    """A library call that never gives the interpreter back stops every thread of its worker. The worker is replaced;
    the message is a suspect, ends the process that judges it apart, and is held from then on."""
    daemon.start(**SHORT)
    assert sent(daemon, "hog") is None
    until(lambda: restarts(daemon) == {"stuck": 1}, "the worker is killed")
    until(lambda: all_ready(daemon), "a new worker")
    for _ in range(2):
        again = sent(daemon, "hog")
        assert again is not None
        assert again.quarantined == b"process again"
    all_served(daemon)
    assert restarts(daemon) == {"stuck": 1}


def test_what_a_stopped_worker_had_at_work_is_not_to_blame(daemon: Daemon) -> None:
    """The worker was stopped by somebody else with one message at work: that message gets its verdict when it comes
    again."""
    daemon.start(**SHORT)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(sent, daemon, "wait go")
        until(lambda: daemon.seen("wait"), "it is at work")
        signalled(daemon.workers(), signal.SIGSTOP)
        until(lambda: restarts(daemon) == {"stuck": 1}, "the worker is killed")
        assert answer.result() is None
    until(lambda: all_ready(daemon), "a new worker")
    daemon.let_go("go")
    again = sent(daemon, "wait go")
    assert again is not None
    assert again.final == b"a"
    assert again.quarantined is None


def test_a_maintenance_that_hangs_is_replaced(daemon: Daemon) -> None:
    """The process of metrics and health is stopped: another one takes its place, and no worker is touched."""
    daemon.start(**SHORT)
    workers, maintenance = daemon.workers(), daemon.scoreboard()["pid"]
    signalled([maintenance], signal.SIGSTOP)
    until(lambda: daemon.scoreboard()["pid"] != maintenance, "another maintenance")
    assert daemon.scoreboard()["maintenance_deaths"] == 1
    assert daemon.workers() == workers


def test_a_worker_that_hangs_at_its_start_is_replaced(daemon: Daemon) -> None:
    """The successor of a dead worker never becomes ready: it is ended after `start_timeout`, and the next one
    serves."""
    daemon.start(start_timeout=4, **SHORT)
    daemon.let_go("hang")  # the next worker takes it away, and hangs
    signalled(daemon.workers(), signal.SIGKILL)
    until(lambda: restarts(daemon) == {"killed": 1, "start": 1}, "the hanging worker is ended")
    until(lambda: all_ready(daemon), "a worker")
    all_served(daemon)
