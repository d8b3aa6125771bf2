"""How the daemon starts, fails, reloads and ends, with messages under way."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lab.milter_client import Client, ClosedError, load
from tests.wire.conftest import Daemon, do, until


def begun(client: Client, what: str) -> None:
    """A message up to its end, which is not sent yet."""
    client.mail()
    client.rcpt()
    for name, value in do(what):
        client.header(name, value)
    client.end_of_headers()


CLOSED = b"closed"


def ending(client: Client) -> bytes:
    """The text of the final answer, or that there was none."""
    try:
        return client.end().text
    except (ClosedError, OSError):
        return CLOSED


def test_term_lets_an_open_session_finish(daemon: Daemon) -> None:
    """After SIGTERM an open session ends its message and sends another; then all leave with status 0."""
    client = daemon.start().connect()
    begun(client, "accept")
    daemon.send(signal.SIGTERM)
    until(lambda: daemon.scoreboard()["workers"]["draining"] == 1, "draining")
    assert client.end().final == b"a"
    assert client.message(do("accept")).final == b"a"
    client.close()
    assert daemon.stop() == 0
    assert len(daemon.seen("closed")) == 1
    assert (daemon.directory / "kept").exists()
    assert not (daemon.directory / "sock").exists()


def test_term_to_a_worker_drains_it(daemon: Daemon) -> None:
    """Signals that hit a worker itself (a whole group is told) cut no session; it is replaced."""
    daemon.start()
    client = daemon.connect()
    begun(client, "accept")
    (worker,) = daemon.workers()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        os.kill(worker, number)
    assert client.end().final == b"a"
    assert client.message(do("accept")).final == b"a"
    client.close()
    until(lambda: daemon.scoreboard()["restarts"]["other"] == 1, "it left by itself")
    assert [entry["pid"] for entry in daemon.seen("closed")] == [worker]
    until(lambda: daemon.scoreboard()["workers"]["ready"] == 1, "a new worker")
    with daemon.connect() as client:
        assert client.message(do("accept")).final == b"a"


def test_drain_ends_in_time(daemon: Daemon) -> None:
    """A session that never ends does not keep the daemon: status 0 when the time is over."""
    client = daemon.start(drain_timeout=0.5).connect()
    assert daemon.stop() == 0
    with pytest.raises((ClosedError, OSError)):
        client.message()
    client.close()


def test_a_killed_worker_is_replaced(daemon: Daemon) -> None:
    """kill -9 of a worker: another takes its place, mail goes on, the cause is counted."""
    daemon.start()
    (victim,) = daemon.workers()
    os.kill(victim, signal.SIGKILL)
    until(lambda: daemon.scoreboard()["restarts"]["killed"] == 1, "counted")
    until(
        lambda: daemon.scoreboard()["workers"]["ready"] == 1 and daemon.workers() - {victim}, "a new worker"
    )
    with daemon.connect() as client:
        assert client.message(do("accept")).final == b"a"
    assert (daemon.directory / "sock").exists()


def test_a_killed_maintenance_is_replaced(daemon: Daemon) -> None:
    """The maintenance process comes back, too, and no session notices."""
    daemon.start()
    with daemon.connect() as client:
        maintenance = daemon.scoreboard()["pid"]
        os.kill(maintenance, signal.SIGKILL)
        until(lambda: daemon.scoreboard()["pid"] != maintenance, "a new maintenance")
        assert client.message(do("accept")).final == b"a"


def test_workers_follow_a_dead_supervisor(daemon: Daemon) -> None:
    """If the supervisor is killed, its workers finish their sessions and leave by themselves."""
    daemon.start()
    client = daemon.connect()
    begun(client, "accept")
    (worker,) = daemon.workers()
    daemon.send(signal.SIGKILL)
    assert daemon.process is not None
    daemon.process.wait()
    assert client.end().final == b"a"
    client.close()
    until(lambda: daemon.seen("closed"), "the worker has left")
    until(lambda: not Path(f"/proc/{worker}").exists() or _is_zombie(worker), "the worker is gone")
    until((daemon.directory / "kept").exists, "the maintenance process is gone")


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_crash_is_a_451_once(daemon: Daemon) -> None:
    """An exception of the judgement: 451, then, for the same bytes, what is configured for a repeat."""
    with daemon.start().connect() as client:
        assert client.message(do("crash")).text == b"451 4.3.0 fallback process"
        again = client.message(do("crash"))
        assert (again.final, again.quarantined) == (b"a", b"process again")
        assert client.message(do("exit")).text == b"451 4.3.0 fallback process"
        assert client.message(do("accept")).final == b"a"
    assert len(daemon.seen("crash")) == 1
    stages = [entry["stage"] for entry in daemon.seen("error")]
    assert stages == ["process", "again", "process"]


def test_a_crash_in_shadow_is_an_accept(daemon: Daemon) -> None:
    """In shadow mode a failure of ours is accepted and counted."""
    daemon.write(shadow=True)
    with daemon.start().connect() as client:
        assert client.message(do("crash")).final == b"a"
    assert [entry["stage"] for entry in daemon.seen("error")] == ["process"]


RECIPIENTS = {
    (b"<shadow@example.jp>",): (b"a", None),
    (b"<shadow@example.jp>", b"<hold@example.jp>"): (b"y", b"process again"),
    (b"<shadow@example.jp>", b"<tag@example.jp>"): (b"y", None),
    (b"<tag@example.jp>", b"<hold@example.jp>"): (b"y", b"process again"),
}


@pytest.mark.parametrize("recipients", RECIPIENTS)
def test_a_failure_is_answered_by_the_rules_of_the_recipients(
    daemon: Daemon, recipients: tuple[bytes, ...]
) -> None:
    """Where all are in shadow the message is accepted, counted and logged; one in enforce makes it 451, and when it
    comes again the strictest recipient decides. It is delivered, or held, without what it pretended."""
    first, quarantined = RECIPIENTS[recipients]
    fields = (*do("crash"), (b"X-Sekisho-Verdict", b" accept"))
    with daemon.start().connect() as client:
        assert client.message(fields, recipients=recipients).final == first
        again = client.message(fields, recipients=recipients)
    assert (again.final, again.quarantined) == (b"a", quarantined)
    if first == b"a":
        assert again.order == b"a"
        until(lambda: daemon.log().count("accepted_unjudged") == 2, "the log says it")
    else:
        assert again.changed == [(1, b"X-Sekisho-Verdict", b"")]
        assert [name for _, name, _ in again.added] == [b"X-Sekisho-Verdict"]
        assert "accepted_unjudged" not in daemon.log()
    stages = until(lambda: len(found := daemon.seen("error")) >= 2 and found, "the failures are counted")
    assert {"process", "again"} <= {entry["stage"] for entry in stages}


def test_a_pause_accepts_what_cannot_be_judged(daemon: Daemon) -> None:
    """While paused every failure is an accept, counted and logged, whoever the recipients are."""
    with daemon.start().connect() as client:
        daemon.let_go("paused")
        until(lambda: client.message(do("crash")).order == b"a", "the pause is seen")
        (daemon.directory / "paused").unlink()
        until(lambda: client.message(do("crash")).quarantined is not None, "the end of the pause is seen")
    until(lambda: "accepted_unjudged" in daemon.log(), "the log says it")


def test_an_edit_that_never_works_is_no_endless_451(daemon: Daemon) -> None:
    """An edit that no MTA could carry out fails each time: the same bytes hear 451 once."""
    with daemon.start().connect() as client:
        assert client.message(do("badedit")).text == b"451 4.3.0 fallback edit"
        until(lambda: client.message(do("badedit")).quarantined == b"process again", "remembered")


def test_failures_are_remembered_over_a_restart(daemon: Daemon) -> None:
    """With a file for them, digests that failed are known to the next daemon."""
    memory = str(daemon.directory / "failed")
    with daemon.start(failure_memory=memory).connect() as client:
        assert client.message(do("crash")).text == b"451 4.3.0 fallback process"
    assert daemon.stop() == 0
    with daemon.start().connect() as client:
        assert client.message(do("crash")).quarantined == b"process again"


@pytest.mark.parametrize("harm", [lambda path: os.truncate(path, 0), Path.unlink])
def test_a_cut_file_of_failures_kills_nobody(daemon: Daemon, harm: Callable[[Path], None]) -> None:
    """While the daemon runs, somebody cuts or removes the file: what failed is still known, mail goes on, worker and
    supervisor live, and the next failure is in the file again, with those before it."""
    memory = daemon.directory / "failed"
    daemon.start(failure_memory=str(memory), soft_deadline=1, hard_deadline=2)
    workers = daemon.workers()
    with daemon.connect() as client:
        assert client.message(do("crash")).text == b"451 4.3.0 fallback process"
        harm(memory)
        assert client.message(do("crash")).quarantined == b"process again"
        assert client.message(do("crash 2")).text == b"451 4.3.0 fallback process"
        assert client.message(do("accept")).final == b"a"
    assert daemon.workers() == workers
    harm(memory)
    client = daemon.connect()
    begun(client, "spin")
    assert ending(client) in (b"451 4.3.0 fallback deadline", CLOSED)
    client.close()
    until(
        lambda: daemon.scoreboard()["restarts"]["stuck"] == 1, "the supervisor has written down who was stuck"
    )
    until(lambda: daemon.scoreboard()["workers"]["ready"] == 1, "a new worker")
    assert daemon.stop() == 0
    with daemon.start().connect() as client:
        for what in ("crash", "crash 2"):
            assert client.message(do(what)).quarantined == b"process again"
        begun(client, "spin")
        assert client.end().quarantined == b"process again"


def test_a_stuck_worker_is_killed_once(daemon: Daemon) -> None:
    """A message that never ends costs one worker; the same bytes are then known and not tried again."""
    client = daemon.start(soft_deadline=1, hard_deadline=2).connect()
    begun(client, "spin")
    assert ending(client) in (b"451 4.3.0 fallback deadline", CLOSED)
    client.close()
    until(lambda: daemon.scoreboard()["restarts"]["stuck"] == 1, "the stuck worker is killed")
    until(lambda: daemon.scoreboard()["workers"]["ready"] == 1, "a new worker")
    with daemon.connect() as client:
        begun(client, "spin")
        assert client.end().quarantined == b"process again"
        assert client.message(do("accept")).final == b"a"
    assert daemon.scoreboard()["restarts"]["stuck"] == 1


def test_overload_is_a_451_without_memory(daemon: Daemon) -> None:
    """A message that waited for a free thread until the deadline is refused for now, and judged next time."""
    daemon.start(threads=1, soft_deadline=1, hard_deadline=2)
    clients = [daemon.connect() for _ in range(12)]
    for number, client in enumerate(clients):
        begun(client, f"nap {number}")
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(ending, clients))
    assert set(answers) <= {b"", b"451 4.3.0 fallback deadline", b"451 4.3.0 fallback overload"}
    refused = answers.index(b"451 4.3.0 fallback overload")
    begun(clients[refused], f"nap {refused}")
    assert ending(clients[refused]) == b""
    assert daemon.scoreboard()["restarts"]["stuck"] == 0
    for client in clients:
        client.close()


def test_reload_takes_over_without_a_gap(daemon: Daemon) -> None:
    """SIGHUP: new workers serve new connections while the old one finishes its own; nothing is refused."""
    daemon.start()
    old = daemon.workers()
    client = daemon.connect()
    begun(client, "accept")
    daemon.configure(workers=2)
    daemon.send(signal.SIGHUP)
    until(
        lambda: daemon.scoreboard()["workers"] == {"starting": 0, "ready": 2, "draining": 1},
        "two generations",
    )
    for _ in range(8):
        with daemon.connect() as other:
            assert other.message(do("accept")).final == b"a"
    assert client.end().final == b"a"
    client.close()
    until(lambda: daemon.scoreboard()["workers"]["draining"] == 0, "the old one has left")
    assert not old & daemon.workers()
    assert {entry["pid"] for entry in daemon.seen("accept")[:8]}.isdisjoint(old)
    assert daemon.scoreboard()["reload_ok"] is True
    assert sum(daemon.scoreboard()["restarts"].values()) == 0


@pytest.mark.parametrize("trouble", [{"broken": ["a.toml: first", "a.toml: second"]}, {"unbuildable": True}])
def test_a_bad_configuration_changes_nothing(daemon: Daemon, trouble: dict[str, object]) -> None:
    """A configuration that cannot be read or built leaves the old workers; every error is in the log."""
    daemon.start()
    old = daemon.workers()
    daemon.write(**trouble)
    daemon.send(signal.SIGHUP)
    until(lambda: daemon.scoreboard()["reload_ok"] is False, "the failure is told")
    until(lambda: daemon.workers() == old, "only the old workers")
    for reason in trouble.get("broken", ()):  # type: ignore[attr-defined]
        assert reason in daemon.log()
    with daemon.connect() as client:
        assert client.message(do("accept")).final == b"a"


def test_a_bad_configuration_never_starts(daemon: Daemon) -> None:
    """A daemon whose workers cannot be built ends with status 70 and leaves no socket."""
    daemon.write(unbuildable=True)
    daemon.spawn()
    assert daemon.process is not None
    assert daemon.process.wait(30) == 70
    assert not (daemon.directory / "sock").exists()


def test_the_socket_is_as_configured(daemon: Daemon) -> None:
    """Mode as configured; a dead daemon's socket is taken over, a live one's and a plain file never."""
    daemon.start(socket_mode="0600")
    path = daemon.directory / "sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    second = Daemon(daemon.directory)
    second.spawn(start_timeout=1)
    assert second.process is not None
    assert second.process.wait(30) != 0
    assert "another process listens there" in daemon.log()
    daemon.stop()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    daemon.start()
    daemon.stop()
    path.write_text("precious")
    daemon.spawn()
    assert daemon.process is not None
    assert daemon.process.wait(30) != 0
    assert path.read_text() == "precious"


def test_over_tcp(daemon: Daemon) -> None:
    """An inet socket serves as well."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    daemon.start(socket=f"inet:{port}@127.0.0.1")
    with daemon.connect() as client:
        assert client.message(do("edit")).final == b"a"


def test_many_sessions_at_once(daemon: Daemon) -> None:
    """32 sessions side by side for ten seconds: every message is answered, no worker dies."""
    daemon.start(workers=2, threads=8)
    results: list[tuple[int, int, int]] = []

    def run() -> None:
        results.append(load(daemon.address, 10.0, 5, b"x" * 4000))

    threads = [threading.Thread(target=run) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(errors for _, _, errors in results) == 0
    assert sum(messages for _, messages, _ in results) > 1000
    assert sum(daemon.scoreboard()["restarts"].values()) == 0
    assert daemon.seen("error") == []
    assert daemon.stop() == 0


def test_a_worker_that_lost_a_thread_is_replaced(daemon: Daemon) -> None:
    """A thread ended by an error, and nobody does its work any more: the worker leaves in order, and another serves."""
    daemon.start()
    old = daemon.workers()
    with daemon.connect() as client:
        assert client.message(do("lose_thread")).final == b"a"
    until(
        lambda: daemon.scoreboard()["workers"]["ready"] == 1 and not daemon.workers() & old, "another worker"
    )
    assert "a thread ended (MemoryError); this worker ends and is replaced" in daemon.log()
    with daemon.connect() as client:
        assert client.message(do("accept")).final == b"a"
