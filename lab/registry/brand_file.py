"""The text of a brand file, changed in single lines so that everything else of it stays as a person wrote it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from sekisho.brands.model import Brand

MAX_LINE = 100  # characters of a list on one line
KEYS = tuple(Brand.model_fields)  # the order in which a file has them
SECTION = "[domains]"

_ENTRY = re.compile(r'^"([^"\n]+)" = (\{.*\})$', re.MULTILINE)
_ORDER = ("confidence", "use", "owner_page", "names_owner", "confirmed", "flags", "strict", "sources")


def entries(text: str) -> dict[str, dict[str, Any]]:
    """The entries of the domains, as the file has them."""
    found: dict[str, dict[str, Any]] = tomllib.loads(text).get("domains", {})
    return found


def with_domain(text: str, domain: str, entry: Mapping[str, Any]) -> str:
    """The text with this entry for the domain, in its place or behind the last one."""
    line = f'"{domain}" = {_table(entry)}'
    for found in _ENTRY.finditer(text):
        if found[1] == domain:
            return text[: found.start()] + line + text[found.end() :]
    if SECTION not in text.splitlines():
        head, verify, rest = text.partition("[verify]\n")
        text = f"{head.rstrip()}\n\n{SECTION}\n\n{verify}{rest}"
    last = max((found.end() for found in _ENTRY.finditer(text)), default=text.index(SECTION) + len(SECTION))
    return f"{text[:last]}\n{line}{text[last:]}"


def without_domain(text: str, domain: str) -> str:
    """The text without the entry of the domain."""
    return re.sub(rf'^"{re.escape(domain)}" = \{{.*\}}\n', "", text, flags=re.MULTILINE)


def with_list(text: str, key: str, values: Iterable[str]) -> str:
    """The text with the values that the list of the key lacks behind those that it has."""
    had = tomllib.loads(text).get(key, [])
    listed = list(dict.fromkeys([*had, *values]))
    return text if listed == had else _with_key(text, key, _list(listed))


def with_text(text: str, key: str, value: str) -> str:
    """The text with this value for the key of the file's head."""
    return text if tomllib.loads(text).get(key) == value else _with_key(text, key, _string(value))


def without_key(text: str, key: str) -> str:
    """The text without the line of a key of the file's head."""
    return re.sub(rf"^{key} = [^\[\n]*\n", "", text, flags=re.MULTILINE)


def _with_key(text: str, key: str, value: str) -> str:
    """The text with the key of the file's head set to a TOML value."""
    line = f"{key} = {value}\n"
    begin = re.search(rf"^{key} = (\[[^\]]*\]|[^\[\n].*)\n", text, re.MULTILINE)
    if begin is not None:
        return text[: begin.start()] + line + text[begin.end() :]
    later = "|".join(map(re.escape, KEYS[KEYS.index(key) + 1 :]))
    behind = re.search(rf"^(({later}) = |#|\[|$)", text[text.index("\nnames = ") + 1 :], re.MULTILINE)
    at = text.index("\nnames = ") + 1 + (behind.start() if behind else 0)
    return text[:at] + line + text[at:]


def _table(entry: Mapping[str, Any]) -> str:
    ordered = [key for key in _ORDER if key in entry] + [key for key in entry if key not in _ORDER]
    return "{ " + ", ".join(f"{key} = {_value(entry[key])}" for key in ordered) + " }"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_string, value)) + "]"
    return _string(str(value))


def _list(values: list[str]) -> str:
    """A list on one line, or on lines of `MAX_LINE` characters."""
    if len(line := _value(values)) <= MAX_LINE:
        return line
    lines = [""]
    for each in map(_string, values):
        if lines[-1] and len(lines[-1]) + len(each) + 2 > MAX_LINE:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{each},"
    return "[\n" + "".join(f"    {each}\n" for each in lines) + "]"


def _string(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
