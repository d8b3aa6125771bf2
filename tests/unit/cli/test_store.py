"""`sekisho store check | backup | restore`, as they are typed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Command
from tests.unit.store.kit import hold

from sekisho.clock import SystemClock
from sekisho.store.database import StoreLock, StoreOptions
from sekisho.store.quarantine import Quarantine

RAW = b"From: a@sender.example\r\nSubject: x\r\n\r\nbody\r\n"


@dataclass(frozen=True, slots=True)
class Site:
    directory: Path
    config: Path
    options: StoreOptions

    @property
    def database(self) -> Path:
        return self.directory / "q.db"

    def names(self) -> set[str]:
        store = Quarantine.open(self.options, SystemClock())
        try:
            return {entry.id for entry in store.list(limit=1000)}
        finally:
            store.close()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A store with two held messages, which nobody has open."""
    directory = tmp_path / "state"
    directory.mkdir()
    options = StoreOptions(url=f"sqlite:///{directory}/q.db")
    config = tmp_path / "sekisho.toml"
    config.write_text(f'[store]\nurl = "{options.url}"\n', "utf-8")
    store = Quarantine.open(options, SystemClock())
    for number in range(2):
        hold(store, RAW + b"%d" % number, ["a@ours.example", "b@ours.example"])
    store.close()
    return Site(directory, config, options)


@pytest.fixture
def daemon(site: Site) -> Iterator[StoreLock]:
    """What a daemon's process holds."""
    lock = StoreLock(site.options)
    lock.take()
    lock.mark()
    yield lock
    lock.close()


def spoil(site: Site, *statements: str) -> None:
    connection = sqlite3.connect(site.database)
    for each in statements:
        connection.execute(each)
    connection.commit()
    connection.close()


def test_a_whole_store_has_nothing_wrong(sekisho: Command, site: Site) -> None:
    """Status 0, and JSON says ok."""
    done = sekisho("store", "check", "--config", site.config)
    assert (done.status, "nothing is wrong" in done.out) == (0, True)
    shown = sekisho("store", "check", "--format", "json", "--config", site.config).json
    assert shown == {"ok": True, "store": site.options.url, "flaws": []}


FLAWS = {
    "content": "UPDATE contents SET data = X'00' WHERE rowid = 1",
    "digest": "UPDATE contents SET data = (SELECT data FROM contents WHERE rowid = 2) WHERE rowid = 1",
    "content_without_entry": "DELETE FROM entries WHERE rowid = 1",
    "entry_without_content": "DELETE FROM contents WHERE rowid = 1",
    "recipient_without_entry": "UPDATE recipients SET entry_id = 'x' WHERE id = 1",
    "entry_without_recipient": "DELETE FROM recipients WHERE id < 3",
    "schema": "UPDATE alembic_version SET version_num = 'r0001'",
    "foreign_key": "DELETE FROM contents WHERE rowid = 1",
}


@pytest.mark.parametrize("code", FLAWS)
def test_each_flaw_has_its_code(sekisho: Command, site: Site, code: str) -> None:
    """Status 1 and a code for whatever is wrong inside; rows that break a key are found as both."""
    spoil(site, FLAWS[code])
    done = sekisho("store", "check", "--format", "json", "--config", site.config)
    assert done.status == 1
    codes = {each["code"] for each in done.json["flaws"]}
    if code in {"entry_without_content", "recipient_without_entry", "content_without_entry"}:
        assert codes & {code, "foreign_key"}
    else:
        assert code in codes


def test_a_damaged_page_is_found(sekisho: Command, site: Site) -> None:
    """By SQLite's own check, without a traceback."""
    size = site.database.stat().st_size
    with site.database.open("r+b") as stream:
        stream.seek(4096 * 3)
        stream.write(os.urandom(size - 4096 * 4))
    done = sekisho("store", "check", "--format", "json", "--config", site.config)
    assert done.status == 1
    assert {each["code"] for each in done.json["flaws"]} & {"integrity", "unreadable"}


def test_owner_and_mode_are_looked_at(sekisho: Command, site: Site) -> None:
    """A database that others may read, and one that is not the directory's owner's."""
    site.database.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(site.database, 12345, 12345)
    done = sekisho("store", "check", "--format", "json", "--config", site.config)
    codes = {each["code"] for each in done.json["flaws"]} if done.out else {"owner"}
    assert codes >= ({"owner"} if os.geteuid() == 0 else {"mode"})


def test_a_store_that_vanished_is_not_one_that_never_was(
    sekisho: Command, site: Site, daemon: StoreLock
) -> None:
    """The text says which."""
    site.database.unlink()
    assert "was there and is gone" in sekisho("store", "check", "--config", site.config).out
    assert not site.database.exists()


