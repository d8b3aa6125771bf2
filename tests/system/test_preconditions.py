"""`config check` and `serve` agree: what the daemon needs before it can serve, taken from it one by one."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lab.place import end_process, free_port, wait_until
from lab.program import USER, Program, as_user, program
from lab.sekisho import Sekisho, to_toml
from tests.slices import sliced

UID = pwd.getpwnam(USER).pw_uid


@dataclass
class Home:
    """A place in which the daemon can serve, and what is taken from it."""

    directory: Path
    program: Program
    groups: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.directory / "etc" / "sekisho.toml"

    def lay_out(self) -> None:
        for name in ("etc", "run", "log", "store", "metrics", "keys", "brands.d", "vocabulary.d"):
            (self.directory / name).mkdir(parents=True)
            os.chown(self.directory / name, UID, -1)
        key = self.directory / "keys" / "key"
        key.write_bytes(bytes(range(32)))
        os.chown(key, UID, -1)
        key.chmod(0o600)
        self.groups = {
            "mode": "enforce",
            "wire": {"socket": f"unix:{self.directory}/run/m.sock", "workers": 1, "drain_timeout": 1},
            "store": {"url": f"sqlite:///{self.directory}/store/q.db"},
            "metrics": {"listen": f"127.0.0.1:{free_port()}", "directory": f"{self.directory}/metrics/m"},
            "log": {"target": f"{self.directory}/log/log"},
            "journal": {"key_file": str(key)},
            "brands": {"overlay": f"{self.directory}/brands.d"},
            "vocabulary": {"overlay": f"{self.directory}/vocabulary.d"},
            "dns": {"servers": ["127.0.0.1:1"]},
        }

    def set(self, group: str, **options: object) -> None:
        self.groups[group] = {**self.groups[group], **options}

    def write(self) -> None:
        self.config.write_text(to_toml(self.groups))
        self.config.chmod(0o644)

    def check(self) -> subprocess.CompletedProcess[str]:
        """As root, which looks as the daemon's user."""
        return subprocess.run(
            self.program.command("config", "check", "--config", str(self.config), "--user", USER),
            env=dict(self.program.environment), capture_output=True, text=True, check=False,
        )  # fmt: skip

    def serve(self) -> tuple[int | None, list[str]]:
        """The daemon's status and words; None if it serves, and is then ended."""
        words = self.directory / "stderr"
        with words.open("wb") as stream:
            process = subprocess.Popen(
                self.program.command("serve", "--config", str(self.config)),
                env=dict(self.program.environment), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                start_new_session=True, **as_user(),
            )  # type: ignore[call-overload] # fmt: skip
        port = int(str(self.groups["metrics"]["listen"]).rpartition(":")[2])
        daemon = Sekisho(self.directory, metrics_port=port)
        try:
            wait_until(
                lambda: process.poll() is not None or daemon.health("readyz") == 200, "it serves or ends", 120
            )
            status = process.poll()
        finally:
            end_process(process.pid, 60)
            process.wait()
        text = words.read_text()
        words.unlink()
        return status, text.splitlines()

    def files(self) -> dict[str, tuple[int, int]]:
        """All that is there, with mode and size."""
        found = sorted(self.directory.rglob("*"))
        return {str(each): (each.lstat().st_mode, each.lstat().st_size) for each in found}


@pytest.fixture
def home(place: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    directory = place / f"h{abs(hash(request.node.name)) % 10**8}"
    made = Home(directory, program(place))
    made.lay_out()
    yield made
    for each in directory.rglob("*"):
        if each.is_dir() and not each.is_symlink():
            each.chmod(0o755)
    shutil.rmtree(directory)


def gone(name: str) -> Callable[[Home], None]:
    return lambda home: shutil.rmtree(home.directory / name)


def of_root(name: str, mode: int = 0o755) -> Callable[[Home], None]:
    def take(home: Home) -> None:
        os.chown(home.directory / name, 0, 0)
        (home.directory / name).chmod(mode)

    return take


def left(name: str, content: bytes = b"", mode: int = 0o600) -> Callable[[Home], None]:
    """A file of root's at that place."""

    def put(home: Home) -> None:
        file = home.directory / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)

    return put


def folder(name: str) -> Callable[[Home], None]:
    return lambda home: (home.directory / name).mkdir()


def link(name: str) -> Callable[[Home], None]:
    return lambda home: (home.directory / name).symlink_to("elsewhere")


def option(group: str, **options: object) -> Callable[[Home], None]:
    return lambda home: home.set(group, **options)


