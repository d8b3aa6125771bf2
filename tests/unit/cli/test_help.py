"""What a command says of itself to somebody who sees it for the first time."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from tests.unit.cli.conftest import Command

from sekisho.cli import cli
from sekisho.cli.commands import operating
from sekisho.doctor.examine import SUBJECTS

COLUMNS = 80


def groups(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Group]]:
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from groups(command, (*path, name))


GROUPS = dict(groups(cli))
NAMES = [" ".join(path) or "sekisho" for path in GROUPS]


@pytest.mark.parametrize("path", GROUPS, ids=NAMES)
def test_a_group_without_a_command_shows_its_help(sekisho: Command, path: tuple[str, ...]) -> None:
    """`sekisho quarantine` alone is wrong usage and lists the commands, one a line, without escapes."""
    done = sekisho(*path)
    assert (done.status, done.out) == (2, "")
    assert "\\x0a" not in done.err
    lines = [line.split()[0] for line in done.err.splitlines() if line.startswith("  ")]
    assert set(GROUPS[path].commands) <= set(lines)


@pytest.mark.parametrize("path", GROUPS, ids=NAMES)
def test_no_line_of_a_list_of_commands_is_cut(
    sekisho: Command, monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...]
) -> None:
    """In a terminal of 80 columns each command says in one whole sentence what it does."""
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    listed = sekisho(*path, "--help").out.partition("Commands:\n")[2].splitlines()
    assert len(listed) == len(GROUPS[path].commands)
    assert [line for line in listed if line.endswith("...") or len(line) > COLUMNS] == []


def test_doctor_skips_what_doctor_examines() -> None:
    """The command lists the subjects itself, so that `--help` loads nothing; both lists must be one."""
    (skip,) = [each for each in operating.doctor.params if each.name == "skip"]
    assert isinstance(skip.type, click.Choice)
    assert set(skip.type.choices) == set(SUBJECTS)
