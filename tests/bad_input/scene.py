"""A place for bad input: a configuration with a store that has one held message, and files of every wrong kind."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tests.unit.cli.conftest import FAKE, mail, write
from tests.unit.store.kit import message, outcomes

from sekisho.clock import SystemClock
from sekisho.config import load
from sekisho.store.quarantine import Quarantine

STEERING = "\x1b[31m\x07\u202e\x9b2J"
HUGE_BYTES = 300 * 1024 * 1024
LONG = "n" * 5000  # no file may have such a name

CONFIGURATIONS = {
    "not-utf8.toml": b'mode = "\xff\xfe"\n',
    "nul.toml": b'mode = "shadow"\x00\n',
    "nul-text.toml": b'[log]\ntarget = "/var/log/a\\u0000b"\n',
    "not-toml.toml": b"mode = shadow\n",
    "wrong-type.toml": b'mode = 5\n[policy]\ntag = "high"\n',
    "unknown.toml": b"[policy]\ntagg = 5\n",
    "out-of-range.toml": b"[wire]\nworkers = 100000\n",
    "steering.toml": b'"k\\u001b[31m\\u202e" = 1\n',
    "pair.toml": b"[dns]\nservers = [\n",
    "twice.toml": b'mode = "shadow"\nmode = "enforce"\n',
    "password.toml": b'[store]\nurl = "mysql://u:geheim@h/d"\n',
}

CASES = {
    "nothing.json": b"",
    "not.json": b"{",
    "not-utf8.json": b'{"helo": "\xff"}',
    "list.json": b"[1, 2]",
    "nested.json": b"[" * 100_000,
    "digits.json": b'{"now": 1' + b"0" * 5000 + b"}",
    "now.json": b'{"now": "yesterday"}',
    "year.json": b'{"now": "0001-01-01T00:00:00+14:00"}',
    "spf.json": b'{"auth": {"spf": "passs"}}',
    "auth.json": b'{"auth": "pass"}',
    "type.json": b'{"dns": [{"name": "a.example", "type": "BOGUS", "value": "x"}]}',
    "address.json": b'{"dns": [{"name": "a.example", "type": "A", "value": "x"}]}',
    "mx.json": b'{"dns": [{"name": "a.example", "type": "MX", "value": "ten mx.example"}]}',
    "rcode.json": b'{"dns": [{"name": "a.example", "rcode": "BROKEN"}]}',
    "pair.json": b'{"dns": [{"name": "a.example", "type": "TXT", "value": "\\ud800"}]}',
    "record.json": b'{"dns": [5]}',
    "value.json": b'{"dns": [{"name": "a.example", "type": "TXT", "value": ["a"]}]}',
    "label.json": b'{"label": "\\u001b[31m"}',
    "ip.json": b'{"client_ip": "256.1.1.1"}',
}

EXPORTS = {
    "x-empty.json": b"",
    "x-not.json": b"not JSON",
    "x-list.json": b'["a@b.example"]',
    "x-other.json": b'{"brands": []}',
    "x-kind.json": b'{"block": "a@b.example"}',
    "x-entry.json": b'{"block": [{"entry": "\\u001b[31m"}]}',
    "x-key.json": b'{"block": [{"entry": "a@b.example", "expire": "2026-12-31"}]}',
    "x-utf8.json": b'{"block": ["\xff"]}',
}

REGISTRIES = {
    "r-toml": b"names = [",
    "r-type": b'id = "x"\nnames = 5\n',
    "r-key": b'id = "x"\nnames = ["X"]\nnmaes = []\n',
    "r-utf8": b'id = "\xff"\n',
}


@dataclass(frozen=True, slots=True)
class Scene:
    """The place, and the id of the held message."""

    folder: Path
    held: str

    @property
    def config(self) -> Path:
        """A configuration that is right."""
        return self.folder / "sekisho.toml"

    def __truediv__(self, name: str) -> str:
        return str(self.folder / name)


def configuration(folder: Path, store: str | Path, more: str = "") -> str:
    """A configuration with everything in one folder, and nobody listening anywhere."""
    return (
        f'mode = "enforce"\n[store]\nurl = "sqlite:///{store}"\nbusy_timeout_seconds = 0.1\n'
        f'[metrics]\nlisten = "127.0.0.1:1"\ndirectory = "{folder}/m"\n[wire]\nsocket = "unix:{folder}/m.sock"\n'
        '[dns]\nservers = ["127.0.0.1:1"]\ntimeout = 0.1\n[release]\nport = 1\n'
        '[brands]\noverlay = ""\n[vocabulary]\noverlay = ""\n' + more
    )


def build(folder: Path) -> Scene:
    """Make the place."""
    file = folder / "sekisho.toml"
    file.write_text(configuration(folder, folder / "q.db"), "utf-8")
    quarantine = Quarantine.open(load(file).store, SystemClock())
    held = quarantine.hold(message(b"bad input", "hanako@example.jp"), {}, outcomes("hanako@example.jp"))
    quarantine.close()
    write(
        folder / "cases" / "ham" / "good.eml", mail("Flowers <shop@flower.example>"), {**FAKE, "label": "ham"}
    )
    (folder / "mail.eml").write_bytes(mail("Flowers <shop@flower.example>"))
    (folder / "directory").mkdir()
    (folder / "empty.eml").write_bytes(b"")
    (folder / "text").write_text("not a database, but long enough to be looked at " * 10, "utf-8")
    with open(folder / "huge", "wb") as huge:
        huge.truncate(HUGE_BYTES)
    for name, content in (*CONFIGURATIONS.items(), *CASES.items(), *EXPORTS.items()):
        (folder / name).write_bytes(content)
    for name, content in REGISTRIES.items():
        (folder / name).mkdir()
        (folder / name / "x.toml").write_bytes(content)
    (folder / "good.json").write_text(json.dumps({"block": ["a@b.example"]}), "utf-8")
    with sqlite3.connect(folder / "foreign.db") as other:
        other.execute("CREATE TABLE songs (name TEXT)")
    other.close()
    return Scene(folder, held)
