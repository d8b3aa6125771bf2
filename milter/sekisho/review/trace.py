"""Finds where a message is, and why, from the daemon's log and the quarantine, in the order of time.

A message is named by its record id (in our reply, our header and our log), by its Postfix queue id, or by its
Message-ID, of which log and store keep a fingerprint only. A line that is found by one name tells the other names, and
these are looked up, too.

If the log is a file, it and its predecessors are read (`log_files`). What people did is in the audit, and the daemon
tells it to the log, too: such a line is left out if the audit still has the operation.

It cannot see a log that goes to stderr (the service manager has it), nor what Postfix did before and after us (that is
in Postfix's own log, under the queue id).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sekisho.held import Copy, Entry, Operation, State
from sekisho.message import message_key
from sekisho.ports import QuarantineReader
from sekisho.review.log_files import files_of, lines_of, parse
from sekisho.review.naming import MIN_PREFIX_CHARS, NoSuchEntryError, several, whole_id
from sekisho.text import printable

MAX_OPERATIONS = 1000  # of one entry
NAMES = ("id", "queue_id", "message_key")
_JUDGED = ("verdict", "score", "decided_by", "mode", "outcomes", "reply", "client", "findings", "degraded")


@dataclass(slots=True)
class Names:
    """The names of the message that are known so far. `known` has also what the typed text may be; `found` only what a
    line or an entry has."""

    known: set[tuple[str, str]] = field(default_factory=set)
    found: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, what: str) -> Names:
        """The names that a typed text may be: a Message-ID if it has an @ or begins with `<`, else a record id or a
        queue id."""
        text = what.strip()
        if "@" in text or text.startswith("<"):
            return cls({("message_key", message_key(text) or "")})
        return cls({("id", text.upper()), ("id", text), ("queue_id", text)})

    def complete(self, store: QuarantineReader, what: str) -> None:
        """Add the id that begins as the typed text, if there is one. Raises NoSuchEntryError for several."""
        if store.beginning_with(what, 1, audited=True) and len(what.strip()) >= MIN_PREFIX_CHARS:
            self._add({("id", whole_id(store, what, audited=True))})

    def complete_from(self, log: Path, what: str) -> None:
        """Add the id of the log that begins as the typed text, if there is one: an id of a message that is not held
        stands nowhere else. Raises NoSuchEntryError for several, UnreadableLogError."""
        start = what.strip().upper()
        if len(start) < MIN_PREFIX_CHARS or not start.isalnum():
            return
        needle = start.encode("utf-8", "surrogatepass")
        ids = {str(parse(line).get("id", "")) for line in lines_of(files_of(log), [needle])}
        found = sorted(name for name in ids if name.startswith(start))
        if len(found) > 1:
            raise NoSuchEntryError(several(what, found))
        self._add({("id", name) for name in found})

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Add the names that a line or an entry has."""
        self._add({(name, str(facts[name])) for name in NAMES if facts.get(name)})

    def _add(self, names: set[tuple[str, str]]) -> None:
        self.known |= names
        self.found |= names

    def fit(self, facts: Mapping[str, Any]) -> bool:
        """True if a line is about the message."""
        return any((name, str(facts.get(name))) in self.known for name in NAMES if facts.get(name))

    def values(self, name: str) -> list[str]:
        """The known values of one of `NAMES`, sorted."""
        return sorted(value for key, value in self.known if key == name and value)

    def proven(self) -> set[tuple[str, str]]:
        """The names by which a person can look elsewhere: those that were found, else those that may be."""
        return {each for each in self.found or self.known if each[1]}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: when (ISO 8601), what, and the facts; `source` is the line of the log, the entry or the
    line of the audit that tells of it. `address` is the recipient of the one copy that it is about."""

    at: str
    what: str
    facts: Mapping[str, Any]
    source: Mapping[str, Any] | Entry | Operation
    address: str = ""


def trace(
    what: str, log: Path | None, opened: Callable[[], AbstractContextManager[QuarantineReader]] | None
) -> tuple[tuple[Step, ...], Names]:
    """The steps in the order of time, and the names of the message. `what` is one of its names, `log` the daemon's log
    if it is a file; `opened` opens the quarantine if there is one.

    Raises UnreadableLogError, StoreUnavailable, or NoSuchEntryError if several ids begin so.
    """
    names = Names.of(what)
    entries, operations = ([], []) if opened is None else _stored(opened, names, what)
    known = set(names.known)
    lines = _logged(log, names)
    if log is not None and not names.found:
        names.complete_from(log, what)
    if names.known != known:
        if opened is not None:
            entries, operations = _stored(opened, names, what)
        lines = _logged(log, names)  # once more, with the names that were found
    told = {_key(each) for each in operations}
    lines = [line for line in lines if _told(line) not in told]
    addresses = {copy.number: copy.recipient.address for entry in entries for copy in entry.copies}
    done = (_done(each, addresses) for each in operations)
    steps = [*map(_judged, lines), *map(_kept, entries), *done]
    return tuple(sorted(steps, key=lambda step: step.at)), names


def _stored(
    opened: Callable[[], AbstractContextManager[QuarantineReader]], names: Names, what: str
) -> tuple[list[Entry], list[Operation]]:
    """What the quarantine has. The names of its entries are added to `names`."""
    with opened() as quarantine:
        names.complete(quarantine, what)
        found = {entry.id: entry for entry in _entries(quarantine, names)}
        ids = sorted({*found, *names.values("id")})
        done = {each.number: each for name in ids for each in quarantine.operations(name, MAX_OPERATIONS)}
    for entry in found.values():
        names.learn({"id": entry.id, "queue_id": entry.envelope.queue_id})
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
    """The log's lines about the message, each once. Its names in them are added to `names`. Raises
    UnreadableLogError."""
    needles = [value.encode("utf-8", "surrogatepass") for _, value in names.known if value]
    found: dict[str, dict[str, Any]] = {}
    for line in () if log is None else lines_of(files_of(log), needles):
        facts = parse(line)
        if line not in found and names.fit(facts):
            names.learn(facts)
            found[line] = facts
    return list(found.values())


def _judged(line: Mapping[str, Any]) -> Step:
    event = str(line.get("event", "log"))
    shown = _JUDGED if event == "message" else tuple(key for key in line if key not in ("time", "event"))
    facts = {key: line[key] for key in (*NAMES, *shown) if key in line}
    return Step(_time(line.get("time")), "judged" if event == "message" else event, facts, line)


def _kept(entry: Entry) -> Step:
    facts = {
        "id": entry.id,
        "queue_id": entry.envelope.queue_id,
        "decided_by": entry.decided_by,
        "score": entry.score,
        "repeats": entry.repeats,
        "recipients": [
            f"{printable(each.recipient.address, 320)} is {each.state.value} since {_since(entry, each)}"
            for each in entry.copies
        ],
    }
    return Step(_time(entry.held_at), "kept in the quarantine", facts, entry)


def _since(entry: Entry, copy: Copy) -> str:
    """Since when a copy is in its state. It is held since it came: a release that failed does not change that."""
    return f"{entry.held_at if copy.state is State.HELD else copy.changed:%Y-%m-%dT%H:%M:%SZ}"


def _done(done: Operation, addresses: Mapping[int, str]) -> Step:
    facts = {
        "id": done.entry,
        "by": done.who,
        "result": done.result,
        "reason": done.reason,
        "note": done.note,
    }
    return Step(
        _time(done.at), done.operation, facts, done, printable(addresses.get(done.copy or 0, ""), 320)
    )


def _key(done: Operation) -> tuple[str, ...]:
    """What tells an operation from others, also in the log (`maintenance.quarantine`)."""
    at = done.at.isoformat(timespec="seconds") if done.at else ""
    return at, done.operation, done.result, done.entry or "", str(done.copy or "")


def _told(line: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The key of the operation that a line tells; None for any other line."""
    if line.get("event") != "quarantine_operation":
        return None
    return tuple(str(line.get(key) or "") for key in ("at", "operation", "result", "id", "copy"))


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return printable(str(value or ""), 40)
