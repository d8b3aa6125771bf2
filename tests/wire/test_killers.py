"""Messages that end the process which judges them: each costs one worker, once, whatever else is at work."""

from __future__ import annotations

import os
import resource
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from lab.milter_client import Client, ClosedError, Reply
from tests.slices import sliced
from tests.wire.conftest import Daemon, do, until

OTHERS = 16
PATIENT = {
    "soft_deadline": 150,
    "hard_deadline": 200,
}  # a busy machine is not to be taken for a stuck message


def fields(what: str, number: int = 0) -> tuple[tuple[bytes, bytes], ...]:
    """What to do, in a message that differs from all others."""
    return (*do(what), (b"X-Number", b" %d" % number))


def sent(daemon: Daemon, what: str, number: int = 0) -> Reply | None:
    """The answer to a message on a connection of its own; None if the connection was lost."""
    try:
        with daemon.connect() as client:
            return client.message(fields(what, number))
    except (ClosedError, OSError):
        return None


def deferred(answer: Reply | None) -> bool:
    """Postfix answers 451, by our word or because we are gone."""
    return answer is None or answer.final == b"t" or answer.text.startswith(b"451")


def restarts(daemon: Daemon) -> int:
    return sum(daemon.scoreboard()["restarts"].values())


def crowd(daemon: Daemon, pool: ThreadPoolExecutor, what: str = "wait go") -> list[Future[Reply | None]]:
    """The daemon's first sixteen messages, all at work at once; their answers to come.

    One starts after the other: the worker pool of libmilter counts a thread as idle until it has woken, so of two
    sessions that send at the same moment it may leave one until another thread is free.
    """
    word = what.split(maxsplit=1)[0]
    answers = []
    for number in range(OTHERS):
        answers.append(pool.submit(sent, daemon, what, number))
        until(lambda: len(daemon.seen(word)) == len(answers), "it is at work")
    return answers


def lost(daemon: Daemon, count: int) -> None:
    until(lambda: restarts(daemon) == count, "a worker is lost")
    until(
        lambda: daemon.scoreboard()["workers"]["ready"] == daemon.settings["wire"]["workers"], "a new worker"
    )


@pytest.mark.parametrize("how", sliced(["die segv", "die exit", "die exit0", "die kill"], 4))
def test_one_message_kills_one_worker_with_others_at_work(daemon: Daemon, how: str) -> None:
    """Whatever the worker dies of: the killer is held when it comes again, by each worker and after a restart; the
    sixteen others get one 451 and then their verdict, each judged in a process that is no worker; one worker is
    lost in total."""
    daemon.start(threads=20, failure_memory=str(daemon.directory / "failed"), **PATIENT)
    workers = daemon.workers()
    with ThreadPoolExecutor(OTHERS + 1) as pool:
        answers = crowd(daemon, pool)
        assert deferred(sent(daemon, how))
        assert all(deferred(each.result()) for each in answers)
        lost(daemon, 1)
        workers |= daemon.workers()
        daemon.let_go("go")
        killer = pool.submit(sent, daemon, how)
        again = list(pool.map(lambda number: sent(daemon, "wait go", number), range(OTHERS)))
    assert all(each is not None and each.final == b"a" and each.quarantined is None for each in again)
    held = killer.result()
    assert held is not None
    assert held.quarantined == b"process again"
    tried = daemon.seen("wait")[OTHERS:] + daemon.seen("die")[1:]
    assert len(tried) == OTHERS + 1
    assert {entry["pid"] for entry in tried}.isdisjoint(workers)
    assert restarts(daemon) == 1
    daemon.stop()
    daemon.start()
    for _ in range(2):
        answer = sent(daemon, how)
        assert answer is not None
        assert answer.quarantined == b"process again"
    assert restarts(daemon) == 0
    assert len(daemon.seen("die")) == 2


def test_who_was_at_work_is_known_after_a_restart(daemon: Daemon) -> None:
    """The daemon ends between the worker's death and the next try: the killer still kills no second worker, and an
    innocent message is still judged."""
    daemon.start(threads=20, failure_memory=str(daemon.directory / "failed"), **PATIENT)
    with ThreadPoolExecutor(OTHERS) as pool:
        crowd(daemon, pool)
        assert deferred(sent(daemon, "die segv"))
        lost(daemon, 1)
        daemon.stop()
        daemon.let_go("go")
        daemon.start()
        answer = sent(daemon, "die segv")
        assert answer is not None
        assert answer.quarantined == b"process again"
        other = sent(daemon, "wait go", 3)
        assert other is not None
        assert other.final == b"a"
    assert restarts(daemon) == 0


def test_a_message_whose_worker_somebody_killed_is_judged(daemon: Daemon) -> None:
    """An operator kills a worker that has one message at work: when it comes again it gets its verdict."""
    daemon.start()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(sent, daemon, "wait go")
        until(lambda: daemon.seen("wait"), "it is at work")
        (worker,) = daemon.workers()
        os.kill(worker, signal.SIGKILL)
        assert deferred(answer.result())
    lost(daemon, 1)
    daemon.let_go("go")
    for _ in range(2):
        again = sent(daemon, "wait go")
        assert again is not None
        assert (again.final, again.quarantined) == (b"a", None)


