"""`sekisho list add | remove | list | import | export`: block and allow entries that are made while the daemon runs.

The maintenance process writes a change to the snapshot file and the workers read it, within two seconds and without a
reload.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from sekisho.cli import output
from sekisho.cli.opening import lists_of, who
from sekisho.clock import SystemClock
from sekisho.config import Config, ConfigError
from sekisho.runtime_changes.lists import (
    EntryError,
    ExportError,
    checked_entry,
    entries_of_export,
    entry_rows,
    export_of,
    is_configured,
    read_entry,
)
from sekisho.text import printable

COLUMNS = ("list", "entry", "scope", "expires", "condition", "by", "comment", "from")


def add(config: Config, name: str, facts: Mapping[str, Any]) -> None:
    """Add one entry. Raises ClickException for one that the list cannot hold."""
    try:
        entry = checked_entry(name, {**facts, "author": who()}, config.groups)
    except EntryError as error:
        raise click.ClickException(str(error)) from error
    with lists_of(config) as store:
        done = store.add([(name, entry)])
    output.say(
        f"version {done.version}: {entry.entry} {'added to' if done.added else 'is already on'} {name}"
    )


def remove(config: Config, name: str, entry: str, scope: str) -> None:
    """Remove one entry of the store. Raises ClickException if it is not there."""
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
    output.say(f"version {done.version}: {wanted.entry} removed from {name}")


def show(config: Config, style: str) -> None:
    """Print all entries, those of the configuration first."""
    with lists_of(config) as store:
        version, stored = store.entries()
    rows = entry_rows(config.lists, stored, SystemClock().now().timestamp())
    if style == "json":
        output.write_json({"version": version, "entries": rows}, 1)
        return
    if not rows:
        output.say("there are no entries")
        return
    output.write_rows(COLUMNS, [_cells(row) for row in rows], 3)


def import_entries(config: Config, data: bytes, name: str) -> None:
    """Add all entries of an export, the file of that name, in one change. Raises ClickException for what is no export,
    and ConfigError with what is wrong in any entry."""
    try:
        entries = entries_of_export(data, config.groups, who())
    except ExportError as error:
        raise click.ClickException(f"{name}: {error}") from error
    except EntryError as error:
        raise ConfigError(tuple(f"{name}: {reason}" for reason in error.reasons)) from error
    with lists_of(config) as store:
        done = store.add(entries)
    output.say(f"version {done.version}: {done.added} of {len(entries)} entries added")


def export(config: Config) -> None:
    """Print the entries of the store in the form that `import_entries` reads."""
    with lists_of(config) as store:
        version, stored = store.entries()
    output.write_json(export_of(version, stored), 1)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    conditions = ["authenticated"] if row["authenticated"] else []
    conditions += [f"dkim {row['dkim']}"] if row["dkim"] else []
    ends = (row["expires"] or "") + (" (expired)" if row["expired"] else "")
    cells = (row["list"], row["entry"], row["scope"] or "site", ends, ", ".join(conditions), row["author"])
    return tuple(printable(cell, 200) for cell in (*cells, row["comment"], row["origin"]))
