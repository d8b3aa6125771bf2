"""The state of a store and of the files beside it, read by the real code, as plain JSON values."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sekisho.guard import Switch
from sekisho.judging.in_flight import Failures
from sekisho.ports import ErasedError
from sekisho.store.database import StoreOptions
from sekisho.store.lists import ListStore, snapshot
from sekisho.store.quarantine import Quarantine

STORE, MARKS, GUARD, FAILED = "quarantine.db", "marks", "guard", "failed"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""When the workload begins."""
_ALL = 1_000_000

State = dict[str, Any]


def options_of(directory: Path) -> StoreOptions:
    return StoreOptions(url=f"sqlite:///{directory / STORE}")


def observe(store: Quarantine, lists: ListStore, directory: Path) -> State:
    """Everything that the store returns, with every content read and compared with its digest, and the files beside it.

    Raises what the store raises, DamagedError among them.
    """
    version, listed = lists.entries()
    last_good = snapshot.read(options_of(directory))
    return {
        "entries": {entry.id: _entry(store, entry) for entry in store.list(limit=_ALL)},
        "operations": len(store.operations(limit=_ALL)),
        "lists": [version, sorted(each.entry.entry for each in listed)],
        "snapshot": [last_good.version, sorted(each.entry for each in last_good.lists.block)],
        "guard": _guard(directory / GUARD),
    }


def remembered(directory: Path, digests: Sequence[str]) -> list[str]:
    """The digests that are in the file of failures. They are looked up in another process, because a process keeps the
    shared memory until it ends."""
    if not digests:
        return []
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            failures = Failures(str(directory / FAILED))
            now = START.timestamp() + 60
            known = [digest for digest in digests if failures.knows(bytes.fromhex(digest), now)]
            os.write(writing, json.dumps(known).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    found: list[str] = json.loads(text)  # the output is empty if the class raised
    return found


def damage(directory: Path) -> list[str]:
    """The damage that SQLite finds in the database."""
    with closing(sqlite3.connect(directory / STORE)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        found += [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
    return [words for words in found if words != "ok"]


def _entry(store: Quarantine, entry: Any) -> State:
    copies = {copy.recipient.address: copy.state.value for copy in entry.copies}
    return {"digest": entry.digest, "content": _content(store, entry.id), "copies": copies}


def _content(store: Quarantine, name: str) -> str:
    """The digest of the bytes, or `gone`."""
    try:
        return hashlib.sha256(store.content(name)).hexdigest()
    except ErasedError:
        return "gone"


def _guard(path: Path) -> list[float]:
    if not path.exists():
        return [0.0, 0.0, 0.0]
    switch = Switch(path)
    found = [switch.paused_until, switch.tagging_until, switch.armed_from]
    switch.close()
    return found