TAKEN: dict[str, tuple[Callable[[Home], None], str]] = {
    "log directory missing": (gone("log"), "log.target: "),
    "log directory closed": (of_root("log"), "log.target: "),
    "log of root's": (left("log/log"), "log.target: "),
    "log is a folder": (folder("log/log"), "log.target: "),
    "key missing": (gone("keys"), "journal.key_file: "),
    "key of root's": (of_root("keys/key", 0o600), "journal.key_file: "),
    "key short": (left("keys/key", b"short", 0o644), "journal.key_file: "),
    "key open": (left("keys/key", bytes(32), 0o644), "journal.key_file: "),
    "overlay missing": (gone("brands.d"), "brands.overlay: "),
    "overlay closed": (of_root("brands.d", 0o700), "{home}/brands.d: Permission denied"),
    "brand file of root's": (left("brands.d/x.toml"), "{home}/brands.d/x.toml: Permission denied"),
    "words missing": (gone("vocabulary.d"), "vocabulary.overlay: "),
    "words closed": (of_root("vocabulary.d", 0o700), "{home}/vocabulary.d: Permission denied"),
    "words of root's": (left("vocabulary.d/x.toml"), "{home}/vocabulary.d/x.toml: Permission denied"),
    "providers of root's": (
        left("vocabulary.d/providers.toml"),
        "{home}/vocabulary.d/providers.toml: Permission denied",
    ),
    "metrics directory closed": (of_root("metrics"), "metrics.directory: "),
    "metrics directory is a file": (left("metrics/m"), "metrics.directory: "),
    "metrics of root's": (left("metrics/m/0.lock"), "metrics.directory: "),
    "store directory missing": (gone("store"), "store.url: "),
    "store directory closed": (of_root("store"), "store.url: "),
    "guard of root's": (left("store/guard"), "store.url: "),
    "guard of something else": (
        left("store/guard", b"something " * 1000, 0o666),
        "store.url: the guard's file",
    ),
    "guard is a link": (link("store/guard"), "store.url: "),
    "failed of root's": (left("store/failed"), "store.url: "),
    "failed elsewhere": (option("wire", failure_memory="/none/failed"), "wire.failure_memory: "),
    "database of root's": (left("store/q.db"), "store.url: "),
    "socket directory missing": (gone("run"), "wire.socket: "),
    "socket directory closed": (of_root("run"), "wire.socket: "),
    "socket is a file": (left("run/m.sock"), "wire.socket: "),
    "socket group unknown": (option("wire", socket_group="no-such-group"), "wire.socket_group: "),
    "socket group of others": (option("wire", socket_group="postfix"), "wire.socket_group: "),
    "address of another machine": (option("wire", socket="inet:9999@192.0.2.1"), "wire.socket: "),
    "metrics of another machine": (option("metrics", listen="192.0.2.1:9119"), "metrics.listen: "),
    "people missing": (option("site", people_file="/none/people"), "/none/people"),
}


def test_where_nothing_is_taken_both_are_content(home: Home) -> None:
    """Check says ok, names the user, and leaves nothing behind; serve serves."""
    home.write()
    before = home.files()
    done = home.check()
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"configuration: {home.config}: ok for user {USER} (--user)\n",
        "",
    )
    assert home.files() == before
    assert home.serve() == (None, [])
    assert home.check().returncode == 0  # with all the files that the daemon has made


@pytest.mark.parametrize("name", sliced(TAKEN, 5))
def test_what_is_taken_is_said_by_both(home: Home, name: str) -> None:
    """Check, as root, finds for the daemon's user what serve ends of as that user: the same words, and status 2."""
    take, begins = TAKEN[name]
    home.groups.setdefault("site", {})
    take(home)
    home.write()
    before = home.files()
    done = home.check()
    assert home.files() == before
    status, words = home.serve()
    assert (done.returncode, status) == (2, 2), done.stdout + done.stderr
    said = done.stderr.splitlines()
    assert said[0].startswith(f"as user {USER} (")
    assert said[1:] == words
    wanted = begins.format(home=home.directory)
    assert any(wanted in line for line in words), said


def test_a_file_that_only_root_can_read_is_found(home: Home) -> None:
    """A configuration of mode 0600 and root's: root reads it, the daemon does not."""
    home.write()
    home.config.chmod(0o600)
    done = home.check()
    status, words = home.serve()
    assert (done.returncode, status) == (2, 2)
    assert (
        words
        == [f"{home.config}: Permission denied: user {USER} needs the right to it"]
        == done.stderr.splitlines()[1:]
    )


def test_all_faults_are_said_at_once(home: Home) -> None:
    """Several things missing are several lines, each with file and key."""
    for name in ("log", "keys", "run", "brands.d", "vocabulary.d"):
        shutil.rmtree(home.directory / name)
    home.write()
    said = home.check().stderr.splitlines()[1:]
    keys = [line.removeprefix(f"{home.config}: ").partition(":")[0] for line in said]
    assert keys == ["log.target", "journal.key_file", "brands.overlay", "vocabulary.overlay", "wire.socket"]
    assert home.serve() == (2, said)


def test_a_taken_socket_is_no_fault_of_the_configuration(home: Home) -> None:
    """The daemon at work does not stand in the way of a check of its own file."""
    home.write()
    process = subprocess.Popen(
        home.program.command("serve", "--config", str(home.config)),
        env=dict(home.program.environment), stderr=subprocess.DEVNULL, start_new_session=True, **as_user(),
    )  # type: ignore[call-overload] # fmt: skip
    try:
        wait_until((home.directory / "run/m.sock").exists, "it listens", 120)
        assert home.check().returncode == 0
    finally:
        end_process(process.pid, 60)
        process.wait()
