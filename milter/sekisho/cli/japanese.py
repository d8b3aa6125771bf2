"""The help in Japanese: its texts, from a catalogue of gettext, and its lines, which break as Japanese does.

Loaded in a Japanese locale only. click asks gettext for its own words; those of the commands are put into a copy of
them. `packaging/catalogue.py` keeps and compiles the catalogue.
"""

from __future__ import annotations

import copy
import gettext
import inspect
import re
from collections.abc import Iterable, Iterator

import click
from rich.cells import cell_len

from sekisho.cli.folding import lines
from sekisho.package_data import shipped

DOMAIN = "sekisho"
_FIRST_COLUMN = 30  # as click has it


def one_line(text: str) -> str:
    """The text as the catalogue has it: each paragraph is one line, however the source breaks it."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(text))


def helps(command: click.Command) -> Iterator[str]:
    """Every help text of a command, its options and all commands below it."""
    yield from filter(None, (command.help, command.epilog))
    for parameter in command.params:
        yield from filter(None, [getattr(parameter, "help", None)])
    for below in getattr(command, "commands", {}).values():
        yield from helps(below)


def translated(command: click.Command) -> click.Command:
    """A copy of the command, and of all below it, whose help is Japanese. click speaks Japanese from now on."""
    gettext.bindtextdomain(DOMAIN, str(shipped("locale")))
    gettext.textdomain(DOMAIN)
    command = copy.deepcopy(command)
    _translate(command)
    return command


def _translate(command: click.Command) -> None:
    command.context_class = _Context
    for each in (command, *command.params):
        for name in ("help", "epilog"):
            if text := getattr(each, name, None):
                setattr(each, name, gettext.gettext(one_line(text)))
    # click would look for a full stop and for blanks
    command.short_help = (command.help or "").partition("。")[0]
    for below in getattr(command, "commands", {}).values():
        _translate(below)


class _Formatter(click.HelpFormatter):
    """click's page, measured in columns."""

    def _write(self, first: str, second: Iterable[str], indent: int) -> None:
        margin = " " * indent
        self.write(first + f"\n{margin}".join(second) + "\n")

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """How the command is called."""
        start = f"{prefix or gettext.gettext('Usage:') + ' '}{prog} "
        indent = cell_len(start)
        self._write(start, lines(args, self.width - indent), indent)

    def write_text(self, text: str) -> None:
        """Paragraphs."""
        margin = " " * self.current_indent
        paragraphs = (lines(each, self.width - self.current_indent) for each in text.split("\n\n"))
        self.write("\n\n".join("\n".join(margin + line for line in each) for each in paragraphs) + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = _FIRST_COLUMN, col_spacing: int = 2
    ) -> None:
        """Names with what they mean, in two columns."""
        rows = list(rows)
        first_column = min(max(cell_len(name) for name, _ in rows), col_max) + col_spacing
        indent = self.current_indent + first_column
        for name, meaning in rows:
            start = " " * self.current_indent + name
            if not meaning:
                self.write(f"{start}\n")
                continue
            room = indent - cell_len(start)
            start += " " * room if room >= col_spacing else f"\n{' ' * indent}"
            self._write(start, lines(meaning, max(self.width - indent, 10)), indent)


class _Context(click.Context):
    formatter_class = _Formatter
