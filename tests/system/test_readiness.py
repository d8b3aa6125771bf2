"""A real daemon that would not accept mail says so, says why, and is ready again when it would."""

from __future__ import annotations

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab.milter_client import Client
from lab.place import a_place, wait_until
from lab.sekisho import Sekisho

PATIENCE = 120.0


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("the daemon's user is another than ours: `make test` uses sudo")
    with a_place() as directory:
        yield directory


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Sekisho]:
    # The watchdog would replace a worker that is stopped for as long as its deadline.
    wire = {"workers": 2, "soft_deadline": 150.0, "hard_deadline": 250.0}
    with Sekisho(place, settings={"wire": wire}) as sekisho:
        yield sekisho


@pytest.fixture
def sekisho(running: Sekisho) -> Sekisho:
    wait_until(lambda: running.health("readyz") == 200, "ready", PATIENCE)
    return running


def page(sekisho: Sekisho, name: str) -> str:
    """A page of the metrics port, whatever its status; empty if nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{sekisho.metrics_port}/{name}", timeout=30) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    except OSError:
        return ""


def status(sekisho: Sekisho) -> dict[str, object]:
    return dict(json.loads(page(sekisho, "status") or "{}"))


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def maintenance(sekisho: Sekisho) -> int:
    """The child that has the metrics port: the one forked last."""
    return max(children(sekisho.pid))


def workers(sekisho: Sekisho) -> list[int]:
    return sorted(children(sekisho.pid))[:-1]


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_workers_that_hang_are_not_ready(sekisho: Sekisho) -> None:
    """All workers stopped between messages: not ready, because of `milter`; continued: ready again."""
    assert len(workers(sekisho)) == 2
    with stopped(workers(sekisho)):
        wait_until(lambda: sekisho.health("readyz") == 503, "not ready", PATIENCE)
        assert page(sekisho, "readyz") == "milter\n"
        assert sekisho.health("healthz") == 200
        assert 'sekisho_ready{reason="milter"} 0.0' in sekisho.metrics()
        assert 'sekisho_ready{reason="workers"} 1.0' in sekisho.metrics()
        found = status(sekisho)
        assert (found["ready"], found["reasons"]) == (False, ["milter"])
    wait_until(lambda: sekisho.health("readyz") == 200, "ready again", PATIENCE)
    assert 'sekisho_ready{reason="milter"} 1.0' in sekisho.metrics()


def test_one_worker_that_is_stopped_takes_no_connection(sekisho: Sekisho) -> None:
    """The other one serves all of them, so mail is accepted, and that is what ready means."""
    before = figure(sekisho, 'milter_probes_total{result="answered"}')
    lost = figure(sekisho, 'milter_probes_total{result="unanswered"}')
    with stopped(workers(sekisho)[:1]):
        wait_until(
            lambda: figure(sekisho, 'milter_probes_total{result="answered"}') >= before + 12,
            "rounds",
            PATIENCE,
        )
        assert sekisho.health("readyz") == 200
    assert figure(sekisho, 'milter_probes_total{result="unanswered"}') == lost


def figure(sekisho: Sekisho, series: str) -> float:
    lines = page(sekisho, "metrics").splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"sekisho_{series} "))


def test_probes_are_no_sessions(sekisho: Sekisho) -> None:
    """Our own connections count as no session and write no line, while an MTA's do."""
    before, lines = figure(sekisho, 'milter_probes_total{result="answered"}'), len(sekisho.lines()[0])
    seen = set()

    def rounds() -> bool:
        seen.add(status(sekisho)["sessions"])
        return figure(sekisho, 'milter_probes_total{result="answered"}') >= before + 8

    wait_until(rounds, "two rounds", PATIENCE)
    assert seen == {0}
    assert len(sekisho.lines()[0]) == lines
    with Client(f"unix:{sekisho.socket}") as client:
        client.connect()
        client.helo()
        wait_until(lambda: status(sekisho)["sessions"] == 1, "a session", PATIENCE)
    wait_until(lambda: status(sekisho)["sessions"] == 0, "its end", PATIENCE)


def test_the_status_names_what_runs(sekisho: Sekisho) -> None:
    """One object for `sekisho status`: the keys of the contract, as far as the daemon knows them."""
    found = status(sekisho)
    assert found["mode"] == "enforce"
    assert found["ready"] is True
    assert found["reasons"] == []
    assert found["workers"] == {"starting": 0, "ready": 2, "draining": 0}
    assert found["store"] == {"ok": True}
    assert found["log_lines_dropped"] == 0
    assert found["paused_until"] is None
    assert isinstance(found["generation"], int)
    assert found["generation"] >= 1
    assert dict(found["last_reload"])["ok"] is True  # type: ignore[call-overload]
    sekisho.cli("pause")
    try:
        wait_until(lambda: status(sekisho)["paused_until"] is not None, "the pause is told", PATIENCE)
    finally:
        sekisho.cli("resume")
    wait_until(lambda: status(sekisho)["paused_until"] is None, "its end is told", PATIENCE)


def test_a_maintenance_that_hangs_or_dies(sekisho: Sekisho) -> None:
    """Without the maintenance process nobody says that we are ready; it comes back by itself."""
    os.kill(maintenance(sekisho), signal.SIGKILL)
    wait_until(lambda: sekisho.health("readyz") != 200, "not ready", PATIENCE)
    wait_until(lambda: sekisho.health("readyz") == 200, "ready again", PATIENCE)
    wait_until(lambda: status(sekisho).get("maintenance_deaths") == 1, "the death is told", PATIENCE)


def failed_tasks(sekisho: Sekisho) -> list[str]:
    """What the log says, which comes a little later than what it speaks of."""
    return [line["task"] for line in sekisho.lines()[0] if line.get("event") == "task_failed"]


def test_a_store_that_cannot_be_opened(place: Path) -> None:
    """A database that is none: the maintenance process lives, says why it is not ready, and goes on saying so when the
    file is gone: only a start makes another."""
    sekisho = Sekisho(place, name="spoilt", settings={"wire": {"workers": 1}})
    with sekisho:
        sekisho.stop()
        for each in sekisho.directory.glob("quarantine.db*"):
            each.unlink()
        sekisho.store.write_bytes(b"no database" * 1000)
        os.chown(sekisho.store, sekisho.directory.stat().st_uid, -1)
        sekisho.start("healthz")
        first_words = page(sekisho, "readyz")
        assert "store\n" in first_words, first_words
        wait_until(lambda: page(sekisho, "readyz") == "store\n", "the store is all that is wrong", PATIENCE)
        first = maintenance(sekisho)
        assert status(sekisho)["store"] == {"ok": False}
        wait_until(lambda: failed_tasks(sekisho) != [], "the log says which task failed", PATIENCE)
        assert failed_tasks(sekisho) == ["store"]
        sekisho.store.unlink()
        assert page(sekisho, "readyz") == "store\n"
        assert maintenance(sekisho) == first
        sekisho.stop()
        sekisho.start()
        wait_until(lambda: sekisho.health("readyz") == 200, "ready again", PATIENCE)
