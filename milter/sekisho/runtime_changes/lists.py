"""Reads, checks and exports the block and allow entries that people make for the lists of the store.

An entry is checked as in the configuration file. Pure: the store itself is `store.ListStore`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from sekisho.data_files import ContentError, parse_json
from sekisho.domains import within
from sekisho.plain_errors import did_you_mean, dotted
from sekisho.policy import ListEntry, ListOptions, list_doubts, list_faults, reasons
from sekisho.policy.lists import Groups
from sekisho.store.lists import LISTS, Stored

MAX_EXPORT_BYTES = 64 * 1024 * 1024
EXPORT_SCHEMA = 1  # of the form of the file; a file without it is of a version before 0.8.1
EXPORT_KEYS = ("schema", "version")


class EntryError(Exception):
    """A list cannot hold an entry. `reasons` has every reason, each a line."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class ExportError(Exception):
    """A file is not an export of lists. The text says why."""


def read_entry(facts: Mapping[str, Any]) -> ListEntry:
    """The entry of these fields. Raises EntryError."""
    try:
        return ListEntry.model_validate(dict(facts))
    except ValidationError as error:
        raise EntryError(reasons(error)) from error


def checked_entry(name: str, facts: Mapping[str, Any], groups: Groups) -> ListEntry:
    """The entry of these fields, checked for the list of that name (`allow` or `block`). Raises EntryError."""
    entry = read_entry(facts)
    try:
        options = ListOptions.model_validate({name: [entry]})
    except ValidationError as error:
        raise EntryError(reasons(error)) from error
    for _, reason in list_faults(options, groups):
        raise EntryError(reason)
    return entry


def refuse_doubtful(name: str, entry: ListEntry, now: float) -> None:
    """Raises EntryError for an allow entry that lets strangers in, and for an entry that has expired. `now` is Unix
    time in seconds. A person may insist."""
    if doubts := tuple(list_doubts(name, entry, now)):
        raise EntryError(*(f"{each}; --force adds it all the same" for each in doubts))


def loosened(
    entries: Iterable[tuple[str, ListEntry]], configured: ListOptions, stored: Iterable[Stored], now: float
) -> Iterator[tuple[str, str]]:
    """`(list, reason)` for each allow entry that lacks a condition of one that stands there, in the configuration or in
    the store. `now` is Unix time in seconds. A person may insist."""
    standing = {("allow", *each.key): each for each in configured.allow}
    standing |= {(each.list, *each.entry.key): each.entry for each in stored}
    for name, entry in entries:
        before = standing.get((name, *entry.key))
        if before is None or not before.in_force(now):
            continue
        lost = [] if entry.authenticated or not before.authenticated else ["authenticated"]
        if before.dkim and not (entry.dkim and within(entry.dkim, before.dkim)):
            lost.append(f"dkim {before.dkim}")
        if lost:
            yield (
                name,
                f"{entry.entry}: stands there with the condition {' and '.join(lost)}, which this entry does not have; "
                "--force adds it all the same",
            )


def on_both(
    entries: Iterable[tuple[str, ListEntry]], configured: ListOptions, stored: Iterable[Stored]
) -> list[ListEntry]:
    """Those of the entries that stand on the other list, too, for the same recipients or for everybody."""
    scopes: dict[tuple[str, str], set[str]] = {}
    rows = [(each.list, each.entry) for each in stored]
    rows += [(name, each) for name in LISTS for each in getattr(configured, name)]
    for name, each in rows:
        scope, matched = each.key
        scopes.setdefault((name, matched), set()).add(scope)
    found = []
    for name, entry in entries:
        (other,) = set(LISTS) - {name}
        scope, matched = entry.key
        there = scopes.get((other, matched), set())
        if there and (not scope or there & {scope, ""}):
            found.append(entry)
    return found


