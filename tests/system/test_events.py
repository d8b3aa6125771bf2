"""Events of the log, each made to happen in a real daemon: it comes, with its fields. conftest validates all lines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.milter_client import CLIENT, Client
from lab.place import a_place, wait_until
from lab.program import as_user
from lab.sekisho import Sekisho
from tests.events_support import BY_NAME

from sekisho.config import Config, restart_values

PATIENCE = 120.0
OTHER_VALUES: dict[str, Any] = {
    "wire.socket": "unix:{}/other.sock",
    "wire.socket_mode": "0600",
    "wire.socket_group": "{group}",
    "wire.backlog": 7,
    "wire.failure_memory": "{}/failures",
    "metrics.directory": "{}/other-metrics",
    "smtp.listen": "127.0.0.1:10099",
}
"""Another good value for each option that only a restart can change."""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("the daemon's user is another than ours: `make test` uses sudo")
    with a_place() as directory:
        yield directory


class Story:
    """One daemon, and what its log says."""

    def __init__(self, sekisho: Sekisho) -> None:
        self.sekisho = sekisho

    def lines(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.sekisho.lines()[0] if line["event"] == event]

    def seen(self, event: str, **fields: object) -> dict[str, Any]:
        """The last line of the event that has these fields, with every key that the event always has. Waits for it."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [
                line
                for line in self.lines(event)
                if all(line.get(key) == value for key, value in fields.items())
            ]
            return bool(found)

        wait_until(there, f"the event {event} {fields}", PATIENCE)
        always = {each.name for each in BY_NAME[event].fields if each.always}
        assert always <= found[-1].keys()
        return found[-1]

    def reload(self, **settings: Any) -> None:
        self.sekisho.configure({**self.sekisho.settings, **settings})
        os.kill(self.sekisho.pid, signal.SIGHUP)

    def generation(self) -> int:
        return max((line["generation"] for line in self.lines("reloaded")), default=1)

    def reloaded(self, **settings: Any) -> dict[str, Any]:
        generation = self.generation() + 1
        self.reload(**settings)
        return self.seen("reloaded", generation=generation)

    def mail(self, network: int = 1, author: bytes = b"friend.example", body: bytes = b"Hello\r\n") -> bytes:
        address = b"198.51.%d.1" % network
        macros = {**CLIENT, b"{client_addr}": address}
        with Client(f"unix:{self.sekisho.socket}", timeout=PATIENCE, macros=macros) as client:
            client.connect(address=address)
            client.helo()
            return client.message(((b"From", b" a@" + author), (b"Subject", b" hello")), body).final


SETTINGS = {
    "wire": {"workers": 2, "soft_deadline": 1.0, "hard_deadline": 3.0, "drain_timeout": 5.0},
    "lists": {"block_action": "quarantine"},
    "release": {"attempts": 1},
}


@pytest.fixture(scope="module")
def story(place: Path) -> Iterator[Story]:
    with Sekisho(place, settings=SETTINGS, name="events") as sekisho:
        yield Story(sekisho)


@pytest.fixture
def another(place: Path) -> Iterator[Story]:
    """A daemon without a past: the guard compares with what was before."""
    with Sekisho(place, settings=SETTINGS, name="guard") as sekisho:
        yield Story(sekisho)


def test_start_and_mail(story: Story) -> None:
    """Each worker says that it takes connections, then the daemon that it has started; a message has its line."""
    started = story.seen("started", workers=2, mode="enforce", schema=1)
    assert started["socket"] == f"unix:{story.sekisho.socket}"
    assert len({line["pid"] for line in story.lines("worker_ready")}) == 2
    assert story.mail() == b"a"
    assert story.seen("message", verdict="accept")["queue_id"] == "4XYZqueue"


def test_a_process_that_dies_or_hangs(story: Story) -> None:
    """The supervisor names the process and the cause; another one takes its place."""
    first, second = (line["pid"] for line in story.lines("worker_ready")[:2])
    os.kill(first, signal.SIGKILL)
    assert story.seen("worker_died", pid=first, cause="killed", how="signal 9")["messages"] == 0
    wait_until(lambda: len(story.lines("worker_ready")) == 3, "a new worker", PATIENCE)
    os.kill(second, signal.SIGSTOP)
    assert story.seen("worker_stuck", pid=second, cause="stuck")["others"] == 0
    story.seen("worker_died", pid=second, cause="stuck")
    children = subprocess.run(
        ["pgrep", "-P", str(story.sekisho.pid)], capture_output=True, check=True, text=True
    )
    workers = {line["pid"] for line in story.lines("worker_ready")}
    (maintenance,) = {int(each) for each in children.stdout.split()} - workers
    os.kill(maintenance, signal.SIGKILL)
    assert story.seen("maintenance_died", pid=maintenance, cause="killed", how="signal 9")["deaths"] == 1


def test_what_operators_do(story: Story) -> None:
    """Held mail, lists and the switch: who did what, and from when on the daemon acts by it."""
    wait_until(lambda: story.sekisho.health("readyz") == 200, "ready", PATIENCE)
    story.sekisho.cli("list", "add", "block", "held.example")
    story.seen("list_changed")
    wait_until(lambda: story.mail(author=b"held.example") == b"d", "the entry holds", PATIENCE)
    held = story.seen("message", verdict="quarantine")["id"]
    story.sekisho.command("quarantine", "release", held)
    story.seen("quarantine_operation", operation="release", id=held)
    story.sekisho.cli("pause", "--for", "2h")
    assert story.seen("paused")["what"].startswith("until ")
    assert story.seen("switch_changed", what="paused", on=True)["until"].startswith("until ")
    story.sekisho.cli("resume")
    assert story.seen("resumed")["what"] == "the pause ended"
    story.seen("switch_changed", what="paused", on=False)


