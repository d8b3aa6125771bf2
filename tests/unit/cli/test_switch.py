"""`sekisho pause | resume | status`: the switch holds whatever else fails, and everybody can see who turned it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from lab.place import free_port
from tests.unit.cli.conftest import Command
from tests.unit.store.kit import SetClock, hold

from sekisho import metrics
from sekisho.clock import SystemClock
from sekisho.config import load
from sekisho.guard import Switch
from sekisho.guard.switch import FOREVER
from sekisho.maintenance.quarantine import QuarantineMaintenance
from sekisho.store.database import StoreLock
from sekisho.store.quarantine import Quarantine


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration whose store, log and metrics port are the test's own."""
    path = tmp_path / "sekisho.toml"
    path.write_text(
        f'mode = "enforce"\n[store]\nurl = "sqlite:///{tmp_path}/q.db"\n[log]\ntarget = "{tmp_path}/log"\n'
        f'format = "json"\n[metrics]\nlisten = "127.0.0.1:{free_port()}"\n[dns]\nservers = ["127.0.0.1:1"]\n'
        "timeout = 0.1\n"
    )
    return path


@pytest.fixture
def store(file: Path) -> Iterator[Quarantine]:
    quarantine = Quarantine.open(load(file).store, SystemClock())
    yield quarantine
    quarantine.close()


def until(directory: Path) -> float:
    switch = Switch(directory / "guard")
    try:
        return switch.paused_until
    finally:
        switch.close()


@pytest.mark.parametrize(
    ("words", "seconds"),
    [([], 7200), (["--for", "30m"], 1800), (["--for", "1d"], 86400), (["--for", "ever"], FOREVER)],
)
def test_a_pause_lasts_two_hours_unless_told_otherwise(
    sekisho: Command, file: Path, store: Quarantine, words: list[str], seconds: float
) -> None:
    """Only `ever` has no end."""
    before = datetime.now(UTC).timestamp()
    assert sekisho("pause", *words, "--config", file).status == 0
    after = datetime.now(UTC).timestamp()
    assert before + seconds <= until(file.parent) <= after + seconds


@pytest.mark.parametrize("span", ["2", "h", "-1h", "0m", "2 hours", "1w", "forever", ""])
def test_what_is_no_time_is_refused(sekisho: Command, file: Path, span: str) -> None:
    """A clear sentence, status 2, and the switch is not turned."""
    done = sekisho("pause", f"--for={span}", "--config", file)
    assert done.status == 2
    assert "is no time" in done.err
    assert not (file.parent / "guard").exists()


