"""`sekisho list`, as it is typed: what is refused, what the audit has, and when a change is in force."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Command

from sekisho.clock import SystemClock
from sekisho.runtime_changes import ListWatch
from sekisho.store.database import StoreOptions
from sekisho.store.lists import ListStore, snapshot


class Health(BaseHTTPRequestHandler):
    """The metrics port of a daemon."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def port() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        yield server


@pytest.fixture
def config(tmp_path: Path, port: HTTPServer, options: StoreOptions) -> Path:
    """A store without entries, as the daemon has made it."""
    ListStore.open(options, SystemClock()).close()
    file = tmp_path / "sekisho.toml"
    file.write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/q.db"\n[metrics]\nlisten = "127.0.0.1:{port.server_port}"\n'
    )
    return file


@pytest.fixture
def options(tmp_path: Path) -> StoreOptions:
    return StoreOptions(url=f"sqlite:///{tmp_path}/q.db")


@pytest.fixture(autouse=True)
def silent(port: HTTPServer) -> None:
    """Nobody answers on the port, if a test does not say otherwise."""
    port.socket.close()


WIDE = ["0.0.0.0/0", "::/0", "jp", ".co.jp"]


@pytest.mark.parametrize("entry", WIDE)
def test_what_lets_strangers_in_is_allowed_only_by_force(sekisho: Command, config: Path, entry: str) -> None:
    """Status 2 and the reason; with --force it is added. To block it needs no force."""
    done = sekisho("list", "add", "allow", entry, "--config", config)
    assert (done.status, "--force" in done.err) == (2, True)
    assert "there are no entries" in sekisho("list", "list", "--config", config).out
    assert sekisho("list", "add", "block", entry, "--config", config).status == 0
    assert sekisho("list", "add", "allow", entry, "--force", "--config", config).status == 0


def test_an_entry_that_has_ended_is_not_added(sekisho: Command, config: Path) -> None:
    """On neither list, unless somebody insists."""
    for name in ("allow", "block"):
        words = ["list", "add", name, "a.example", "--expires", "2020-01-01", "--config", config]
        done = sekisho(*words)
        assert (done.status, "has expired already" in done.err) == (2, True)
        assert sekisho(*words, "--force").status == 0


def test_an_import_is_looked_at_in_the_same_way(sekisho: Command, config: Path, tmp_path: Path) -> None:
    """Each doubtful entry has a line, and nothing is added; with --force all are."""
    file = tmp_path / "lists.json"
    ended = {"entry": "b.example", "expires": "2020-01-01"}
    file.write_text(json.dumps({"allow": [".co.jp", "a.example"], "block": [ended]}))
    done = sekisho("list", "import", file, "--config", config)
    assert done.status == 2
    assert [line.partition(f"{file}: ")[2].partition(": ")[0] for line in done.err.splitlines()] == [
        "allow[0]",
        "block[0]",
    ]
    assert "there are no entries" in sekisho("list", "list", "--config", config).out
    assert "3 of 3 entries added" in sekisho("list", "import", file, "--force", "--config", config).out


def test_every_change_is_in_the_audit(sekisho: Command, config: Path, tmp_path: Path) -> None:
    """Who, when, and what: list, entry, scope, condition, end and comment; also for an import, by whoever imports."""
    where = ["--config", config]
    scoped = ["a.example", "--scope", "hanako@example.jp"]
    more = ["--expires", "2999-12-31T00:00:00Z", "--comment", "ticket 1", "--authenticated"]
    sekisho("list", "add", "allow", *scoped, *more, *where)
    sekisho("list", "remove", "allow", *scoped, *where)
    file = tmp_path / "lists.json"
    file.write_text(json.dumps({"block": [{"entry": "b.example", "author": "taro"}]}))
    sekisho("list", "import", file, *where)
    done = sekisho("quarantine", "history", "--format", "json", *where).json
    whose = "allow a.example for hanako@example.jp"
    assert [(each["operation"], each["reason"], each["note"]) for each in done] == [
        ("list_add", "block", "block b.example"),
        ("list_remove", "allow", whose),
        ("list_add", "allow", f"{whose} if authenticated until 2999-12-31T00:00:00+00:00: ticket 1"),
    ]
    assert all(each["who"] not in ("", "taro") and each["at"] for each in done)
    text = sekisho("quarantine", "history", *where).out
    assert "  removed from a list  " in text
    assert "  allow a.example for hanako@example.jp\n" in text


def test_what_changes_nothing_is_not_in_the_audit(sekisho: Command, config: Path) -> None:
    """An entry that stands already, and one that is not there."""
    where = ["--config", config]
    for _ in range(2):
        sekisho("list", "add", "block", "a.example", *where)
    assert sekisho("list", "remove", "block", "b.example", *where).status == 2
    assert len(sekisho("quarantine", "history", "--format", "json", *where).json) == 1


def test_without_a_daemon_it_says_when_it_will_hold(sekisho: Command, config: Path) -> None:
    """Nothing is waited for."""
    for words in (["add", "block", "a.example"], ["remove", "block", "a.example"]):
        done = sekisho("list", *words, "--config", config)
        assert "it holds from the daemon's next start" in done.out


@pytest.fixture
def daemon(options: StoreOptions, config: Path, port: HTTPServer) -> Iterator[ListWatch]:
    """What the daemon does for lists: its port answers, and its maintenance writes the snapshot."""
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        config.write_text(config.read_text().replace(str(port.server_port), str(server.server_port)))
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        watch = ListWatch(options, SystemClock())
        yield watch
        watch.close()
        server.shutdown()
        serving.join()


def test_with_a_daemon_it_returns_when_it_is_in_force(
    sekisho: Command, config: Path, options: StoreOptions, daemon: ListWatch
) -> None:
    """Not before the snapshot that the workers read has the change."""
    seen: list[int] = []
    stop = threading.Event()

    def turn() -> None:
        while not stop.wait(0.3):
            seen.append(snapshot.written(options))
            daemon.turn()

    maintenance = threading.Thread(target=turn)
    maintenance.start()
    try:
        for version, words in enumerate((["add", "block", "a.example"], ["remove", "block", "a.example"]), 1):
            done = sekisho("list", *words, "--config", config)
            assert done.out.rstrip().endswith("; in force")
            assert snapshot.written(options) == version
    finally:
        stop.set()
        maintenance.join()


def test_a_daemon_that_does_not_take_it_up_is_told(
    sekisho: Command, config: Path, daemon: ListWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait has an end."""
    monkeypatch.setattr("sekisho.cli.listing.WAIT_SECONDS", 0.2)
    done = sekisho("list", "add", "block", "a.example", "--config", config)
    assert (done.status, "its log says why" in done.out) == (0, True)


def test_lists_of_another_store_are_told(
    sekisho: Command, config: Path, options: StoreOptions, tmp_path: Path
) -> None:
    """After store.url is changed, config check says whose entries hold, and how they come along."""
    sekisho("list", "add", "block", "a.example", "--config", config)
    store = ListStore.open(options, SystemClock())
    snapshot.write(options, *store.entries())
    store.close()
    text = config.read_text() + f'directory = "{tmp_path}/m"\n[wire]\nsocket = "unix:{tmp_path}/s"\n'
    config.write_text(text)
    assert sekisho("config", "check", "--user", "root", "--config", config).err == ""
    config.write_text(text.replace("q.db", "other.db"))
    done = sekisho("config", "check", "--user", "root", "--config", config)
    assert (done.status, f"the 1 list entries that hold now are of {tmp_path}/q.db" in done.err) == (0, True)
    assert "sekisho store copy" in done.err
