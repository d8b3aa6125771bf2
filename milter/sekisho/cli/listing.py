"""`sekisho list add | remove | list | import | export`: block and allow entries that are made while the daemon runs.

The maintenance process writes a change to the snapshot file and the workers read it, within two seconds and without a
reload.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from sekisho.cli import output
from sekisho.cli.opening import lists_of, stored_entries, who
from sekisho.clock import SystemClock
from sekisho.config import Config, ConfigError
from sekisho.policy import ListEntry
from sekisho.runtime_changes.lists import (
    EntryError,
    ExportError,
    checked_entry,
    entries_of_export,
    entry_rows,
    export_of,
    is_configured,
    loosened,
    on_both,
    read_entry,
    refuse_doubtful,
)
from sekisho.runtime_changes.watch import FOLLOW_SECONDS
from sekisho.status import answers
from sekisho.store.database import database_file, in_use
from sekisho.store.lists import Changed, ListStore, snapshot
from sekisho.text import printable

COLUMNS = ("list", "entry", "scope", "expires", "condition", "by", "comment", "from")
WAIT_SECONDS = 4.0  # for the daemon to take up a change; it looks every second
LOOK_SECONDS = 0.1  # between two looks at the snapshot


def add(config: Config, name: str, facts: Mapping[str, Any], *, force: bool) -> None:
    """Add one entry, and wait until it is in force. Raises ClickException for one that the list cannot hold; without
    `force` also for a doubtful one, and ConfigError for one that would drop a condition."""
    try:
        entry = checked_entry(name, {**facts, "author": who()}, config.groups)
        if not force:
            refuse_doubtful(name, entry, SystemClock().now().timestamp())
    except EntryError as error:
        raise click.ClickException(str(error)) from error
    with lists_of(config) as store:
        done, conflicts = _added(config, store, [(name, entry)], "", force=force)
        when = in_force(config, done.version)
    if done.replaced:
        what = f"replaced on {name} (was: {_told(name, done.replaced[0][1])})"
    else:
        what = f"added to {name}" if done.added else f"is already on {name}"
    output.say(f"version {done.version}: {entry.entry} {what}; {when}", *conflicts)


def _added(
    config: Config,
    store: ListStore,
    entries: Sequence[tuple[str, ListEntry]],
    who_imports: str,
    *,
    force: bool,
) -> tuple[Changed, list[str]]:
    """Add entries to the store. Returns what changed, and a line for those that stand on both lists now. Without
    `force` raises ConfigError for each that would drop a condition of an entry that stands there."""
    stored = store.entries()[1]
    if not force:
        doubts = loosened(entries, config.lists, stored, SystemClock().now().timestamp())
        if faults := tuple(f"{name}: {reason}" for name, reason in doubts):
            raise ConfigError(faults)
    both = ", ".join(printable(each.entry, 200) for each in on_both(entries, config.lists, stored))
    conflicts = [f"on allow and on block: {both}: allow has priority"] if both else []
    return store.add(entries, who_imports), conflicts


def _told(name: str, entry: ListEntry | None) -> str:
    """What an entry said beside what it matches."""
    if entry is None:
        return "an entry that this version cannot read"
    parts = _conditions(entry.authenticated, entry.dkim)
    parts += ["without a condition"] if name == "allow" and not parts else []
    parts += [f"until {_local(entry.expires.isoformat())}"] if entry.expires else []
    parts += [json.dumps(entry.comment, ensure_ascii=False)] if entry.comment else []
    parts += [f"by {entry.author}"] if entry.author else []
    return printable(", ".join(parts), 1000) or "without more"


def remove(config: Config, name: str, entry: str, scope: str) -> None:
    """Remove one entry of the store, and wait until it holds no more. Raises ClickException if it is not there."""
    try:
        wanted = read_entry({"entry": entry, "scope": scope})
    except EntryError as error:
        raise click.ClickException(str(error)) from error
    with lists_of(config) as store:
        done = store.remove(name, wanted, who())
        if not done.removed:
            configured = is_configured(config.lists, name, wanted)
            where = "stands in the configuration: take it out there" if configured else f"is not on {name}"
            raise click.ClickException(f"{wanted.entry} {where}")
        when = in_force(config, done.version)
    output.say(f"version {done.version}: {wanted.entry} removed from {name}; {when}")
    if is_configured(config.lists, name, wanted):
        output.say(f"it still stands on {name} in the configuration: take it out there, too")


def show(config: Config, style: str) -> None:
    """Print all entries, those of the configuration first."""
    version, stored = stored_entries(config)
    rows = entry_rows(config.lists, stored, SystemClock().now().timestamp())
    if style == "json":
        output.write_json({"version": version, "entries": rows}, 1)
        return
    if not rows:
        output.say("there are no entries")
        return
    output.write_rows(COLUMNS, [_cells(row) for row in rows], 3)


def import_entries(config: Config, data: bytes, name: str, *, force: bool) -> None:
    """Add all entries of an export, the file of that name, in one change. Raises ClickException for what is no export,
    and ConfigError with what is wrong in any entry; without `force` a doubtful entry is wrong, too."""
    try:
        now = None if force else SystemClock().now().timestamp()
        entries = entries_of_export(data, config.groups, who(), now)
    except ExportError as error:
        raise click.ClickException(f"{name}: {error}") from error
    except EntryError as error:
        raise ConfigError(tuple(f"{name}: {reason}" for reason in error.reasons)) from error
    with lists_of(config) as store:
        try:
            done, conflicts = _added(config, store, entries, who(), force=force)
        except ConfigError as error:
            raise ConfigError(tuple(f"{name}: {reason}" for reason in error.errors)) from error
        when = in_force(config, done.version)
    changed = len(done.replaced)
    same = len(entries) - done.added - changed
    output.say(
        f"version {done.version}: {done.added} added, {changed} changed, {same} unchanged; {when}", *conflicts
    )


def export(config: Config) -> None:
    """Print the entries of the store in the form that `import_entries` reads."""
    version, stored = stored_entries(config)
    output.write_json(export_of(version, stored), 1)


def in_force(config: Config, version: int) -> str:
    """Wait until the daemon has taken up a version of the lists. Returns a text that says when it holds. Call it with
    the rights of the daemon's user."""
    if not _runs(config):
        return "the daemon does not run: in force from its start"
    end = time.monotonic() + WAIT_SECONDS
    while snapshot.written(config.store) < version:
        if time.monotonic() > end:
            waited = f"in {WAIT_SECONDS:g} seconds"
            if not answers(config.metrics) and database_file(config.store) is None:
                return f"no daemon has taken it up {waited}: in force from its start"
            return f"the daemon has not taken it up {waited}: its log says why"
        time.sleep(LOOK_SECONDS)
    time.sleep(FOLLOW_SECONDS + LOOK_SECONDS)  # each worker looks at the snapshot that often
    return "in force"


def _runs(config: Config) -> bool:
    """True if the daemon runs, or if that is unknown: it may run without metrics, and on PostgreSQL has no lock."""
    if answers(config.metrics):
        return True
    file = database_file(config.store)
    return file is None or in_use(file)


def _local(stamp: str | None) -> str:
    """A time of RFC 3339 in the zone of this machine, for people."""
    return f"{datetime.fromisoformat(stamp).astimezone():%Y-%m-%d %H:%M %z}" if stamp else ""


def _conditions(authenticated: bool, dkim: str) -> list[str]:
    return [*(["authenticated"] if authenticated else []), *([f"dkim {dkim}"] if dkim else [])]


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    conditions = _conditions(row["authenticated"], row["dkim"])
    ends = _local(row["expires"]) + (" (expired)" if row["expired"] else "")
    cells = (row["list"], row["entry"], row["scope"] or "site", ends, ", ".join(conditions), row["author"])
    return tuple(printable(cell, 200) for cell in (*cells, row["comment"], row["origin"]))
