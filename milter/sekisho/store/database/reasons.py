"""Why a database cannot be used, in plain words. No words of SQLAlchemy, sqlite3 or psycopg reach a person.

A reason names the database and what to do: `/var/lib/sekisho/quarantine.db: is locked by another process …`.
"""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path
from types import MappingProxyType

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from sekisho.plain_errors import of_number, of_system
from sekisho.store.database.options import StoreOptions, database_file

_RESTORE = "`sekisho store restore BACKUP` puts a backup in its place"
_SQLITE = MappingProxyType(
    {
        sqlite3.SQLITE_CORRUPT: f"is damaged: `sekisho store check` says where, {_RESTORE}",
        sqlite3.SQLITE_NOTADB: f"is not a database of SQLite: store.url must name the quarantine's, or {_RESTORE}",
        sqlite3.SQLITE_FULL: "No space left on device: make room",
        sqlite3.SQLITE_READONLY: "cannot be written: its user needs the right to write to it and to its directory",
        sqlite3.SQLITE_PERM: "cannot be opened: its user needs the right to it",
        sqlite3.SQLITE_AUTH: "cannot be opened: its user needs the right to it",
        sqlite3.SQLITE_IOERR: "cannot be read or written, the disk reports an error: look at the kernel's log",
        sqlite3.SQLITE_PROTOCOL: "cannot be locked: it must not be on a network file system",
        sqlite3.SQLITE_NOLFS: "is too large for its file system",
        sqlite3.SQLITE_TOOBIG: "a value is larger than a database can hold",
        sqlite3.SQLITE_CONSTRAINT: "refuses the change: another process has just made the same one",
        sqlite3.SQLITE_ERROR: "does not have the tables of a quarantine: store.url must name the quarantine's database",
        sqlite3.SQLITE_NOMEM: "there is no memory for it",
        sqlite3.SQLITE_INTERRUPT: "was interrupted",
    }
)
"""By the primary result code (https://sqlite.org/rescode.html)."""

_CONNECTION = (
    ("refused", "nothing listens there: start PostgreSQL, or mend host and port in store.url"),
    ("failed to resolve host", "its host name has no address: mend store.url"),
    ("could not translate host name", "its host name has no address: mend store.url"),
    ("timeout expired", "no answer in time: look at the server and at the network"),
    ("No such file or directory", "nothing listens there: start PostgreSQL, or name a host in store.url"),
    ("no password supplied", "it asks for a password: put it into the password file"),
    ("no answer from the server", "no answer in time: look at the server"),
)
"""What the message of a failed connection contains, and the same in words that say what to do."""

_STATES = MappingProxyType(
    {
        "22": "refuses a value",
        "23": "refuses the change: another process has just made the same one",
        "25": "is read-only, or the transaction has failed",
        "28": "refuses the user or the password: mend store.url or the password file",
        "3D": "does not exist: create it, or mend store.url",
        "40": "took the transaction back: try again",
        "42": "does not have the tables of a quarantine, or its user may not use them",
        "53": "has no resources left (disk, memory or connections)",
        "55": "is locked by another process: try again",
        "57": "was stopped or is starting: try again",
        "58": "the disk of the server reports an error",
    }
)
"""By the class of SQLSTATE (PostgreSQL, appendix A)."""


def reason(error: BaseException, options: StoreOptions) -> str:
    """Why the database of the options cannot be used, with its name."""
    file = database_file(options)
    cause = getattr(error, "orig", None) or error
    if isinstance(error, NoFreeConnection):
        patience = f"{options.busy_timeout_seconds:g} s (store.busy_timeout_seconds)"
        return f"{name_of(options)}: no connection became free within {patience}: raise store.pool_size"
    if isinstance(cause, OSError):
        return f"{cause.filename or name_of(options)}: {of_system(cause)}"
    if file is not None:
        return f"{name_of(options)}: {of_sqlite(cause, file, options.busy_timeout_seconds)}"
    return f"{name_of(options)}: {_of_postgresql(cause)}"


def of_sqlite(cause: BaseException, file: Path, patience: float) -> str:
    """Why the file of a SQLite database cannot be used, without its name. `patience`: seconds waited for a lock."""
    if file.is_dir():
        return "is a directory: a file is needed"
    code = getattr(cause, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"is locked by another process for more than {patience:g} s: try again, or end that process (fuser)"
    if primary == sqlite3.SQLITE_CANTOPEN:
        return _unopened(file)
    return _SQLITE.get(primary or -1, "cannot be used: `sekisho store check` says more")


def _unopened(file: Path) -> str:
    """SQLite does not say why it cannot open a file, or make its log beside it; the operating system does."""
    for path, flags in ((file, os.O_RDWR), (file.parent, os.O_RDONLY | os.O_DIRECTORY)):
        try:
            os.close(os.open(path, flags | os.O_CLOEXEC))
        except OSError as error:
            return f"cannot be opened: {of_system(error)}"
    if not os.access(file.parent, os.W_OK, effective_ids=True):
        return f"cannot be opened: its directory: {of_number(13)}"
    return "cannot be opened: its log (-wal) or its index (-shm) cannot be made"


def _of_postgresql(cause: BaseException) -> str:
    state = getattr(cause, "sqlstate", None) or ""
    said = str(cause)
    if not state:
        if refused := re.search(r"FATAL:\s*([^\n]*)", said):  # the server's own words
            return f"the server refuses the connection: {refused[1]}"
        return next(
            (mend for part, mend in _CONNECTION if part in said), "the connection was lost: try again"
        )
    plain = _STATES.get(state[:2], "the server reports an error")
    words = "" if state.startswith("22") or isinstance(cause, SQLAlchemyError) else said.partition("\n")[0]
    return f"{plain} (SQLSTATE {state}{f': {words}' if words else ''})"


def name_of(options: StoreOptions) -> str:
    """The database as the operator knows it: its file, or its URL, which never has a password."""
    file = database_file(options)
    return options.url if file is None else str(file)
