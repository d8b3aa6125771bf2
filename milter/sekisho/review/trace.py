"""Finds where a message is, and why, from the daemon's log and the quarantine, in the order of time.

A message is named by its record id (in our reply, our header and our log), by its Postfix queue id, or by its
Message-ID, of which log and store keep a fingerprint only. A line that is found by one name tells the other names, and
these are looked up, too.

If the log is a file, the last 64 MB of it and of its predecessor `.1` are read.

It cannot see a log that goes to stderr (the service manager has it), nor what Postfix did before and after us (that is
in Postfix's own log, under the queue id).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sekisho.held import Entry, Operation
from sekisho.message import message_key
from sekisho.plain_errors import of_system
from sekisho.ports import QuarantineReader
from sekisho.text import printable

MAX_LOG_BYTES = 64 * 1024 * 1024  # at the end of a log file
MAX_OPERATIONS = 1000  # of one entry
NAMES = ("id", "queue_id", "message_key")
_PAIR = re.compile(r'(?<![a-z0-9_.])([a-z0-9_.]++)=("(?:[^"\\]++|\\.)*+"|\S*+)')
_JUDGED = ("verdict", "score", "decided_by", "mode", "outcomes", "reply", "client", "findings", "degraded")


class UnreadableLogError(Exception):
    """The log cannot be read. The text names the file and the reason."""


@dataclass(slots=True)
class Names:
    """The names of the message that are known so far."""

    known: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, what: str) -> Names:
        """The names that a typed text may be: a Message-ID if it has an @ or begins with `<`, else a record id or a
        queue id."""
        text = what.strip()
        if "@" in text or text.startswith("<"):
            return cls({("message_key", message_key(text) or "")})
        return cls({("id", text.upper()), ("id", text), ("queue_id", text)})

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Add the names that a line or an entry has."""
        self.known |= {(name, str(facts[name])) for name in NAMES if facts.get(name)}

    def fit(self, facts: Mapping[str, Any]) -> bool:
        """True if a line is about the message."""
        return any((name, str(facts.get(name))) in self.known for name in NAMES if facts.get(name))

    def values(self, name: str) -> list[str]:
        """The known values of one of `NAMES`, sorted."""
        return sorted(value for key, value in self.known if key == name and value)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: when (ISO 8601), what, and the facts."""

    at: str
    what: str
    facts: Mapping[str, Any]


def trace(
    what: str, log: Path | None, opened: Callable[[], AbstractContextManager[QuarantineReader]] | None
) -> tuple[tuple[Step, ...], Names]:
    """The steps in the order of time, and the names of the message. `what` is one of its names, `log` the daemon's log
    if it is a file; `opened` opens the quarantine if there is one.

    Raises UnreadableLogError or StoreUnavailable.
    """
    names = Names.of(what)
    lines = _logged(log, names)
    entries, operations = ([], []) if opened is None else _stored(opened, names)
    for entry in entries:
        names.learn({"id": entry.id, "queue_id": entry.envelope.queue_id})
    if lines or entries:
        lines = _logged(log, names)  # once more, with the names that were found
    steps = [*map(_judged, lines), *map(_kept, entries), *map(_done, operations)]
    return tuple(sorted(steps, key=lambda step: step.at)), names


def _stored(
    opened: Callable[[], AbstractContextManager[QuarantineReader]], names: Names
) -> tuple[list[Entry], list[Operation]]:
    with opened() as quarantine:
        found = {entry.id: entry for entry in _entries(quarantine, names)}
        ids = sorted({*found, *names.values("id")})
        done = {each.number: each for name in ids for each in quarantine.operations(name, MAX_OPERATIONS)}
    return list(found.values()), list(done.values())


def _entries(quarantine: QuarantineReader, names: Names) -> Iterator[Entry]:
    for name in names.values("id"):
        if (entry := quarantine.get(name)) is not None:
            yield entry
    for name in names.values("queue_id"):
        yield from quarantine.find(queue_id=name)
    for name in names.values("message_key"):
        yield from quarantine.find(message_key=name)


def _logged(log: Path | None, names: Names) -> list[dict[str, Any]]:
    """The log's lines about the message. Its names in them are added to `names`. Raises UnreadableLogError."""
    found = []
    for path in () if log is None else (log.with_name(f"{log.name}.1"), log):
        needles = [value.encode() for _, value in names.known if value]
        for line in _tail(path, needles):
            facts = parse(line)
            if names.fit(facts):
                names.learn(facts)
                found.append(facts)
    return found


def _tail(path: Path, needles: Sequence[bytes]) -> Iterator[str]:
    """The lines with one of `needles` in the last `MAX_LOG_BYTES` of the file. Raises UnreadableLogError."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - MAX_LOG_BYTES))
            if size > MAX_LOG_BYTES:
                stream.readline()
            for line in stream:
                if any(needle in line for needle in needles):
                    yield line.decode("utf-8", "replace").rstrip("\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnreadableLogError(f"{path}: {of_system(error)}") from error


def parse(line: str) -> dict[str, Any]:
    """The fields of a line of the log, JSON or logfmt; empty if it is neither."""
    if line.startswith("{"):
        try:
            found = json.loads(line)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
    return {key: _unquoted(value) for key, value in _PAIR.findall(line)}


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _judged(line: Mapping[str, Any]) -> Step:
    event = str(line.get("event", "log"))
    shown = _JUDGED if event == "message" else tuple(key for key in line if key not in ("time", "event"))
    facts = {key: line[key] for key in (*NAMES, *shown) if key in line}
    return Step(_time(line.get("time")), "judged" if event == "message" else event, facts)


def _kept(entry: Entry) -> Step:
    facts = {
        "id": entry.id,
        "queue_id": entry.envelope.queue_id,
        "decided_by": entry.decided_by,
        "score": entry.score,
        "repeats": entry.repeats,
        "recipients": [
            f"{printable(each.recipient.address, 320)} is {each.state.value} since {each.changed:%Y-%m-%dT%H:%M:%SZ}"
            for each in entry.copies
        ],
    }
    return Step(_time(entry.held_at), "kept in the quarantine", facts)


def _done(done: Operation) -> Step:
    facts = {
        "id": done.entry,
        "by": done.who,
        "result": done.result,
        "reason": done.reason,
        "note": done.note,
    }
    return Step(_time(done.at), done.operation, facts)


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return printable(str(value or ""), 40)
