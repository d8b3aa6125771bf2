"""Changes one value of a TOML text and leaves everything else as it is: comments, order, blank lines.

tomlkit makes the change. What it does not know is where a value belongs that is not there yet: below its commented
example, else below the header of its table.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from sekisho.plain_errors import dotted

Path = tuple[str, ...]
_UNREADABLE = (ValueError, RecursionError)


class EditError(Exception):
    """The value cannot be set. The text is the reason, without the key."""


def path_of(key: str) -> Path:
    """The parts of a dotted key as TOML has it: `recipients."example.jp".tag`. Raises EditError."""
    found: Any = None
    with suppress(*_UNREADABLE):
        found = tomllib.loads(f"{key} = 0")
    path = _only_path(found)
    if not path or found is None or value_at(found, path) != 0:
        raise EditError(
            "is no key of TOML: put a part with other characters than letters, digits, - and _ in quotes, as in "
            "'recipients.\"example.jp\".mode'"
        )
    return path


def edited(text: str, path: Path, value: Any) -> str:
    """The text with that value at the path. Raises EditError if that cannot be done without another change."""
    before = tomllib.loads(text)
    if isinstance(value_at(before, path), dict) and not isinstance(value, dict):
        raise EditError(f"is a table: set what stands in it, as in {dotted((*path, 'NAME'))}")
    wanted = _with(before, path, value)
    if wanted is None:
        raise EditError("is below a value that is no table: take that out of the file first")
    for placed in (*_places(text, before, path), text):
        with suppress(TOMLKitError, *_UNREADABLE):
            changed = _set(placed, path, value)
            if tomllib.loads(changed) == wanted:
                return changed
    raise EditError("cannot be set without a change of other lines: edit the file by hand")


def _set(text: str, path: Path, value: Any) -> str:
    document = tomlkit.parse(text)
    table: Any = document
    for part in path[:-1]:
        if part not in table:
            inline = isinstance(table, InlineTable)
            table[part] = tomlkit.inline_table() if inline else tomlkit.table(is_super_table=True)
        table = table[part]
    table[path[-1]] = value
    return tomlkit.dumps(document)


def _places(text: str, before: Mapping[str, Any], path: Path) -> Iterator[str]:
    """The text with a line for a value that is not there yet, in each place where the table of the value may be."""
    if value_at(before, path) is not None:
        return
    name = dotted(path[-1:])
    lines = text.splitlines(keepends=True)
    headers: list[int] = []
    table: Path | None = ()
    for at, line in enumerate(lines):
        if line.lstrip().startswith("["):
            table = _header(line)
            headers += [at] if table == path[:-1] else []
        elif table == path[:-1] and line.startswith("#") and line[1:].partition("=")[0].strip() == name:
            yield _inserted(lines, at, name)
    for at in headers:
        yield _inserted(lines, at, name)


def _inserted(lines: list[str], at: int, name: str) -> str:
    above = lines[at] if lines[at].endswith("\n") else f"{lines[at]}\n"
    return "".join([*lines[:at], above, f"{name} = 0\n", *lines[at + 1 :]])


def _header(line: str) -> Path | None:
    """The table that a header begins; None for any other line."""
    with suppress(*_UNREADABLE):
        return None if line.lstrip().startswith("[[") else _only_path(tomllib.loads(line))
    return None


def _only_path(value: Any) -> Path:
    """The names of nested tables that have one entry each."""
    path: list[str] = []
    while isinstance(value, dict) and len(value) == 1:
        ((name, value),) = value.items()
        path.append(name)
    return tuple(path)


def value_at(table: Any, path: Path) -> Any:
    """What stands at a path; None if nothing does."""
    for part in path:
        if not isinstance(table, Mapping) or part not in table:
            return None
        table = table[part]
    return table


def _with(table: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any] | None:
    """The table with the value at the path; None if something else than a table is on the way."""
    first, rest = path[0], path[1:]
    if not rest:
        return {**table, first: value}
    below = table.get(first, {})
    changed = _with(below, rest, value) if isinstance(below, Mapping) else None
    return None if changed is None else {**table, first: changed}