def test_nothing_is_wrong_with_a_store_that_never_was(sekisho: Command, tmp_path: Path) -> None:
    """In shadow nothing is held, so there is no database: status 0, and none is made."""
    config = tmp_path / "sekisho.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/q.db"\n', "utf-8")
    done = sekisho("store", "check", "--config", config)
    assert (done.status, "nothing was ever stored" in done.out) == (0, True)
    assert sekisho("store", "check", "--format", "json", "--config", config).json["ok"] is True
    assert list(tmp_path.iterdir()) == [config]


def test_a_copy_does_not_tell_to_mend_an_option_that_it_does_not_use(sekisho: Command, site: Site) -> None:
    """FROM and TO are what was typed."""
    for words in (
        (site.database, "postgresql://sekisho@127.0.0.1:1/mail"),
        (site.config, site.directory / "new.db"),
    ):
        done = sekisho("store", "copy", *words, "--config", site.config)
        assert done.status == 2
        assert "FROM or TO" in done.err
        assert "store.url" not in done.err


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as another user")


@needs_root
def test_a_copy_that_may_not_be_written_names_what_was_typed(sekisho: Command, site: Site) -> None:
    """TO, the owner of its directory, as whom the command acts, and the command that mends it; no hidden file."""
    os.chown(site.directory, 12345, 12345)
    os.chown(site.database, 12345, 12345)
    for each in (site.directory.parent, *site.directory.parent.parents):
        each.chmod(each.stat().st_mode | 0o011)
    for name, said in (
        ("new", "its directory belongs to root, and #12345"),
        ("none", "its directory is not there"),
    ):
        target = site.directory.parent / name / "q.db"
        if name == "new":
            target.parent.mkdir()
        done = sekisho("store", "copy", site.database, target, "--config", site.config)
        assert done.status == 2
        assert done.err.startswith(f"Error: TO: {target}: {said}")
        assert str(target.parent) in done.err.rpartition(": ")[2]
        assert ".lock" not in done.err
    os.chown(site.directory.parent / "new", 12345, 12345)
    target = site.directory.parent / "new" / "q.db"
    assert sekisho("store", "copy", site.database, target, "--config", site.config).status == 0
    assert {each.stat().st_uid for each in target.parent.iterdir()} == {12345}


@needs_root
def test_who_only_reads_needs_no_owner(sekisho: Command, site: Site, tmp_path: Path) -> None:
    """A directory of root with the daemon's database in it, and one with nothing: no command that reads refuses, and
    nothing there becomes root's."""
    os.chown(site.database, 12345, 12345)
    reading = (
        ("list", "list"),
        ("list", "export"),
        ("quarantine", "list"),
        ("quarantine", "history"),
        ("store", "retention"),
        ("status",),
    )
    for words in reading:
        done = sekisho(*words, "--config", site.config)
        assert "belongs to root" not in done.err
        assert done.status == (1 if words == ("status",) else 0), done.err
    assert {each.stat().st_uid for each in site.directory.iterdir()} == {12345}
    assert "chown 12345:" in sekisho("list", "add", "block", "a@x.example", "--config", site.config).err
    empty = tmp_path / "empty"
    empty.mkdir()
    site.config.write_text(f'[store]\nurl = "sqlite:///{empty}/q.db"\n', "utf-8")
    assert "there are no entries" in sekisho("list", "list", "--config", site.config).out
    assert sekisho("list", "export", "--config", site.config).json["version"] == 0
    assert list(empty.iterdir()) == []
    done = sekisho("list", "add", "block", "a@x.example", "--config", site.config)
    assert (done.status, "belongs to root" in done.err) == (2, True)


def test_a_backup_is_one_whole_private_file(sekisho: Command, site: Site) -> None:
    """Made while a writer has the store open; a second one to the same name is refused."""
    store = Quarantine.open(site.options, SystemClock())
    name = hold(store, RAW + b"not yet in the database file", ["a@ours.example"])
    target = site.directory.parent / "copy.db"
    assert sekisho("store", "backup", target, "--config", site.config).status == 0
    assert sorted(target.parent.glob("*copy.db*")) == [target]
    assert target.stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(f"file:{target}?mode=ro&immutable=1", uri=True)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert (name,) in connection.execute("SELECT id FROM entries").fetchall()
    connection.close()
    store.close()
    before = target.read_bytes()
    again = sekisho("store", "backup", target, "--config", site.config)
    assert (again.status, "exists" in again.err) == (2, True)
    assert target.read_bytes() == before


def test_a_backup_of_a_damaged_store_is_refused(sekisho: Command, site: Site) -> None:
    """Better no backup than one that is none: nothing gets the name."""
    spoil(site, "DELETE FROM contents WHERE rowid = 1")
    target = site.directory.parent / "copy.db"
    done = sekisho("store", "backup", target, "--config", site.config)
    assert (done.status, "damaged" in done.err) == (2, True)
    assert list(target.parent.glob("*copy.db*")) == []


