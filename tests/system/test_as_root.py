"""Commands that root gives beside a daemon of another user: nothing that the daemon needs is root's."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.place import wait_until
from lab.program import USER, program
from lab.sekisho import Sekisho
from tests.slices import sliced

ENTRY = '{"allow": [{"entry": "c@x.example"}], "block": []}'


class Root:
    """Root's shell beside a daemon's configuration."""

    def __init__(self, place: Path, sekisho: Sekisho) -> None:
        self.sekisho = sekisho
        self.home = place / "root"
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(mode=0o700)

    def type(self, *words: str, standard_input: str = "") -> subprocess.CompletedProcess[str]:
        assert self.sekisho.program is not None
        return subprocess.run(
            self.sekisho.program.command(*words, "--config", str(self.sekisho.config)),
            env=self.sekisho.program.environment,
            cwd=self.home,
            input=standard_input,
            capture_output=True,
            text=True,
            check=False,
        )

    def strangers(self) -> list[str]:
        """What lies in the daemon's directory and is not the daemon's."""
        uid = pwd.getpwnam(USER).pw_uid
        lab = {self.sekisho.directory / name for name in ("sekisho.toml", "stderr", "lab.pid")}
        found = [each for each in self.sekisho.directory.rglob("*") if each not in lab]
        return [str(each) for each in found if each.lstat().st_uid != uid]


@pytest.fixture
def root(place: Path) -> Iterator[Root]:
    """A daemon that was configured and never started; its directory is an unprivileged user's."""
    sekisho = Sekisho(place, name="rooted")
    shutil.rmtree(sekisho.directory, ignore_errors=True)
    sekisho.program = program(place)
    sekisho.configure()
    yield Root(place, sekisho)
    sekisho.stop()


COMMANDS = [
    ("list", "add", "allow", "a@x.example"),
    ("list", "remove", "allow", "a@x.example"),
    ("list", "add", "block", "b@x.example"),
    ("list", "import", "-"),
    ("list", "list"),
    ("list", "export"),
    ("pause", "--for", "1m"),
    ("resume",),
    ("store", "check"),
    ("quarantine", "list"),
    ("quarantine", "history"),
    ("quarantine", "purge", "--older-than", "1d", "--yes"),
    ("trace", "4XyZ123AbC"),
    ("doctor", "--skip", "postfix", "--skip", "dns"),
    ("config", "check"),
]


def test_roots_first_commands_leave_a_store_that_the_daemon_can_use(root: Root) -> None:
    """Each command that may open or make something, before the daemon's first start and after it: every file is the
    daemon's, whose store works."""
    for words in COMMANDS:
        done = root.type(*words, standard_input=ENTRY)
        assert "Traceback" not in done.stderr, (words, done.stderr)
        assert root.strangers() == [], words
    assert root.sekisho.store.exists()
    root.sekisho.start()
    wait_until((root.sekisho.directory / "lists.json").exists, "the lists are in force")
    for words in COMMANDS:
        assert "Traceback" not in root.type(*words, standard_input=ENTRY).stderr, words
    assert root.strangers() == []
    assert "version" in root.sekisho.cli("list", "add", "block", "d@x.example")
    assert root.sekisho.cli("store", "check")
    assert "the quarantine cannot be counted" not in root.sekisho.last_words()


@pytest.mark.parametrize("command", sliced(map(" ".join, COMMANDS[:9]), 3))
def test_any_command_may_be_the_first(root: Root, command: str) -> None:
    """Whichever comes first makes nothing of root's."""
    assert "Traceback" not in root.type(*command.split(), standard_input=ENTRY).stderr
    assert root.strangers() == []


HOLD = """
import sys
from sekisho.clock import SystemClock
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine
from tests.unit.store.kit import hold
store = Quarantine.open(StoreOptions(url=sys.argv[1]), SystemClock())
print(hold(store, b"Subject: x\\r\\n\\r\\nbody\\r\\n", ["a@x"]))
"""


def test_what_root_asks_for_is_roots_and_the_backup_the_daemons(root: Root) -> None:
    """An exported message lies in a directory of root's alone; so may a backup, which only the daemon's user and root
    can read; a restore leaves everything the daemon's."""
    root.type("list", "add", "allow", "a@x.example")
    done = subprocess.run(
        [sys.executable, "-c", HOLD, f"sqlite:///{root.sekisho.store}"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
        capture_output=True,
        text=True,
        check=True,
    )
    record = done.stdout.strip()
    mail = root.home / "mail.eml"
    assert root.type("quarantine", "export", record, "--output", "mail.eml").returncode == 0
    assert (mail.stat().st_uid, stat.S_IMODE(mail.stat().st_mode)) == (0, 0o600)
    made = root.type("store", "backup", "copy.db")
    assert made.returncode == 0, made.stderr
    copy = (root.home / "copy.db").stat()
    assert (copy.st_uid, stat.S_IMODE(copy.st_mode)) == (pwd.getpwnam(USER).pw_uid, 0o600)
    back = root.type("store", "restore", "copy.db")
    assert back.returncode == 0, back.stderr
    assert root.strangers() == []
    root.sekisho.start()
    assert [row["id"] for row in root.sekisho.quarantine()] == [record]


def test_a_backup_in_the_daemons_own_directory_is_made_with_its_rights(root: Root) -> None:
    """Its user could put a link in the place of a name there. So root makes nothing in it that this user could not."""
    root.type("list", "add", "allow", "a@x.example")
    backups = root.sekisho.directory / "backups"
    backups.mkdir()
    uid = pwd.getpwnam(USER).pw_uid
    os.chown(backups, uid, -1)
    assert root.type("store", "backup", str(backups / "1.db")).returncode == 0
    assert root.strangers() == []
    backups.chmod(0o500)
    done = root.type("store", "backup", str(backups / "2.db"))
    assert done.returncode == 2
    assert "Permission denied" in done.stderr
    assert [each.name for each in backups.iterdir()] == ["1.db"]


def test_a_directory_of_roots_is_refused_with_what_to_type(root: Root) -> None:
    """Nobody knows then as which user the daemon runs: nothing is made, and the command to type is named."""
    os.chown(root.sekisho.directory, 0, 0)
    before = sorted(root.sekisho.directory.iterdir())
    for words in (("list", "add", "allow", "a@x.example"), ("pause",)):
        done = root.type(*words)
        assert done.returncode == 2
        assert "chown" in done.stderr
    assert sorted(root.sekisho.directory.iterdir()) == before


def test_root_does_not_run_the_daemon_on_another_users_directory(root: Root) -> None:
    """It would leave files that the daemon cannot write: the command that is right is named."""
    done = root.type("serve")
    assert done.returncode == 2
    assert f"runuser -u {USER} -- sekisho serve" in done.stderr
    assert root.strangers() == []
