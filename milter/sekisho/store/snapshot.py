"""The last good lists, in a file beside the store, from which every generation starts.

The supervisor and the command line read this file and never the database, so a store that is down at the start is no
outage. The keeper writes it when the version in the store has changed: a new file that takes the old one's name
when it is on the disk, so it is whole or not there.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sekisho.policy import ListEntry, ListOptions, reasons
from sekisho.store.engine import sync_directory
from sekisho.store.lists import LISTS, Stored
from sekisho.store.options import StoreOptions, database_file

LOG = logging.getLogger("sekisho.store")
FALLBACK = Path("/var/lib/sekisho")  # where there is no database file to stand beside
NAME = "lists.json"
SCHEMA = 1
UNREADABLE = -1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Lists as the store had them at a version. 0: nothing was ever written; -1: the file is unreadable."""

    version: int = 0
    lists: ListOptions = field(default_factory=ListOptions)


def state_directory(options: StoreOptions) -> Path:
    """The directory of what is remembered beside the database."""
    file = database_file(options)
    return file.parent if file is not None else FALLBACK


def read(options: StoreOptions) -> Snapshot:
    """The last good lists. Never raises: what cannot be read is said in the log, and the keeper writes it anew."""
    path = state_directory(options) / NAME
    try:
        data = json.loads(path.read_bytes())
        return Snapshot(int(data["version"]), _lists(path, data))
    except FileNotFoundError:
        return Snapshot()
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        LOG.error("%s: the lists made at run time cannot be read, and do not hold: %s", path, error)
        return Snapshot(UNREADABLE)


def write(options: StoreOptions, version: int, entries: Iterable[Stored]) -> None:
    """Put the lists on the disk. Raises OSError."""
    path = state_directory(options) / NAME
    data: dict[str, Any] = {"schema": SCHEMA, "version": version, **{name: [] for name in LISTS}}
    for each in entries:
        data[each.list].append(each.entry.model_dump(mode="json", exclude_defaults=True))
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)


def _lists(path: Path, data: dict[str, Any]) -> ListOptions:
    """The entries, without those that this version of the program cannot mean."""
    found: dict[str, list[ListEntry]] = {name: [] for name in LISTS}
    for name in LISTS:
        for each in data[name]:
            try:
                found[name].append(ListEntry.model_validate(each))
            except ValidationError as error:
                LOG.error("%s: %s: an entry does not hold: %s", path, name, reasons(error))
    return ListOptions(allow=tuple(found["allow"]), block=tuple(found["block"]))
