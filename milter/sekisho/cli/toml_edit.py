"""Changes one value of a TOML text and leaves every other character as it is: comments, order, blank lines.

Several ways are tried, the tidiest first, and each result is read again. The first that has the value, and means the
same as before in everything else, is taken.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sekisho.cli.describe import toml
from sekisho.plain_errors import dotted

Path = tuple[str, ...]
_TOML_ERRORS = (ValueError, RecursionError)
_ENDS = ("]", '"""', "'''")  # one of them is on the last line of a value that takes several


class EditError(Exception):
    """The value cannot be set. The text is the reason, without the key."""


@dataclass(frozen=True, slots=True)
class _Statement:
    """Some lines of the file: the header of a table, a value, or a blank line or comment (then `value` is empty).
    `table` is the table that it stands in, or begins; None for one of an array of tables."""

    begin: int
    end: int
    table: Path | None
    value: dict[str, Any]
    is_header: bool = False


def path_of(key: str) -> Path:
    """The parts of a dotted key as TOML has it: `recipients."example.jp".tag`. Raises EditError."""
    found: Any = {}
    with suppress(*_TOML_ERRORS):
        found = tomllib.loads(f"{key} = 0")
    path: list[str] = []
    while isinstance(found, dict) and len(found) == 1:
        ((name, found),) = found.items()
        path.append(name)
    if not path or found != 0:
        raise EditError(
            "is no key of TOML: put a part with other characters than letters, digits, - and _ in quotes, as in "
            "'recipients.\"example.jp\".mode'"
        )
    return tuple(path)


def edited(text: str, path: Path, value: Any) -> str:
    """The text with that value at the path. Raises EditError if that cannot be done without another change."""
    before = tomllib.loads(text)
    if isinstance(_at(before, path), dict) and not isinstance(value, dict):
        raise EditError(f"is a table: set what stands in it, as in {dotted((*path, 'NAME'))}")
    wanted = _with(before, path, value)
    if wanted is None:
        raise EditError("is below a value that is no table: take that out of the file first")
    lines = [line if line.endswith("\n") else f"{line}\n" for line in text.splitlines(keepends=True)]
    for changed in _ways(lines, list(_statements(lines)), path, value):
        with suppress(*_TOML_ERRORS):
            if tomllib.loads(changed) == wanted:
                return changed
    raise EditError("cannot be set without a change of other lines: edit the file by hand")


def _at(table: Any, path: Path) -> Any:
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


def _statements(lines: list[str]) -> Iterator[_Statement]:
    """The file in its parts. A value may take several lines."""
    table: Path | None = ()
    begin = 0
    while begin < len(lines):
        end, value = _statement(lines, begin)
        is_header = lines[begin].lstrip().startswith("[")
        if is_header:
            table = None if lines[begin].lstrip().startswith("[[") else _only_path(value)
        yield _Statement(begin, end, table, {} if is_header else value, is_header)
        begin = end


def _statement(lines: list[str], begin: int) -> tuple[int, dict[str, Any]]:
    for end in range(begin + 1, len(lines) + 1):
        if end > begin + 1 and not any(mark in lines[end - 1] for mark in _ENDS):
            continue
        with suppress(*_TOML_ERRORS):
            return end, tomllib.loads("".join(lines[begin:end]))
    return begin + 1, {}


def _only_path(value: Mapping[str, Any]) -> Path:
    """The path of a table that a header begins."""
    path: list[str] = []
    while value:
        ((name, value),) = value.items()
        path.append(name)
    return tuple(path)


def _ways(lines: list[str], statements: list[_Statement], path: Path, value: Any) -> Iterator[str]:
    """The text, changed in each way that may be right."""
    yield from _in_place(lines, statements, path, value)
    yield from _in_table(lines, statements, path[:-1], path[-1:], value)
    text = "".join(lines)
    if len(path) > 1:
        yield f"{text}{chr(10) if text else ''}[{dotted(path[:-1])}]\n{_line(path[-1:], value)}"
    for depth in range(len(path) - 2, 0, -1):
        yield from _in_table(lines, statements, path[:depth], path[depth:], value)
    yield f"{_line(path, value)}{text}"


def _in_place(lines: list[str], statements: list[_Statement], path: Path, value: Any) -> Iterator[str]:
    """In the statement that has the value already, or the inline table that it belongs to."""
    for each in statements:
        if each.table is None or each.table != path[: len(each.table)] or not each.value:
            continue
        rest = path[len(each.table) :]
        if each.is_header or not rest or rest[0] not in each.value:
            continue
        comment = _comment(lines[each.begin : each.end])
        yield _replaced(lines, each, f"{_line(rest, value)[:-1]}{comment}\n")
        yield "".join([*lines[: each.end], _line(rest, value), *lines[each.end :]])
        whole = _with(each.value, rest, value)
        for depth in range(1, len(rest)):
            if whole is not None and isinstance(inner := _at(whole, rest[:depth]), dict):
                yield _replaced(lines, each, f"{_line(rest[:depth], inner)[:-1]}{comment}\n")


def _replaced(lines: list[str], each: _Statement, by: str) -> str:
    return "".join([*lines[: each.begin], by, *lines[each.end :]])


def _in_table(
    lines: list[str], statements: list[_Statement], table: Path, rest: Path, value: Any
) -> Iterator[str]:
    """Below the commented example of that table, else below its header."""
    line = _line(rest, value)
    headers = [at for at, each in enumerate(statements) if each.is_header]
    begins = [at for at in headers if statements[at].table == table]
    if not table:
        begins = [-1]
    for begin in begins:
        first = statements[begin].end if begin >= 0 else 0
        last = next((statements[at].begin for at in headers if at > begin), len(lines))
        example = f"#{_line(rest, 0).partition('=')[0].rstrip()}"
        below = [at + 1 for at in range(first, last) if _is_example(lines[at], example)]
        place = below[0] if below else first
        yield "".join([*lines[:place], line, *lines[place:]])


def _is_example(line: str, example: str) -> bool:
    return line.startswith(example) and line[len(example) :].lstrip().startswith("=")


def _comment(lines: list[str]) -> str:
    """The comment behind a value, with the blanks before it; empty if there is none."""
    text, last = "".join(lines), lines[-1].rstrip("\n")
    value = tomllib.loads(text)
    before = text[: len(text) - len(lines[-1])]
    for at, character in enumerate(last):
        if character == "#":
            with suppress(*_TOML_ERRORS):
                if tomllib.loads(before + last[:at]) == value:
                    return last[len(last[:at].rstrip()) :]
    return ""


def _line(path: Path, value: Any) -> str:
    return f"{dotted(path)} = {toml(value)}\n"