def test_what_judges_apart_takes_no_connection(daemon: Daemon) -> None:
    """The throw-away process does not have the socket open: nobody would serve what comes in there."""
    daemon.start()
    with ThreadPoolExecutor(2) as pool:
        pool.submit(sent, daemon, "wait go")
        until(lambda: daemon.seen("wait"), "it is at work")
        (worker,) = daemon.workers()
        os.kill(worker, signal.SIGKILL)
        lost(daemon, 1)
        again = pool.submit(sent, daemon, "wait go")
        until(lambda: len(daemon.seen("wait")) == 2, "it is judged apart")
        (apart,) = {entry["pid"] for entry in daemon.seen("wait")} - {worker}
        (serving,) = daemon.workers() - {worker, apart}
        has = [listens(pid, daemon) for pid in (serving, apart)]
        daemon.let_go("go")
        assert again.result() is not None
    assert has == [True, False]


def listens(pid: int, daemon: Daemon) -> bool:
    """Whether a process has the socket open to which Postfix connects."""
    path = daemon.address.removeprefix("unix:")
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
    waits = {f"socket:[{row[6]}]" for row in rows if row[-1] == path and row[3] == "00010000"}
    return any(str(each.readlink()) in waits for each in Path(f"/proc/{pid}/fd").iterdir())


def test_memory_that_ran_out_is_held_against_the_eater_alone(daemon: Daemon) -> None:
    """A message takes all memory that the process may have: it gets 451 and is held from then on; what failed
    beside it for want of memory is judged when it comes again."""
    daemon.start(threads=20, **PATIENT)
    (worker,) = daemon.workers()
    pages = int(Path(f"/proc/{worker}/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (1 << 30)
    for pid in (worker, daemon.pid):
        resource.prlimit(pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    with ThreadPoolExecutor(OTHERS) as pool:
        answers = crowd(daemon, pool, "need")
        assert deferred(sent(daemon, "eat"))
        first = [each.result() for each in answers]
    assert any(deferred(each) for each in first)
    for _ in range(2):
        answer = sent(daemon, "eat")
        assert answer is not None
        assert answer.quarantined == b"process again"
    for number, one in enumerate(first):
        if deferred(one):
            again = sent(daemon, "need", number)
            assert again is not None
            assert (again.final, again.quarantined) == (b"a", None)
    assert restarts(daemon) == 0


def test_a_judgement_that_ran_out_of_time_is_tried_once_more_apart(daemon: Daemon) -> None:
    """Time may have been short through others' doing: the message gets 451, and its verdict from a process of its own
    when it comes again. If time runs out there, too, it is held from then on."""
    daemon.start(failure_memory=str(daemon.directory / "failed"))
    workers = daemon.workers()
    assert deferred(sent(daemon, "hurry later"))
    assert deferred(sent(daemon, "hurry never"))
    daemon.let_go("later")
    again = sent(daemon, "hurry later")
    assert again is not None
    assert (again.final, again.quarantined) == (b"a", None)
    for _ in range(2):
        answer = sent(daemon, "hurry never")
        assert answer is not None
        assert answer.quarantined == b"process again"
    tried = daemon.seen("hurry")
    assert len(tried) == 4
    assert {entry["pid"] for entry in tried[2:]}.isdisjoint(workers)
    assert [entry["stage"] for entry in daemon.seen("error")].count("deadline") == 2
    assert restarts(daemon) == 0


def test_where_several_are_stuck_only_one_is_to_blame(daemon: Daemon) -> None:
    """A message that began earlier is overdue as well when one that never ends has stopped everything; on its next
    try it is judged, and the other one is held. One worker is lost."""
    daemon.start(threads=4, soft_deadline=1, hard_deadline=2)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(sent, daemon, "wait go")
        until(lambda: daemon.seen("wait"), "it is at work")
        second = pool.submit(sent, daemon, "spin")
        assert deferred(first.result())
        assert deferred(second.result())
    lost(daemon, 1)
    daemon.let_go("go")
    innocent, guilty = sent(daemon, "wait go"), sent(daemon, "spin")
    assert innocent is not None
    assert (innocent.final, innocent.quarantined) == (b"a", None)
    assert guilty is not None
    assert guilty.quarantined == b"process again"
    assert restarts(daemon) == 1


def test_an_orderly_end_suspects_nobody(daemon: Daemon) -> None:
    """What is at work when the time to drain is over is judged by the next daemon's worker as any other message."""
    daemon.start(drain_timeout=0.5, failure_memory=str(daemon.directory / "failed"))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(sent, daemon, "wait go")
        until(lambda: daemon.seen("wait"), "it is at work")
        assert daemon.stop() == 0
        assert deferred(answer.result())
    daemon.let_go("go")
    daemon.start()
    again = sent(daemon, "wait go")
    assert again is not None
    assert again.final == b"a"
    assert daemon.seen("wait")[-1]["pid"] in daemon.workers()


def test_a_client_that_gave_up_leaves_nothing_behind(daemon: Daemon) -> None:
    """A suspect whose connection is gone before it is judged ends its process all the same."""
    daemon.start()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(sent, daemon, "wait go")
        until(lambda: daemon.seen("wait"), "it is at work")
        (worker,) = daemon.workers()
        os.kill(worker, signal.SIGKILL)
        assert deferred(answer.result())
        lost(daemon, 1)
        client: Client = daemon.connect()
        client.mail()
        client.rcpt()
        for name, value in fields("wait go"):
            client.header(name, value)
        client.end_of_headers()
        client.body(b"Hello\r\n")
        pool.submit(client.end)
        until(lambda: len(daemon.seen("wait")) == 2, "it is judged apart")
        assert len(daemon.workers()) == 2
        client.vanish()
    daemon.let_go("go")
    until(lambda: len(daemon.workers()) == 1, "the process has ended")
