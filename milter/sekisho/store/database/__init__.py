"""A durable database (SQLite or PostgreSQL) and its files. It does not depend on the tables.

| module | has |
| --- | --- |
| `options` | where the database is, and the files beside it |
| `engine`, `postgresql` | connections whose commits are durable |
| `transactions` | transactions that reach the file at the path, or fail |
| `files` | the test whether the files that a connection has open are those at the path |
| `lock` | which processes use the database, and whether it ever existed |
| `schema`, `types`, `migrate` | the version of the tables, their column types, and their migrations |
| `settle` | the treatment of a write-ahead log that a dead process left |
| `backup`, `checking`, `space` | backup and restore, checks, and free space |
"""

from sekisho.store.database.backup import BackupError, backup, restore
from sekisho.store.database.checking import StoreFlaw
from sekisho.store.database.engine import NotDurable
from sekisho.store.database.files import StoreMoved
from sekisho.store.database.lock import StoreLock, in_use, lock_file, never_made, start_anew
from sekisho.store.database.migrate import SchemaError, migrate, revision_of, up_to_date
from sekisho.store.database.options import (
    StoreOptions,
    database_file,
    database_url,
    missing_driver,
    state_directory,
    store_name,
)
from sekisho.store.database.space import free_bytes
from sekisho.store.database.transactions import Database

__all__ = [
    "BackupError",
    "Database",
    "NotDurable",
    "SchemaError",
    "StoreFlaw",
    "StoreLock",
    "StoreMoved",
    "StoreOptions",
    "backup",
    "database_file",
    "database_url",
    "free_bytes",
    "in_use",
    "lock_file",
    "migrate",
    "missing_driver",
    "never_made",
    "restore",
    "revision_of",
    "start_anew",
    "state_directory",
    "store_name",
    "up_to_date",
]
