"""`sekisho list`, as it is typed: what is refused, what the audit has, and when a change is in force."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Command

from sekisho.cli import listing
from sekisho.clock import SystemClock
from sekisho.runtime_changes import ListWatch
from sekisho.store.database import StoreLock, StoreOptions
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
    assert (
        "3 added, 0 changed, 0 unchanged"
        in sekisho("list", "import", file, "--force", "--config", config).out
    )


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
        assert done.out.endswith("; the daemon does not run: in force from its start\n")


def test_without_the_metrics_port_the_lock_says_that_the_daemon_runs(
    sekisho: Command, config: Path, options: StoreOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is waited for, as if the port answered."""
    monkeypatch.setattr(listing, "WAIT_SECONDS", 0.1)
    lock = StoreLock(options)
    lock.take()
    done = sekisho("list", "add", "block", "a.example", "--config", config)
    lock.close()
    assert "has not taken it up" in done.out


def test_what_is_replaced_is_said(sekisho: Command, config: Path) -> None:
    """With all that the entry before said; the same entry again changes nothing."""
    add = ["list", "add", "allow", "z.example", "--authenticated"]
    assert "z.example added to allow; " in sekisho(*add, "--comment", "one", "--config", config).out
    assert "z.example is already on allow; " in sekisho(*add, "--comment", "one", "--config", config).out
    done = sekisho(*add, "--expires", "2999-12-31", "--config", config)
    assert 'z.example replaced on allow (was: authenticated, "one", by ' in done.out
    shown = sekisho("list", "list", "--format", "json", "--config", config).json["entries"]
    assert [(each["entry"], each["comment"]) for each in shown] == [("z.example", "")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["--authenticated"], []),
        (["--dkim", "a.example"], ["--dkim", "b.example"]),
        (["--dkim", "a.example"], []),
    ],
)
def test_a_condition_is_dropped_only_by_force(
    sekisho: Command, config: Path, tmp_path: Path, before: list[str], after: list[str]
) -> None:
    """By `add` and by `import`; nothing is changed. A narrower condition, and one of an expired entry, need none."""
    add = ["list", "add", "allow", "z.example", "--config", config]
    assert sekisho(*add, *before).status == 0
    done = sekisho(*add, *after)
    assert (done.status, "z.example: stands there with the condition" in done.err) == (2, True)
    file = tmp_path / "lists.json"
    file.write_text('{"allow": ["z.example"]}')
    done = sekisho("list", "import", file, "--config", config)
    assert (done.status, f"{file}: allow: z.example: stands there with" in done.err) == (2, True)
    assert sekisho("list", "list", "--format", "json", "--config", config).json["version"] == 1
    assert sekisho(*add, "--dkim", "mail.a.example", "--authenticated").status == 0
    assert sekisho(*add, *after, "--force").status == 0
    assert sekisho(*add, "--authenticated", "--expires", "2020-01-01", "--force").status == 0
    assert sekisho(*add, *after).status == 0


def test_an_entry_of_the_configuration_counts_too(sekisho: Command, config: Path) -> None:
    """Its condition is dropped only by force, and `remove` says that it is still there."""
    entry = '[lists]\nallow = [{entry = "z.example", authenticated = true}]\n'
    config.write_text(config.read_text("utf-8") + entry, "utf-8")
    done = sekisho("list", "add", "allow", "z.example", "--config", config)
    assert (done.status, "the condition authenticated" in done.err) == (2, True)
    assert sekisho("list", "add", "allow", "z.example", "--force", "--config", config).status == 0
    done = sekisho("list", "remove", "allow", "z.example", "--config", config)
    assert done.out.endswith("\nit still stands on allow in the configuration: take it out there, too\n")


def test_an_import_counts_what_it_did(sekisho: Command, config: Path, tmp_path: Path) -> None:
    """Added, changed and unchanged are all of the file."""
    for entry in ("a.example", "b.example"):
        sekisho("list", "add", "block", entry, "--config", config)
    file = tmp_path / "lists.json"
    exported = sekisho("list", "export", "--config", config).json
    exported["block"][1]["comment"] = "why"
    exported["block"].append("c.example")
    file.write_text(json.dumps(exported))
    done = sekisho("list", "import", file, "--config", config)
    assert "version 3: 1 added, 1 changed, 1 unchanged; " in done.out


def test_an_entry_on_both_lists_is_said(sekisho: Command, config: Path, tmp_path: Path) -> None:
    """Of the store and of the configuration, whichever comes second; other recipients are another matter."""
    config.write_text(config.read_text() + '[lists]\nblock = [".cn"]\n')
    note = "on allow and on block: {}: allow has priority"
    first = sekisho("list", "add", "block", "a.example", "--scope", "x.example", "--config", config)
    assert "priority" not in first.out
    for words, said in (
        (["a.example", "--scope", "y.example"], False),
        (["a.example"], True),
        ([".CN", "--force"], True),
    ):
        done = sekisho("list", "add", "allow", *words, "--config", config)
        assert (note.format(words[0]) in done.out) == said
    file = tmp_path / "lists.json"
    file.write_text('{"block": ["a.example", "b.example"]}')
    assert note.format("a.example") in sekisho("list", "import", file, "--config", config).out


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