def test_a_reload(story: Story) -> None:
    """A good one is said once its workers are ready; a wrong one with each fault, and that the old one stays."""
    line = story.reloaded(wire={**story.sekisho.settings["wire"], "workers": 1})
    assert (line["workers"], "needs_restart" in line) == (1, False)
    assert story.seen("worker_ended")["how"] == "status 0"
    before = story.sekisho.settings
    story.reload(policy={"tag": -1.0}, dns={"timeout": -1.0})
    assert "policy.tag" in story.seen("reload_failed")["reason"] + str(story.lines("config_fault"))
    assert len(story.lines("config_fault")) == 2
    story.sekisho.settings = before


def test_a_reload_says_what_it_cannot_do(story: Story) -> None:
    """Every option that is declared so is found, in the log and in `status`; the same again without the changes is
    silent."""
    assert set(OTHER_VALUES) == set(restart_values(Config()))
    before, changed = story.sekisho.settings, dict(story.sekisho.settings)
    group = subprocess.run(
        ["id", "-gn"], capture_output=True, check=True, text=True, **as_user()
    ).stdout.strip()  # type: ignore[call-overload]
    for name, value in OTHER_VALUES.items():
        room, _, key = name.partition(".")
        text = str(value).replace("{group}", group).replace("{}", str(story.sekisho.directory))
        changed[room] = {**changed.get(room, {}), key: text if isinstance(value, str) else value}
    assert set(story.reloaded(**changed)["needs_restart"]) == set(OTHER_VALUES)
    assert set(story.seen("restart_needed")["options"]) == set(OTHER_VALUES)
    done = story.sekisho.command("status", "--format", "json")
    assert set(json.loads(done.stdout)["needs_restart"]) == set(OTHER_VALUES)
    assert b"RESTART" in story.sekisho.command("status").stdout
    story.sekisho.settings = before
    assert "needs_restart" not in story.reloaded()


def test_the_log_moves_at_a_reload(story: Story) -> None:
    """Target, level and what a line may say are followed: the old log ends with a line about it, the new one begins."""
    before, own, first = story.sekisho.settings, story.sekisho.log, story.generation()
    other = own.with_name("other.log")
    story.reload(log={"target": str(other)}, journal={"subject": True})
    assert story.seen("log_moved")["new"] == str(other)
    wait_until(lambda: other.is_file() and "reloaded" in other.read_text(), "the new log", PATIENCE)
    assert other.stat().st_mode & 0o777 == 0o640
    assert story.mail() == b"a"
    wait_until(lambda: '"subject": "hello"' in other.read_text(), "the new line", PATIENCE)
    story.reload(log={"target": "/nonexistent/sekisho.log"}, journal={})
    wait_until(lambda: "log.target: /nonexistent" in other.read_text(), "the refusal", PATIENCE)
    story.sekisho.settings = before
    story.reload()
    story.seen("log_moved", old=str(other), new=str(own))
    story.seen("reloaded", generation=first + 2)  # the one between has its line in the other log


def test_mail_of_many_senders_that_suddenly_is_severe(another: Story) -> None:
    """The guard trips, and says by how much; what the daemon then does is a line of its own."""
    story = another
    guard = {
        "window_minutes": 0.1,
        "minimum": 2,
        "history": 1,
        "factor": 1.1,
        "least_percent": 0.01,
        "release_minutes": 1.0,
    }
    story.reloaded(guard=guard, policy={"points": {"link.ip_address": 20.0}})
    for number in range(5):
        story.mail(number, b"author%d.example" % number)
    time.sleep(guard["window_minutes"] * 60 + 1)  # so that what was judged is added to the long run
    story.mail()
    for number in range(60):
        story.mail(number, b"author%d.example" % number, b"See http://192.0.2.1/login\r\n")
        if story.lines("guard_tripped"):
            break
    line = story.seen("guard_tripped")
    assert 0 <= line["long_run"] < line["share"] <= 1
    story.seen("switch_changed", what="tagging", on=True)


def test_another_daemon_waits_for_the_socket_and_gives_up(story: Story, place: Path) -> None:
    """It says for what, and that another start may succeed."""
    second = Sekisho(
        place,
        settings={"wire": {"socket": f"unix:{story.sekisho.socket}", "start_timeout": 1.0}},
        name="second",
        program=story.sekisho.program,
    )
    second.configure()
    assert second.command("serve").returncode == 69
    said = Story(second)
    assert "another process" in said.seen("socket_awaited")["reason"]
    assert "another process" in said.seen("start_failed")["reason"]


def test_a_lost_store_and_the_end(story: Story) -> None:
    """Files that vanish are named, readiness falls, mail that should be held is not lost; at last the daemon stops."""
    for each in story.sekisho.directory.glob("quarantine.db*"):
        each.unlink()
    story.seen("store_moved")
    story.seen("not_ready", reasons=["store"])
    story.seen("store_down")
    worker = story.lines("worker_ready")[-1]["pid"]
    assert story.sekisho.stop() == 0
    assert story.seen("stopping")["patience_seconds"] == 5.0
    stopped = story.seen("stopped", status=0)
    assert story.sekisho.lines()[0][-1] == stopped
    assert worker in {line["pid"] for line in story.lines("worker_ended")}
    story.sekisho.start("healthz")
    assert story.seen("store_gone")["path"] == str(story.sekisho.store)
