"""A store that cannot be used: each command that needs it says which database it is, and what to do."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bad_input.scene import Scene, build, configuration
from tests.bad_input.test_table import LIBRARY_WORDS, UNSEEN, run

COMMANDS = (
    ["quarantine", "list"],
    ["quarantine", "show", "ID"],
    ["quarantine", "purge", "--older-than", "1d", "--yes"],
    ["list", "list"],
    ["list", "add", "block", "a@b.example"],
    ["store", "retention"],
    ["store", "backup", "new.db"],
    ["trace", "ID"],
)
SAID = {
    "text": ("is not a database of SQLite", "store restore BACKUP"),
    "directory": ("is a directory", "a file is needed"),
    "foreign": ("is the database of another program (it has the table songs)", "store.url"),
    "later": ("is of a newer sekisho: its tables are at version r9999", "Use the newer version again"),
    "damaged": ("is damaged", "store check"),
    "locked": ("is locked by another process for more than", "try again"),
}
OF_A_BACKUP = {"foreign": ("is no quarantine of sekisho", "")}
"""What is said instead where the store is read as any file."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return build(tmp_path_factory.mktemp("stores"))


@pytest.fixture(params=SAID)
def broken(request: pytest.FixtureRequest, scene: Scene, tmp_path: Path) -> Iterator[tuple[str, Path, Path]]:
    """The kind, the database and a configuration that names it."""
    kind, file = request.param, tmp_path / "q.db"
    config = tmp_path / "sekisho.toml"
    config.write_text(configuration(tmp_path, file), "utf-8")
    lock = None
    if kind == "directory":
        file.mkdir()
    elif kind in {"text", "foreign"}:
        shutil.copy(scene / {"text": "text", "foreign": "foreign.db"}[kind], file)
    else:
        shutil.copy(scene / "q.db", file)
        lock = sqlite3.connect(file, isolation_level=None)
        lock.execute("PRAGMA journal_mode = DELETE")
        if kind == "later":
            lock.execute("UPDATE alembic_version SET version_num = 'r9999'")
            lock.execute("ALTER TABLE entries RENAME COLUMN author TO somebody")
        elif kind == "locked":
            lock.execute("BEGIN EXCLUSIVE")
    if kind == "damaged":
        assert lock is not None
        lock.close()
        content = bytearray(file.read_bytes())
        content[100:4096] = b"\xff" * 3996
        file.write_bytes(content)
    yield kind, file, config
    if lock is not None:
        lock.close()


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(each[:2]) for each in COMMANDS])
def test_a_store_that_cannot_be_used_is_named(
    command: list[str],
    broken: tuple[str, Path, Path],
    scene: Scene,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 2 and one line: the path of the database, what is wrong with it, and what to do."""
    kind, file, config = broken
    monkeypatch.chdir(tmp_path)
    given = [scene.held if each == "ID" else each for each in command]
    status, out, err = run([*given, "--config", str(config)], monkeypatch, capsys)
    is_backup = command[:2] == ["store", "backup"]
    fact, mend = OF_A_BACKUP.get(kind, SAID[kind]) if is_backup else SAID[kind]
    lines = err.splitlines()
    assert (status, out, len(lines)) == (2, "", 1), err
    assert lines[0].startswith(f"Error: {file}")
    assert fact in lines[0]
    assert mend in lines[0] or is_backup
    assert not LIBRARY_WORDS.search(err)
    assert not UNSEEN.search(err)


@pytest.mark.parametrize(
    "command", [["pause"], ["status"], ["store", "check"], ["doctor", "--skip", "postfix"]]
)
def test_what_does_not_need_the_store_goes_on(
    command: list[str],
    broken: tuple[str, Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A pause holds and says what the audit does not have; `status`, `store check` and `doctor` report the store."""
    kind, file, config = broken
    status, out, err = run([*command, "--config", str(config)], monkeypatch, capsys)
    assert status == (0 if command == ["pause"] else 1), err
    assert not LIBRARY_WORDS.search(out + err)
    if command == ["pause"]:
        (missing,) = err.splitlines()
        assert missing.startswith(f"not in the audit ({file}: ")
        assert SAID[kind][0] in missing


def test_another_programs_database_stays_as_it_is(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No table of ours is made in it."""
    file, config = tmp_path / "q.db", tmp_path / "sekisho.toml"
    shutil.copy(scene / "foreign.db", file)
    config.write_text(configuration(tmp_path, file), "utf-8")
    assert run(["quarantine", "list", "--config", str(config)], monkeypatch, capsys)[0] == 2
    with sqlite3.connect(file) as found:
        tables = [name for (name,) in found.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found.close()
    assert tables == ["songs"]
