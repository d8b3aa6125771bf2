"""`sekisho quarantine purge`: nothing is destroyed unless somebody said so."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Command
from tests.unit.store.kit import message, outcomes

from sekisho.clock import SystemClock
from sekisho.config import load
from sekisho.held import State
from sekisho.store.quarantine import Quarantine


class Terminal(io.StringIO):
    """A person who has typed this."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "sekisho.toml"
    file.write_text(f'mode = "enforce"\n[store]\nurl = "sqlite:///{tmp_path}/held.db"\n')
    return file


@pytest.fixture
def closed(config: Path) -> list[str]:
    """Twelve messages that were deleted, and one that is held, as the last."""
    store = Quarantine.open(load(config).store, SystemClock())
    ids = [store.hold(message(b"%d" % number), {}, outcomes("a@x")) for number in range(13)]
    for name in ids[:-1]:
        store.move(name, State.DELETED)
    store.close()
    return ids


def left(sekisho: Command, config: Path) -> int:
    return len(sekisho("quarantine", "list", "--config", config, "--format", "json").json)


def test_a_dry_run_says_what_would_go(sekisho: Command, config: Path, closed: list[str]) -> None:
    """The number and the oldest; nothing is removed, also with --yes; the audit has no line of it."""
    for words in (["--dry-run"], ["--dry-run", "--yes"]):
        done = sekisho("quarantine", "purge", "--older-than", "0m", *words, "--config", config)
        assert done.status == 0
        assert closed[0] in done.out
        assert closed[-1] not in done.out
        assert done.out.endswith("12 would be removed, the oldest 10 of them above\n")
    assert left(sekisho, config) == 13
    assert sekisho("quarantine", "history", "--config", config, "--format", "json").json == []
    done = sekisho("quarantine", "purge", "--older-than", "1d", "--dry-run", "--config", config)
    assert done.out == "0 would be removed\n"
    done = sekisho("quarantine", "purge", "--older-than", "999999d", "--dry-run", "--config", config)
    assert done.out == "0 would be removed\n"
    asked = ("quarantine", "purge", "--older-than", "0m", "--dry-run", "--format", "json", "--config", config)
    found = sekisho(*asked).json
    assert (found["would_remove"], [row["id"] for row in found["oldest"]]) == (12, closed[:10])


@pytest.mark.parametrize("age", ["0m", "30d"])
def test_without_a_terminal_it_refuses(
    sekisho: Command, config: Path, closed: list[str], age: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 2 and what to say instead, whether or not something is due: a script must not fail only on some days."""
    for stdin in (io.StringIO("y\n"), None):
        monkeypatch.setattr("sys.stdin", stdin)
        done = sekisho("quarantine", "purge", "--older-than", age, "--config", config)
        assert (done.status, done.out) == (2, "")
        assert "--yes" in done.err
    assert left(sekisho, config) == 13


@pytest.mark.parametrize(("typed", "gone"), [("y\n", 12), ("n\n", 0), ("\n", 0), ("", 0)])
def test_a_person_is_asked(
    sekisho: Command, config: Path, closed: list[str], typed: str, gone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the number and the states; only a yes removes, the return key alone does not, nor the end of the input."""
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    done = sekisho("quarantine", "purge", "--older-than", "0m", "--config", config)
    assert "Remove 12 messages (released, deleted, expired)" in done.err
    assert done.status == (0 if typed else 130)
    assert left(sekisho, config) == 13 - gone
    assert done.out == {"": ""}.get(typed, f"{gone} removed\n")


def test_yes_asks_nobody(sekisho: Command, config: Path, closed: list[str]) -> None:
    """For scripts and timers. Held mail is removed only if its state is named."""
    gone = ("quarantine", "purge", "--older-than", "0m", "--yes", "--config", config)
    assert sekisho(*gone).out == "12 removed\n"
    assert sekisho(*gone, "--state", "held").out == "1 removed\n"
