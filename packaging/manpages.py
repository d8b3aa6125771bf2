"""Writes the man pages: `python manpages.py FOLDER`. Run it with a Python that has sekisho.

`sekisho.1` and a page for each command or group of commands come from the commands and their options,
`sekisho.toml.5` from the fields of the configuration. So they say what the program itself says.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

import sekisho.cli
from sekisho.cli.commands import cli
from sekisho.cli.describe import Group, described

NAME = "sekisho"
FILES = {
    "/etc/sekisho/sekisho.toml": "The configuration: sekisho.toml(5).",
    "/etc/sekisho/brands.d, /etc/sekisho/vocabulary.d": "Brands and words of the site.",
    "/var/lib/sekisho": "The quarantine.",
    "/usr/share/doc/sekisho/operating.md": "How sekisho is operated beside Postfix.",
}

Page = Iterator[str]


def plain(text: str) -> str:
    """Text as roff: nothing in it is a command of roff."""
    text = re.sub(r"\s+", " ", text).strip().replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in {".", "'"} else text


def prose(text: str) -> str:
    """Text with `code` in bold."""
    parts = re.split(r"`([^`]+)`", text.strip())
    marked = [f"\\fB{plain(part)}\\fR" if place % 2 else _inside(part) for place, part in enumerate(parts)]
    line = "".join(marked)
    return "\\&" + line if line[:1] in {".", "'"} else line


def _inside(part: str) -> str:
    edges = (" " if part[:1].isspace() else "", " " if part[-1:].isspace() else "")
    return edges[0] + plain(part) + edges[1] if part.strip() else edges[0]


def paragraphs(text: str) -> Page:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", inspect.cleandoc(text))):
        if number:
            yield ".PP"
        yield prose(paragraph)


def head(name: str, section: int, about: str) -> Page:
    """The beginning of every page. `SOURCE_DATE_EPOCH` is its date, so that a build can be repeated."""
    moment = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    date = f"{moment:%Y-%m-%d}" if "SOURCE_DATE_EPOCH" in os.environ else ""
    yield f'.TH {plain(name.upper())} {section} "{date}" "{NAME} {version(NAME)}" ""'
    yield from (".nh", ".ad l")  # no hyphens in names, and a long choice is no line that can be adjusted
    yield from (".SH NAME", f"{plain(name)} \\- {prose(about)}")


def summary(command: click.Command) -> str:
    """The first sentence of the help."""
    return command.get_short_help_str(limit=1000).rstrip(".")


def subcommands(
    command: click.Command, context: click.Context
) -> Iterator[tuple[click.Command, click.Context]]:
    """The commands of a group, each with its context; of a command, nothing."""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield found, click.Context(found, info_name=name, parent=context)


def synopsis(command: click.Command, context: click.Context) -> Page:
    words = " ".join(command.collect_usage_pieces(context))
    yield f"\\fB{plain(context.command_path)}\\fR {plain(words)}"


def options(command: click.Command, context: click.Context) -> Page:
    """What is said of each option; `--help` is the same everywhere."""
    for parameter in command.params:
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            yield from (".TP", f"\\fB{plain(record[0])}\\fR", prose(record[1]) or "\\&")


def own_options(command: click.Command, context: click.Context) -> Page:
    """The section of the options of a command; nothing if it has none."""
    found = list(options(command, context))
    yield from ([".SH OPTIONS", *found] if found else [])


def exit_status() -> Page:
    """As the command line documents it."""
    yield ".SH EXIT STATUS"
    for status, meaning in re.findall(r"(?ms)^- (\d+): (.+?)(?=^- |\Z)", inspect.getdoc(sekisho.cli) or ""):
        yield from (".TP", f"\\fB{status}\\fR", prose(meaning))


def files() -> Page:
    yield ".SH FILES"
    for path, meaning in FILES.items():
        yield from (".TP", f"\\fI{plain(path)}\\fR", prose(meaning))


def see_also(*pages: str) -> Page:
    yield ".SH SEE ALSO"
    yield ", ".join(
        f"\\fB{plain(name)}\\fR({section})" for name, section in (p.rsplit(".", 1) for p in pages)
    )


def overview(context: click.Context) -> Page:
    """sekisho(1)."""
    yield from head(NAME, 1, "find mail that impersonates a brand, an organisation or a person")
    yield from (".SH SYNOPSIS", *synopsis(cli, context), ".SH DESCRIPTION", *paragraphs(cli.help or ""))
    yield from (*own_options(cli, context), ".SH COMMANDS")
    pages = []
    for command, inner in subcommands(cli, context):
        yield from (".TP", f"\\fB{plain(inner.command_path)}\\fR", f"{prose(summary(command))}.")
        pages.append(f"{NAME}-{command.name}.1")
    yield from (*exit_status(), *files(), *see_also(*pages, f"{NAME}.toml.5", "postfix.1"))


def page(command: click.Command, context: click.Context) -> Page:
    """The page of a command, or of a group with all its commands."""
    inner = list(subcommands(command, context))
    yield from head(f"{NAME}-{command.name}", 1, summary(command))
    yield ".SH SYNOPSIS"
    for number, shown in enumerate(inner or [(command, context)]):
        yield from ([".br"] if number else [])
        yield from synopsis(*shown)
    yield from (".SH DESCRIPTION", *paragraphs(command.help or ""), *own_options(command, context))
    if inner:
        yield ".SH COMMANDS"
    for each, its in inner:
        yield f'.SS "{plain(its.command_path)}"'
        yield from (*paragraphs(each.help or ""), *options(each, its))
    yield from (*exit_status(), *see_also(f"{NAME}.1", f"{NAME}.toml.5"))


def configuration() -> Page:
    """sekisho.toml(5)."""
    yield from head(f"{NAME}.toml", 5, "the configuration of sekisho")
    yield from (".SH SYNOPSIS", "\\fI/etc/sekisho/sekisho.toml\\fR", ".SH DESCRIPTION")
    yield from paragraphs(
        "The file is TOML. Each option has a default, and an unknown option is an error. `sekisho config check` finds "
        "all mistakes at once, `sekisho config show` prints what is in force, and `systemctl reload sekisho-milter` "
        "makes a changed file known to the running daemon."
    )
    for group in described():
        yield from _group(group)
    yield from (*files(), *see_also(f"{NAME}.1", f"{NAME}-config.1"))


def _group(group: Group) -> Page:
    yield f'.SH "{plain(group.header if group.name else "TOP OF THE FILE")}"'
    if group.about:
        yield from paragraphs(group.about)
    for option in group.options:
        yield from (".TP", f"\\fB{plain(option.name)}\\fR = {plain(option.default)}", prose(option.about))
        if option.values:
            yield from (".br", f"Values: {prose(option.values)}")


def pages() -> Iterator[tuple[str, str]]:
    """Every page: the name of its file, and its text."""
    context = click.Context(cli, info_name=NAME)
    yield f"{NAME}.1", "\n".join(overview(context)) + "\n"
    for command, inner in subcommands(cli, context):
        yield f"{NAME}-{command.name}.1", "\n".join(page(command, inner)) + "\n"
    yield f"{NAME}.toml.5", "\n".join(configuration()) + "\n"


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
