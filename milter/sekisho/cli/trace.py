"""`sekisho trace`: where is my mail, and why.

What the daemon's log and the quarantine know of one message, in order of time. It is named by its record id
(in our reply, our header and our log), its Postfix queue id, or its Message-ID, of which log and store keep a
fingerprint only. A message has several names: what one finds is asked for the others.

The log is read if it is a file, and its predecessor `.1`; of each the last 64 MB. Where the log goes to
stderr, the service manager has it, and the command for that is printed. What Postfix did before and after us
is in Postfix's own log, under the queue id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sekisho.cli import output
from sekisho.cli.quarantine import opened
from sekisho.config import Config
from sekisho.held import Entry, Operation
from sekisho.message import message_key
from sekisho.store.database import database_file
from sekisho.store.quarantine import Quarantine
from sekisho.text import printable

TAIL = 64 * 1024 * 1024  # bytes of a log file that are looked through
NAMES = ("id", "queue_id", "message_key")
_PAIR = re.compile(r'(?<![a-z0-9_.])([a-z0-9_.]++)=("(?:[^"\\]++|\\.)*+"|\S*+)')
_JUDGED = ("verdict", "score", "decided_by", "mode", "outcomes", "reply", "client", "findings", "degraded")


@dataclass(slots=True)
class Names:
    """All the names by which the message is known so far."""

    known: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, what: str) -> Names:
        """What was typed may be any of the three; a Message-ID has an @ or brackets."""
        text = what.strip()
        if "@" in text or text.startswith("<"):
            return cls({("message_key", message_key(text) or "")})
        return cls({("id", text.upper()), ("id", text), ("queue_id", text)})

    def learn(self, facts: Mapping[str, Any]) -> None:
        self.known |= {(name, str(facts[name])) for name in NAMES if facts.get(name)}

    def fit(self, facts: Mapping[str, Any]) -> bool:
        return any((name, str(facts.get(name))) in self.known for name in NAMES if facts.get(name))

    def values(self, name: str) -> list[str]:
        return sorted(value for key, value in self.known if key == name and value)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: when (ISO 8601), what, and the facts."""

    at: str
    what: str
    facts: Mapping[str, Any]


def run(config: Config, what: str, style: str) -> int:
    """Print the story. 0 if there is one, else 1."""
    steps, names = collect(config, what)
    if style == "json":
        found = [{"at": each.at, "what": each.what, **each.facts} for each in steps]
        output.write_json(found)
    else:
        for each in steps:
            facts = "  ".join(f"{key}={_text(value)}" for key, value in each.facts.items() if value)
            output.say(f"{each.at}  {each.what}  {facts}")
    for hint in _hints(config, names) if style == "text" else ():
        output.say(hint, err=True)
    if not steps:
        where = "" if config.log.target.startswith("/") else " in the quarantine"
        output.say(f"nothing is known{where} of {printable(what, 200)}", err=True)
    return 0 if steps else 1


def collect(config: Config, what: str) -> tuple[tuple[Step, ...], Names]:
    """The steps in order, and the names that were found."""
    names = Names.of(what)
    lines = _logged(config, names)
    entries, operations = _stored(config, names)
    for entry in entries:
        names.learn({"id": entry.id, "queue_id": entry.envelope.queue_id})
    if lines or entries:
        lines = _logged(config, names)  # once more, by the names that were not typed
    steps = [*map(_judged, lines), *map(_kept, entries), *map(_done, operations)]
    return tuple(sorted(steps, key=lambda step: step.at)), names


def _stored(config: Config, names: Names) -> tuple[list[Entry], list[Operation]]:
    file = database_file(config.store)
    if file is not None and not file.exists():
        return [], []
    with opened(config) as quarantine:
        found = {entry.id: entry for entry in _entries(quarantine, names)}
        ids = sorted({*found, *names.values("id")})
        done = {each.number: each for name in ids for each in quarantine.operations(name, 1000)}
    return list(found.values()), list(done.values())


def _entries(quarantine: Quarantine, names: Names) -> Iterator[Entry]:
    for name in names.values("id"):
        if (entry := quarantine.get(name)) is not None:
            yield entry
    for name in names.values("queue_id"):
        yield from quarantine.find(queue_id=name)
    for name in names.values("message_key"):
        yield from quarantine.find(message_key=name)


def _logged(config: Config, names: Names) -> list[dict[str, Any]]:
    """The log's lines about the message; what they say of its names is learnt."""
    if not config.log.target.startswith("/"):
        return []
    found = []
    for path in (Path(config.log.target + ".1"), Path(config.log.target)):
        needles = [value.encode() for _, value in names.known if value]
        for line in _tail(path, needles):
            facts = parse(line)
            if names.fit(facts):
                names.learn(facts)
                found.append(facts)
    return found


def _tail(path: Path, needles: Sequence[bytes]) -> Iterator[str]:
    """The lines that may be meant, of the end of the file."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - TAIL))
            if size > TAIL:
                stream.readline()
            for line in stream:
                if any(needle in line for needle in needles):
                    yield line.decode("utf-8", "replace").rstrip("\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error


def parse(line: str) -> dict[str, Any]:
    """A line of the log, JSON or logfmt, as facts; empty if it is neither."""
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


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(printable(str(each), 400) for each in value)
    return printable(str(value), 400)


def _hints(config: Config, names: Names) -> Iterator[str]:
    if not config.log.target.startswith("/"):
        known = {value.casefold(): value for _, value in sorted(names.known) if value}
        what = "|".join(known.values())
        yield f"the log is not a file; ask the service manager: journalctl -u sekisho-milter | grep -E '{what}'"
    for name in names.values("queue_id"):
        if re.fullmatch(r"[A-Za-z0-9]{5,20}", name):
            yield f"Postfix's own part of the story: grep {name} /var/log/mail.log"