def entries_of_export(
    data: bytes, groups: Groups, who: str, now: float | None = None
) -> list[tuple[str, ListEntry]]:
    """All entries of an export (`export_of`), each with its list. `who` becomes the author of an entry without one.
    With `now` (Unix time in seconds) doubtful entries are refused, too (`refuse_doubtful`).

    Raises ExportError, or EntryError with what is wrong in any entry.
    """
    found = _lists_of_export(data)
    raw = [(number, name, each) for name in found for number, each in enumerate(found[name])]
    entries: list[tuple[str, ListEntry]] = []
    wrong: list[str] = []
    places: dict[tuple[str, ...], str] = {}
    for number, name, each in raw:
        facts = {"author": who, **(each if isinstance(each, dict) else {"entry": each})}
        try:
            entry = checked_entry(name, facts, groups)
            if now is not None:
                refuse_doubtful(name, entry, now)
            first = places.setdefault((name, *entry.key), f"{name}[{number}]")
            if first != f"{name}[{number}]":
                raise EntryError(f"{entry.entry}: stands in {first} already")
            entries.append((name, entry))
        except EntryError as error:
            wrong += [f"{name}[{number}]: {reason}" for reason in error.reasons]
    if wrong:
        raise EntryError(*wrong)
    return entries


def _lists_of_export(data: bytes) -> dict[str, list[Any]]:
    """The lists of an export by name. Raises ExportError, or EntryError with every key that is wrong."""
    if len(data) > MAX_EXPORT_BYTES:
        raise ExportError(f"is larger than {MAX_EXPORT_BYTES} bytes: `list export` writes no such file")
    try:
        document = parse_json(data)
    except ContentError as error:
        raise ExportError(f"{error}: name a file that `list export` wrote") from error
    if not isinstance(document, dict) or not set(LISTS) & set(document):
        raise ExportError(f"has neither {' nor '.join(LISTS)}: name a file that `list export` wrote")
    if wrong_keys := tuple(_wrong_keys(document)):
        raise EntryError(*wrong_keys)
    found = {name: document.get(name, []) for name in LISTS}
    if wrong := next((name for name, entries in found.items() if not isinstance(entries, list)), None):
        raise ExportError(f"{wrong}: must be a list of entries, as `list export` writes it")
    return found


def _wrong_keys(document: dict[str, Any]) -> Iterator[str]:
    for key in document.keys() - {*EXPORT_KEYS, *LISTS}:
        yield f"{dotted((key,))}: is neither {' nor '.join(LISTS)}{did_you_mean(key, LISTS)}"
    schema, version = document.get("schema", EXPORT_SCHEMA), document.get("version", 0)
    if type(schema) is not int or schema != EXPORT_SCHEMA:
        yield f"schema: must be {EXPORT_SCHEMA}: another version of sekisho wrote this file"
    if type(version) is not int or version < 0:
        yield "version: must be the number of the lists' last change, as `list export` writes it"


def export_of(version: int, stored: Iterable[Stored]) -> dict[str, Any]:
    """The entries of the store as JSON values, which `entries_of_export` reads. `version` is the number of the lists'
    last change."""
    document: dict[str, Any] = {"schema": EXPORT_SCHEMA, "version": version, **{name: [] for name in LISTS}}
    for each in stored:
        document[each.list].append(each.entry.model_dump(mode="json", exclude_defaults=True))
    return document


def entry_rows(configured: ListOptions, stored: Iterable[Stored], now: float) -> list[dict[str, Any]]:
    """All entries as JSON values, those of the configuration first. `now` is Unix time (seconds)."""
    rows = [_row(name, each, "configuration", now) for name in LISTS for each in getattr(configured, name)]
    return rows + [
        _row(each.list, each.entry, "store", now) | {"added": each.added.isoformat()} for each in stored
    ]


def is_configured(configured: ListOptions, name: str, entry: ListEntry) -> bool:
    """True if the entry stands in the configuration, where only an edit of the file can remove it."""
    return any(each.key == entry.key for each in getattr(configured, name))


def _row(name: str, entry: ListEntry, origin: str, now: float) -> dict[str, Any]:
    return {
        "list": name,
        **entry.model_dump(mode="json"),
        "expired": not entry.in_force(now),
        "origin": origin,
    }
