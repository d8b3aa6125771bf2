"""The snapshot: the last good lists in a file beside the store, from which all processes read them.

The supervisor, the workers and the command line read this file and never the database, so the lists stay in force while
the store is down. The maintenance process writes it when the version in the store has changed: the new file is renamed
when it is on the disk, so the snapshot is always complete. A worker follows the file (`InForce`) without a reload.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sekisho.events import keeping
from sekisho.policy import ListEntry, ListOptions, Lists, reasons
from sekisho.store.database.engine import sync_directory
from sekisho.store.database.options import StoreOptions, state_directory, store_name
from sekisho.store.lists.table import LISTS, Stored

LOG = logging.getLogger("sekisho.store")
FILE_NAME = "lists.json"
FORMAT_VERSION = 1
UNREADABLE_VERSION = -1
FOREIGN_LISTS = (
    "the {entries} list entries that hold now are of {store}, and end when the daemon starts with this store: "
    "`sekisho store copy` takes them along"
)
"""The text about a snapshot of another store (`foreign`)."""
READ_ERRORS = (OSError, ValueError, LookupError, TypeError, RecursionError)

Identity = tuple[int, int, int, int]
"""Device, inode, time of change (ns) and size: another file, or other content."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The lists of the store at a version. Version 0: nothing was ever written; -1: the file cannot be read."""

    version: int = 0
    lists: ListOptions = field(default_factory=ListOptions)


def identity(options: StoreOptions) -> Identity | None:
    """The identity of the file at the snapshot's path; None if there is none or it cannot be read."""
    try:
        found = (state_directory(options) / FILE_NAME).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def read(options: StoreOptions) -> Snapshot:
    """The last good lists. Never raises: if the file cannot be read the log says so, and the maintenance process writes
    it again."""
    path = state_directory(options) / FILE_NAME
    try:
        return _parse(path)
    except FileNotFoundError:
        return Snapshot()
    except READ_ERRORS as error:
        keeping.LISTS_LOST.write(LOG, path=path, reason=error)
        return Snapshot(UNREADABLE_VERSION)


def written(options: StoreOptions) -> int:
    """The version of the lists of this store that the snapshot has; `UNREADABLE_VERSION` if it has none. Never
    raises."""
    try:
        data = json.loads((state_directory(options) / FILE_NAME).read_bytes())
        own = data.get("store", store_name(options)) == store_name(options)
        return int(data["version"]) if own else UNREADABLE_VERSION
    except READ_ERRORS:
        return UNREADABLE_VERSION


def foreign(options: StoreOptions) -> tuple[str, int] | None:
    """The store whose lists the snapshot has, and the number of entries, if that is not the configured store and there
    are any. None also for a snapshot that cannot be read, or does not say whose it is. Never raises."""
    try:
        data = json.loads((state_directory(options) / FILE_NAME).read_bytes())
        store, entries = str(data.get("store", "")), sum(len(data[name]) for name in LISTS)
    except (*READ_ERRORS, AttributeError):
        return None
    return (store, entries) if store not in ("", store_name(options)) and entries else None


def _parse(path: Path) -> Snapshot:
    """Raises FileNotFoundError, or another of READ_ERRORS."""
    data = json.loads(path.read_bytes())
    return Snapshot(int(data["version"]), _lists(path, data))


class InForce:
    """The lists that are in force in this process. A change exchanges one reference, so each message uses one version
    and never waits. Belongs to one process; one thread calls `refresh`, all may read `current`."""

    def __init__(self, options: StoreOptions, build: Callable[[ListOptions], Lists], held: Snapshot) -> None:
        """`build` joins the lists made at run time with those of the configuration; `held` is the last snapshot."""
        self._options = options
        self._build = build
        self._held = held
        self._seen: Identity | None = None
        self.current = build(held.lists)

    @property
    def version(self) -> int:
        """The version of the lists in force."""
        return self._held.version

    def refresh(self) -> bool:
        """Read the snapshot if it has changed. True if other lists are in force now. A snapshot that is missing or
        cannot be read changes nothing; it is logged once for each such file. Never raises for errors of the file."""
        found = identity(self._options)
        if found is None or found == self._seen:
            return False
        self._seen = found  # taken before the file is read: one that changes in between is read again
        path = state_directory(self._options) / FILE_NAME
        try:
            snapshot = _parse(path)
        except READ_ERRORS as error:
            keeping.LISTS_STALE.failed(LOG, error, path=path)
            return False
        if snapshot == self._held:
            return False
        self.current, self._held = self._build(snapshot.lists), snapshot
        return True


def write(options: StoreOptions, version: int, entries: Iterable[Stored]) -> None:
    """Write the lists of a version to the disk. Raises OSError."""
    path = state_directory(options) / FILE_NAME
    data: dict[str, Any] = {"schema": FORMAT_VERSION, "version": version, "store": store_name(options)}
    data |= {name: [] for name in LISTS}
    for each in entries:
        data[each.list].append(each.entry.model_dump(mode="json", exclude_defaults=True))
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)


def _lists(path: Path, data: dict[str, Any]) -> ListOptions:
    """The entries, without those that this version of the program does not accept."""
    found: dict[str, list[ListEntry]] = {name: [] for name in LISTS}
    for name in LISTS:
        for each in data[name]:
            try:
                found[name].append(ListEntry.model_validate(each))
            except ValidationError as error:
                keeping.LIST_ENTRY_REFUSED.write(LOG, path=path, list=name, reason=reasons(error))
    return ListOptions(allow=tuple(found["allow"]), block=tuple(found["block"]))
