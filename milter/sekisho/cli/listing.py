"""`sekisho list add | remove | list | import | export`: entries made while the daemon runs.

The maintenance process writes the change down and the workers take it up, within two seconds and without a reload.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from pydantic import ValidationError

from sekisho.cli import output
from sekisho.cli.owner import as_owner
from sekisho.cli.quarantine import who
from sekisho.clock import SystemClock
from sekisho.config import Config, ConfigError
from sekisho.policy import ListEntry, ListOptions, list_faults, reasons
from sekisho.ports import StoreUnavailable
from sekisho.store.database import SchemaError
from sekisho.store.lists import LISTS, ListStore
from sekisho.text import printable

MAX_IMPORT = 64 * 1024 * 1024
COLUMNS = ("list", "entry", "scope", "expires", "condition", "by", "comment", "from")


@contextmanager
def opened(config: Config) -> Iterator[ListStore]:
    """The table as configured, with the rights of the daemon's user. An unusable store is the operator's news, not
    a traceback."""
    try:
        with as_owner(config):
            store = ListStore.open(config.store, SystemClock())
            try:
                yield store
            finally:
                store.close()
    except (StoreUnavailable, SchemaError) as error:
        raise click.ClickException(str(error)) from error


def add(config: Config, name: str, facts: Mapping[str, Any]) -> None:
    entry = _checked(config, name, {**facts, "author": who()}, "")
    with opened(config) as store:
        done = store.add([(name, entry)])
    output.say(
        f"version {done.version}: {entry.entry} {'added to' if done.added else 'is already on'} {name}"
    )


def remove(config: Config, name: str, entry: str, scope: str) -> None:
    wanted = _entry({"entry": entry, "scope": scope}, "")
    with opened(config) as store:
        done = store.remove(name, wanted, who())
    if not done.removed:
        configured = any(each.key == wanted.key for each in getattr(config.lists, name))
        where = "stands in the configuration: take it out there" if configured else f"is not on {name}"
        raise click.ClickException(f"{wanted.entry} {where}")
    output.say(f"version {done.version}: {wanted.entry} removed from {name}")


def show(config: Config, style: str) -> None:
    with opened(config) as store:
        version, stored = store.entries()
    rows = [_facts(name, each, "configuration") for name in LISTS for each in getattr(config.lists, name)]
    rows += [_facts(each.list, each.entry, "store") | {"added": each.added.isoformat()} for each in stored]
    if style == "json":
        output.write_json({"version": version, "entries": rows}, 1)
        return
    if not rows:
        output.say("there are no entries")
        return
    output.write_rows(COLUMNS, [_cells(row) for row in rows], 3)


def take(config: Config, data: bytes) -> None:
    """All entries of an export, in one change; the author of one that names none is whoever imports it."""
    if len(data) > MAX_IMPORT:
        raise click.ClickException("the file is too large")
    try:
        document = json.loads(data)
        raw = [(name, each) for name in LISTS for each in document.get(name, [])]
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise click.ClickException(f"not what `list export` writes: {error}") from error
    entries, errors = [], []
    for number, (name, each) in enumerate(raw):
        facts = {"author": who(), **(each if isinstance(each, dict) else {"entry": each})}
        try:
            entries.append((name, _checked(config, name, facts, f"{name} entry {number}: ")))
        except click.ClickException as error:
            errors.append(error.message)
    if errors:
        raise ConfigError(tuple(errors))
    with opened(config) as store:
        done = store.add(entries)
    output.say(f"version {done.version}: {done.added} of {len(entries)} entries added")


def export(config: Config) -> None:
    with opened(config) as store:
        version, stored = store.entries()
    document: dict[str, Any] = {"version": version, **{name: [] for name in LISTS}}
    for each in stored:
        document[each.list].append(each.entry.model_dump(mode="json", exclude_defaults=True))
    output.write_json(document, 1)


def _entry(facts: Mapping[str, Any], where: str) -> ListEntry:
    try:
        return ListEntry.model_validate(dict(facts))
    except ValidationError as error:
        raise click.ClickException(f"{where}{reasons(error)}") from error


def _checked(config: Config, name: str, facts: Mapping[str, Any], where: str) -> ListEntry:
    """The entry, as the file would accept it in that list, too."""
    entry = _entry(facts, where)
    try:
        options = ListOptions.model_validate({name: [entry]})
    except ValidationError as error:
        raise click.ClickException(f"{where}{reasons(error)}") from error
    for _, reason in list_faults(options, config.groups):
        raise click.ClickException(f"{where}{reason}")
    return entry


def _facts(name: str, entry: ListEntry, origin: str) -> dict[str, Any]:
    expired = not entry.in_force(SystemClock().now().timestamp())
    return {"list": name, **entry.model_dump(mode="json"), "expired": expired, "origin": origin}


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    conditions = ["authenticated"] if row["authenticated"] else []
    conditions += [f"dkim {row['dkim']}"] if row["dkim"] else []
    ends = (row["expires"] or "") + (" (expired)" if row["expired"] else "")
    cells = (row["list"], row["entry"], row["scope"] or "site", ends, ", ".join(conditions), row["author"])
    return tuple(printable(cell, 200) for cell in (*cells, row["comment"], row["origin"]))