def test_a_restore_brings_the_backup_back_and_keeps_the_other(sekisho: Command, site: Site) -> None:
    """Owner as before, and closed to others whatever the mode was; what was there is under a dated name, whole."""
    backup = site.directory.parent / "copy.db"
    assert sekisho("store", "backup", backup, "--config", site.config).status == 0
    before = site.names()
    store = Quarantine.open(site.options, SystemClock())
    later = hold(store, RAW + b"later", ["a@ours.example"])
    store.close()
    site.database.chmod(0o640)
    done = sekisho("store", "restore", backup, "--config", site.config)
    assert done.status == 0, done.err
    found = site.database.stat()
    assert found.st_mode & 0o777 == 0o600
    assert found.st_uid == site.directory.stat().st_uid
    assert site.names() == before
    (kept,) = site.directory.glob("q.db.2*Z")
    with closing(sqlite3.connect(kept)) as connection:
        assert (later,) in connection.execute("SELECT id FROM entries").fetchall()
    assert list(site.directory.glob(".q.db.restoring*")) == []


def test_a_store_behind_a_link_stays_there(sekisho: Command, site: Site, tmp_path: Path) -> None:
    """The database's path is a link to another disk: a backup and a restore leave it one, and lose nothing."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    real = site.database.rename(elsewhere / "real.db")
    site.database.symlink_to(real)
    before = site.names()
    copy = tmp_path / "copy.db"
    assert sekisho("store", "backup", copy, "--config", site.config).status == 0
    done = sekisho("store", "restore", copy, "--config", site.config)
    assert done.status == 0, done.err
    assert site.database.is_symlink()
    assert site.database.resolve() == real
    assert site.names() == before
    assert sekisho("store", "check", "--config", site.config).status == 0


def test_a_copy_with_its_log_is_restored_with_what_is_in_the_log(
    sekisho: Command, site: Site, daemon: StoreLock
) -> None:
    """A plain copy of a killed daemon's files is a backup, too."""
    daemon.close()
    store = Quarantine.open(site.options, SystemClock())
    name = hold(store, RAW + b"in the log only", ["a@ours.example"])
    copy = site.directory.parent / "plain.db"
    for end in ("", "-wal"):
        shutil.copy(f"{site.database}{end}", f"{copy}{end}")
    store.close()
    site.database.unlink()
    assert sekisho("store", "restore", copy, "--config", site.config).status == 0
    assert name in site.names()


def test_a_restore_refuses_while_a_daemon_runs(sekisho: Command, site: Site, daemon: StoreLock) -> None:
    """Whatever became of the database; the command that stops the daemon is named."""
    backup = site.directory.parent / "copy.db"
    assert sekisho("store", "backup", backup, "--config", site.config).status == 0
    for _ in range(2):
        done = sekisho("store", "restore", backup, "--config", site.config)
        assert (done.status, "systemctl stop" in done.err) == (2, True)
        site.database.unlink(missing_ok=True)
    assert not site.database.exists()
    daemon.close()
    assert sekisho("store", "restore", backup, "--config", site.config).status == 0


