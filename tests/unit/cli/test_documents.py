"""What the hand-written documents name exists under that name."""

from __future__ import annotations

import pkgutil
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sekisho.checks.table import KINDS
from sekisho.cli import main
from sekisho.cli.commands.core import cli
from sekisho.config import Config, groups, load

ROOT = Path(__file__).parents[3]
GENERATED = {"options.md", "checks.md"}
WRITTEN = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in GENERATED),
    *sorted((ROOT / "docs/ja").glob("*.md")),
]
NOT_YET = {"docs/performance.md"}
"""Written by measurements that are still to come; taken off here when they exist."""
OPTIONS = {f"{name}.{key}" for name, _, model in groups() if name for key in model.model_fields}
FINDINGS = {kind.id for kind in KINDS}
GROUPS = {name for name, _, _ in groups() if name}


@pytest.mark.parametrize("file", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_options_that_are_named_exist(file: Path) -> None:
    """`group.option` in a document is an option: a renamed one is renamed there too."""
    named = {
        name
        for name in re.findall(r"`([a-z]+\.[a-z_]+)(?: = [^`]*)?`", file.read_text("utf-8"))
        if name.split(".")[0] in GROUPS
    }
    assert named - OPTIONS - FINDINGS == set()


@pytest.mark.parametrize("file", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(file: Path) -> None:
    """A relative link names a file of this repository."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text("utf-8")):
        if target not in NOT_YET:
            assert (file.parent / target).exists(), target


@pytest.mark.parametrize("file", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_are_named_exist(file: Path) -> None:
    """`sekisho word` in a document is a command."""
    named = set(re.findall(r"`sekisho ([a-z]+)", file.read_text("utf-8")))
    assert named <= set(cli.commands)


def _leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("file", ["README.md", "docs/operating.md", "docs/ja/operating.md"])
def test_every_command_is_listed(file: str) -> None:
    """An operator finds each command in the README's table and in the operating manual, by its whole name or in a list
    of alternatives as `sekisho store check|backup`."""
    text = (ROOT / file).read_text("utf-8").replace("\\|", "|").replace(" | ", "|")
    missing = []
    for path in _leaves(cli):
        *group, name = path
        found = re.findall(rf"sekisho {' '.join(group)}{' ' if group else ''}([a-z|]+)", text)
        if not any(name in each.split("|") for each in found):
            missing.append(" ".join(path))
    assert missing == []


@pytest.mark.parametrize("file", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_options_of_commands_that_are_named_exist(file: Path) -> None:
    """`sekisho command … --option` in a document is an option of that command."""
    for line in re.findall(r"sekisho ((?:[a-z]+ )[^`#\n]*--[^`#\n]*)", file.read_text("utf-8")):
        command: click.Command = cli
        words = line.split()
        while isinstance(command, click.Group) and words and words[0].split("|")[0] in command.commands:
            command = command.commands[words.pop(0).split("|")[0]]
        known = {option for each in command.params for option in each.opts}
        named = set(re.findall(r"(--[a-z][a-z-]+)", line.split("&&")[0].split("|")[0]))
        assert named <= known | {"--help"}, line


@pytest.mark.parametrize("file", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_configurations_that_are_shown_are_good(file: Path, tmp_path: Path) -> None:
    """Each block of TOML that has nothing but groups of ours loads as it stands."""
    for block in re.findall(r"^```toml\n(.*?)^```", file.read_text("utf-8"), re.S | re.M):
        if tomllib.loads(block).keys() <= Config.model_fields.keys():
            shown = tmp_path / "sekisho.toml"
            shown.write_text(block, "utf-8")
            load(shown)


@pytest.mark.parametrize("file", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_changes_that_are_shown_can_be_made(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sekisho config set` as it is typed in a block, in an empty file."""
    typed = re.findall(r"^sekisho (config set [^#\n]+)", file.read_text("utf-8"), re.M)
    for words in map(shlex.split, typed):
        target = tmp_path / "sekisho.toml"
        target.unlink(missing_ok=True)
        monkeypatch.setattr(sys, "argv", ["sekisho", *words, "--config", str(target)])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 0, words


def test_terms_name_what_is_in_the_code() -> None:
    """Each name in the last column of docs/terms.md is a module, class or method below `sekisho`."""
    rows = re.findall(r"^\|.*\| `([\w.]+)` \|$", (ROOT / "docs/terms.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 50
    for name in rows:
        assert pkgutil.resolve_name(f"sekisho.{name}") is not None


@pytest.mark.parametrize("file", ["CONTRIBUTING.md", "docs/flow.md", "docs/judgement.md"])
def test_files_that_are_named_exist(file: str) -> None:
    """A path in a document for developers is one of this repository, or a module or file below the package."""
    text = (ROOT / file).read_text("utf-8")
    for path in re.findall(r"`([a-z][\w.-]*(?:/[a-z][\w.-]+)+)/?`", text):
        below = ROOT / "milter/sekisho" / path
        assert any(each.exists() for each in (ROOT / path, below, below.with_suffix(".py"))), path