def test_who_paused_and_resumed_is_in_the_audit_and_in_the_log(
    sekisho: Command, file: Path, store: Quarantine, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The audit has who, what and when; the maintenance process tells the log of it once, as `paused` and `resumed`."""
    monkeypatch.setenv("SUDO_USER", "hanako")
    assert sekisho("pause", "--for", "30m", "--config", file).err == ""
    assert sekisho("resume", "--config", file).err == ""
    history = json.loads(sekisho("quarantine", "history", "--format", "json", "--config", file).out)
    assert [each["operation"] for each in history] == ["resume", "pause"]
    assert all(each["who"].startswith("hanako as ") and each["at"] for each in history)
    assert history[0]["note"] == "the pause ended"
    assert history[1]["note"].startswith("until 2")
    meter = metrics.open(tmp_path / "metrics")
    try:
        QuarantineMaintenance(load(file), meter, SystemClock()).turn(store)
        QuarantineMaintenance(load(file), meter, SystemClock()).turn(store)
        page = meter.registry()
        assert not page.get_sample_value(
            "sekisho_quarantine_operations_total", {"operation": "other", "result": "ok"}
        )
    finally:
        meter.close()
    told = [record for record in caplog.records if record.name == "sekisho.audit"]
    assert [record.getMessage() for record in told] == ["paused", "resumed"]
    assert all(record.fields["who"].startswith("hanako as ") for record in told)  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["none", "damaged", "locked away"])
def test_a_store_that_is_down_does_not_stop_a_pause(sekisho: Command, file: Path, how: str) -> None:
    """The switch is turned, the log has the line in its own format, and the command says that the audit has not."""
    log, database = file.parent / "log", file.parent / "q.db"
    log.write_text("")
    Switch(file.parent / "guard").close()  # a daemon has run here
    if how == "damaged":
        database.write_bytes(b"no database " * 1000)
    elif how == "locked away":
        database.mkdir()
    done = sekisho("pause", "--for", "ever", "--config", file)
    assert done.status == 0
    assert until(file.parent) == FOREVER
    assert "not in the audit" in done.err
    (line,) = [json.loads(each) for each in log.read_text().splitlines()]
    assert (line["event"], line["what"]) == ("paused", "until somebody ends it")
    assert line["who"]
    log.unlink()
    done = sekisho("resume", "--config", file)
    assert (done.status, until(file.parent)) == (0, 0.0)
    assert "nor in the log" in done.err
    assert not log.exists()


# -- status ---------------------------------------------------------------------------------------------


class Daemon:
    """A real HTTP server that answers `/status` as the daemon does."""

    def __init__(self, port: int, body: bytes, code: int = 200) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(code if self.path == "/status" else 404)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", port), Handler)

    def __enter__(self) -> Daemon:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


HEALTHY: dict[str, Any] = {
    "version": "9.9",
    "mode": "enforce",
    "generation": 3,
    "workers": {"ready": 2, "draining": 0},
    "last_reload": {"ok": True, "at": "2026-03-01T12:00:00+00:00", "reason": None},
    "log_lines_dropped": 0,
    "ready": True,
    "reasons": [],
}
KEYS = {
    "version", "mode", "paused_until", "tagging_until", "generation", "workers", "store", "dns", "last_reload", "held",
    "oldest_held", "outbox", "log_lines_dropped", "policy_version", "node", "ready", "reasons", "needs_restart",
}  # fmt: skip


def port_of(file: Path) -> int:
    return int(load(file).metrics.listen.rpartition(":")[2])


def test_a_healthy_daemon_is_status_0(sekisho: Command, file: Path) -> None:
    """All keys of the contract, what the daemon says and what the store holds; the text fits a screen."""
    quarantine = Quarantine.open(load(file).store, SetClock(datetime.now(UTC) - timedelta(days=2)))
    hold(quarantine, b"x", ["a@example.jp"])
    quarantine.close()
    with Daemon(port_of(file), json.dumps(HEALTHY).encode()):
        done = sekisho("status", "--format", "json", "--config", file)
        text = sekisho("status", "--config", file)
    assert (done.status, text.status) == (0, 0)
    facts = done.json
    assert facts.keys() == KEYS
    assert (facts["version"], facts["generation"], facts["workers"]["ready"], facts["held"]) == (
        "9.9",
        3,
        2,
        1,
    )
    assert facts["store"]["ok"]
    assert facts["store"]["revision"].startswith("r0")
    assert facts["oldest_held"] < datetime.now(UTC).isoformat()
    assert facts["dns"] == {"ok": False}
    assert max(map(len, text.out.splitlines())) <= 80
    assert len(text.out.splitlines()) < 20
    assert "9.9, enforce: ready" in text.out
    assert "1 message, the oldest since" in text.out
    assert "+00:00" not in text.out


@pytest.mark.parametrize(
    ("change", "paused", "status"),
    [
        ({}, None, 0),
        ({"ready": False, "reasons": ["no worker answers"]}, None, 1),
        ({}, "paused", 1),
        ({}, "tagging", 1),
        ({"outbox": 2}, None, 1),
        ({"workers": None, "last_reload": None, "generation": None, "log_lines_dropped": None}, None, 0),
    ],
)
def test_the_status_says_whether_to_look(
    sekisho: Command, file: Path, change: dict[str, Any], paused: str | None, status: int
) -> None:
    """1 if it is not ready, paused, tagging only, or mail waits; what a daemon does not say is not known."""
    switch = Switch(file.parent / "guard")
    if paused == "paused":
        switch.pause(FOREVER)
    elif paused == "tagging":
        switch.tag_only(datetime.now(UTC).timestamp() + 600)
    switch.close()
    said = {key: value for key, value in {**HEALTHY, **change}.items() if value is not None}
    with Daemon(port_of(file), json.dumps(said).encode()):
        done = sekisho("status", "--format", "json", "--config", file)
        text = sekisho("status", "--config", file).out
    assert done.status == status
    assert done.json.keys() == KEYS
    for reason in done.json["reasons"]:
        assert reason in text
    if paused:
        assert done.json[f"{paused}_until"]
        assert f"\n{paused.upper()} " in text
        assert "`sekisho resume` ends it" in text


def test_a_long_reason_goes_over_several_lines(sekisho: Command, file: Path) -> None:
    """Why the daemon does not answer can be read to its end in 80 columns; a store that was never made is not ok."""
    (reason,) = sekisho("status", "--format", "json", "--config", file).json["reasons"]
    text = sekisho("status", "--config", file).out
    assert "Connection refused" in reason
    assert reason in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    assert "store        not made yet," in text


def test_a_store_that_is_gone_is_down(sekisho: Command, file: Path, store: Quarantine) -> None:
    """A database that was there and is gone holds mail that nobody can reach: neither ok, nor "0 messages"."""
    hold(store, b"x", ["a@example.jp"])
    store.close()
    lock = StoreLock(load(file).store)  # as a daemon does that has the database open
    lock.take()
    lock.mark()
    lock.close()
    for each in file.parent.glob("q.db*"):
        each.rename(file.parent / f"away.{each.name}")
    facts = sekisho("status", "--format", "json", "--config", file).json
    text = sekisho("status", "--config", file).out
    assert (facts["store"]["ok"], facts["held"]) == (False, None)
    assert "was there and is gone" in facts["store"]["reason"]
    assert "store        DOWN," in text
    assert "held         unknown" in text
    assert not (file.parent / "q.db").exists()


def test_a_port_that_is_free_for_a_moment_is_asked_again(sekisho: Command, file: Path) -> None:
    """A reload replaces the process that listens: a daemon that answers within two seconds is running."""
    with ExitStack() as stack:

        def begin() -> None:
            stack.enter_context(Daemon(port_of(file), json.dumps(HEALTHY).encode()))

        late = threading.Timer(0.5, begin)
        late.start()
        done = sekisho("status", "--config", file)
        late.join()
    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize("body", [None, b"", b"ok\n", b"[1]", b"\xff" * 100_000, b"[" * 60_000])
def test_without_an_answer_the_files_are_told(
    sekisho: Command, file: Path, store: Quarantine, body: bytes | None
) -> None:
    """A daemon that is down, or something else on its port: not ready, why, and what the files say; status 1."""
    switch = Switch(file.parent / "guard")
    switch.pause(FOREVER)
    switch.close()
    if body is None:
        done = sekisho("status", "--format", "json", "--config", file)
    else:
        with Daemon(port_of(file), body, 404 if body == b"ok\n" else 200):
            done = sekisho("status", "--format", "json", "--config", file)
    assert done.status == 1
    facts = done.json
    assert facts.keys() == KEYS
    assert (facts["ready"], facts["paused_until"], facts["held"], facts["store"]["ok"]) == (
        False,
        "ever",
        0,
        True,
    )
    (reason,) = facts["reasons"]
    assert "not reachable" in reason or "does not answer as sekisho does" in reason


def test_a_store_that_cannot_be_read_is_said(sekisho: Command, file: Path) -> None:
    """Down, and why; nothing is made, and no password is shown."""
    (file.parent / "q.db").write_bytes(b"no database " * 1000)
    facts = sekisho("status", "--format", "json", "--config", file).json
    assert (facts["store"]["ok"], facts["held"]) == (False, None)
    assert facts["store"]["reason"]
    assert not (file.parent / "guard").exists()
