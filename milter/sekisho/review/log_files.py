"""Reads the daemon's log: the file that the configuration names and its predecessors, or lines from standard input.

Predecessors are what logrotate leaves beside the file: `sekisho.log.1`, `sekisho.log-20261129`, the same with `.gz`,
`.xz` or `.bz2`. A log that goes to the service manager comes as `journalctl -u sekisho-milter -o cat`, but what
`journalctl` prints without `-o cat` or with `-o json`, what syslog writes, and what Docker Compose prints is read, too.

In a log that programs share, a line counts as ours by the program's name in its head. What another program quotes, for
example a subject, is never taken for a line of ours.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sekisho.plain_errors import of_system

_PAIR = re.compile(r'(?<![a-z0-9_.])([a-z0-9_.]++)=("(?:[^"\\]++|\\.)*+"|\S*+)')
_BEGINS_WITH_PAIR = re.compile(r"[a-z0-9_.]+=")
_HEAD = re.compile(
    # RFC 5424, with its byte order mark
    r"(?:(?:<\d{1,3}>)?1 \S+ \S+ sekisho \S+ \S+ - \ufeff?"
    # syslog and journalctl: a time, a host, the program; no word before the program's ends with a colon
    r"|(?:<\d{1,3}>)?(?:\S*[^\s:] +){1,6}sekisho[\w.@-]*(?:\[\d+\])?: "
    # Docker Compose
    r"|[\w.-]+ +\| )"
)
_OPENERS: Mapping[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".xz": lzma.LZMAFile,
    ".bz2": bz2.BZ2File,
}
_ROTATED = re.compile(r"(?:\.\d{1,6}|-\d{8}(?:-\d{1,10})?)(?:\.gz|\.xz|\.bz2)?")


class UnreadableLogError(Exception):
    """The log cannot be read. The text names the file and the reason."""


def files_of(log: Path, since: datetime | None = None) -> tuple[Path, ...]:
    """The log and its predecessors, oldest first, without those that were last written before `since`. None of them
    need be there. A file that has two names is read once. Raises UnreadableLogError if the folder cannot be read."""
    found: dict[tuple[int, int], tuple[float, Path]] = {}
    try:
        beside = list(log.parent.iterdir()) if log.parent.is_dir() else []
        for path in (log, *sorted(beside)):
            rest = path.name.removeprefix(log.name)
            if path == log or (rest != path.name and _ROTATED.fullmatch(rest)):
                with suppress(FileNotFoundError):  # rotated at this moment
                    state = path.stat()
                    found.setdefault((state.st_dev, state.st_ino), (state.st_mtime, path))
    except OSError as error:
        raise UnreadableLogError(f"{error.filename or log.parent}: {of_system(error)}") from error
    return tuple(
        path for written, path in sorted(found.values()) if since is None or written >= since.timestamp()
    )


def distinct(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files in this order, each once, whatever name it has. What cannot be found stays."""
    found: dict[object, Path] = {}
    for path in paths:
        key: object = path
        with suppress(OSError):
            state = path.stat()
            key = (state.st_dev, state.st_ino)
        found.setdefault(key, path)
    return tuple(found.values())


def lines_of(paths: Iterable[Path], needles: Sequence[bytes] = ()) -> Iterator[str]:
    """The lines of the files; with `needles` those that have one of them. Raises UnreadableLogError."""
    for path in paths:
        try:
            with _OPENERS.get(path.suffix, _plain)(path) as stream:
                for line in stream:
                    if not needles or any(needle in line for needle in needles):
                        yield line.decode("utf-8", "replace").rstrip("\n")
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise UnreadableLogError(
                f"{path}: {of_system(error) if isinstance(error, OSError) and error.errno else 'is damaged'}"
            ) from error


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def parse(line: str) -> dict[str, Any]:
    """The fields of a line of the log, JSON or logfmt, without what syslog, `journalctl` or Docker Compose put before
    it; empty if it is no such line."""
    found = _fields(line)
    if "event" not in found and isinstance(message := found.get("MESSAGE"), str):  # journalctl -o json
        return _fields(message)
    return found


def is_damaged(line: str) -> bool:
    """True for a line of JSON that has an event and cannot be read: something on its way has cut it."""
    text = _without_head(line)
    return text.startswith("{") and '"event"' in text and not _fields(line)


def _without_head(line: str) -> str:
    if line.startswith("{") or _BEGINS_WITH_PAIR.match(line):
        return line
    head = _HEAD.match(line)
    return line[head.end() :] if head else ""


def _fields(line: str) -> dict[str, Any]:
    line = _without_head(line)
    if line.startswith("{"):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}
    return {key: _unquoted(value) for key, value in _PAIR.findall(line)}


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def values_of(field: object) -> tuple[str, ...]:
    """The values of a field with several: an array in JSON, joined by commas in logfmt."""
    if isinstance(field, list):
        return tuple(map(str, field))
    return tuple(str(field).split(",")) if field not in (None, "") else ()