@pytest.mark.parametrize("what", ["text", "empty", "foreign", "newer", "cut", "missing", "itself"])
def test_what_is_no_whole_quarantine_is_not_restored(sekisho: Command, site: Site, what: str) -> None:
    """Refused before anything is touched."""
    source = site.directory.parent / "source.db"
    assert sekisho("store", "backup", source, "--config", site.config).status == 0
    if what == "text":
        source.write_bytes(b"no database " * 1000)
    elif what == "empty":
        source.write_bytes(b"")
    elif what == "foreign":
        source.unlink()
        with closing(sqlite3.connect(source, isolation_level=None)) as connection:
            connection.execute("CREATE TABLE other (x)")
    elif what == "newer":
        with closing(sqlite3.connect(source, isolation_level=None)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
            connection.execute("ALTER TABLE entries RENAME COLUMN author TO somebody")
    elif what == "cut":
        os.truncate(source, source.stat().st_size // 2)
    elif what == "missing":
        source.unlink()
    else:
        source = site.database
    before, content = site.names(), site.database.read_bytes()
    done = sekisho("store", "restore", source, "--config", site.config)
    assert done.status == 2
    assert done.err
    assert site.database.read_bytes() == content
    assert site.names() == before
    assert list(site.directory.glob("q.db.2*")) == []


@pytest.mark.parametrize(("command", "program"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_postgresql_says_how_and_does_not_pretend(
    sekisho: Command, tmp_path: Path, command: str, program: str
) -> None:
    """The command with the URL on standard output; status 2, so that no timer believes in a backup."""
    config = tmp_path / "sekisho.toml"
    config.write_text('[store]\nurl = "postgresql://sekisho@db.example/mail"\n', "utf-8")
    done = sekisho("store", command, tmp_path / "copy", "--config", config)
    assert done.status == 2
    assert program in done.out
    assert "postgresql://sekisho@db.example/mail" in done.out


WITHOUT = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"psycopg", "psycopg2"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
sys.modules.pop("psycopg", None)
from sekisho.cli import main
main()
"""
COMMANDS = [
    ["config", "check", "--user", "root"],
    ["serve"],
    ["quarantine", "list"],
    ["list", "add", "allow", "a@x.example"],
    ["list", "list"],
    ["quarantine", "release", "01KJMMA2G0X79C7QDB39JNVZAD"],
    ["trace", "01KJMMA2G0X79C7QDB39JNVZAD"],
]


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_postgresql_without_psycopg_is_an_error_in_words(tmp_path: Path, words: list[str]) -> None:
    """Each command names the package to install, with status 2 and without a traceback."""
    config = tmp_path / "sekisho.toml"
    config.write_text('[store]\nurl = "postgresql://sekisho@db.example/mail"\n', "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *words, "--config", str(config)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "sekisho[postgresql]" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


def test_a_copy_says_what_it_copied_and_what_comes_next(sekisho: Command, site: Site) -> None:
    """A path or a URL; the lines name the counts, the command that switches, and the files that stay behind."""
    (site.directory / "guard").touch()
    target = site.directory.parent / "new"
    target.mkdir()
    done = sekisho("store", "copy", site.database, f"sqlite:///{target}/q.db", "--config", site.config)
    assert done.status == 0, done.err
    first, second, third = done.out.splitlines()
    assert "2 entries" in first
    assert "4 recipients" in first
    assert second == f"next: sekisho config set store.url sqlite:///{target}/q.db"
    assert third.endswith(f"cp -a {site.directory}/guard {target}")
    before = site.names()
    site.config.write_text(f'[store]\nurl = "sqlite:///{target}/q.db"\n', "utf-8")
    assert sekisho("store", "check", "--config", site.config).status == 0
    assert Site(target, site.config, StoreOptions(url=f"sqlite:///{target}/q.db")).names() == before
    again = sekisho("store", "copy", site.database, target / "q.db", "--config", site.config)
    assert (again.status, "is not empty" in again.err) == (2, True)


@pytest.mark.parametrize(
    "place", ["postgresql://u:geheim7@h/d", "mysql://h/d", "postgresql://h/d?password=geheim7"]
)
def test_what_names_no_store_is_not_copied(sekisho: Command, site: Site, place: str) -> None:
    """Status 2, which of the two it was, and no password."""
    for words, name in (([place, site.database], "FROM"), ([site.database, place], "TO")):
        done = sekisho("store", "copy", *words, "--config", site.config)
        assert done.status == 2
        assert f"{name}: must" in done.err
        assert "geheim7" not in done.err


def test_a_password_file_is_read_where_the_command_was_typed(
    sekisho: Command, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot be read is named, though files need no password, and nothing is copied."""
    monkeypatch.chdir(site.directory)
    for secret, fact in (("none", "No such file"), ("open", "others may read it"), ("closed", "")):
        if secret != "none":
            Path(secret).write_text("geheim7\n", "utf-8")
            Path(secret).chmod({"open": 0o604, "closed": 0o600}[secret])
        words = ("store", "copy", site.database, "new.db", "--password-file", secret)
        done = sekisho(*words, "--config", site.config)
        assert (done.status, Path("new.db").exists()) == ((2, False) if fact else (0, True)), done.err
        if fact:
            assert f"--password-file: {site.directory / secret}: {fact}" in done.err


def test_a_store_that_a_newer_version_has_only_added_to_is_backed_up_and_restored(
    sekisho: Command, site: Site
) -> None:
    """As the daemon of this version runs on it, so its backups go on."""
    spoil(site, "UPDATE alembic_version SET version_num = 'r9999'")
    before, target = site.names(), site.directory.parent / "copy.db"
    for words in (("backup", target), ("restore", target)):
        done = sekisho("store", *words, "--config", site.config)
        assert done.status == 0, done.err
    assert site.names() == before


def test_a_damaged_message_is_named_by_the_copy(sekisho: Command, site: Site) -> None:
    """Status 1: it was copied as it is."""
    spoil(site, FLAWS["content"])
    done = sekisho("store", "copy", site.database, site.directory / "new.db", "--config", site.config)
    assert (done.status, "damaged already" in done.err) == (1, True)
