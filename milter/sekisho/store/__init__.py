"""What must outlive a process. Databases are touched here and nowhere else.

`Quarantine.open(options, clock)` after the fork; `hold` before the MTA hears "discarded".
"""

from sekisho.store.engine import NotDurable
from sekisho.store.lists import LISTS, Changed, ListStore, Stored
from sekisho.store.migrate import SchemaError, migrate, revision_of, up_to_date
from sekisho.store.opening import Opening
from sekisho.store.options import StoreOptions, database_file
from sekisho.store.quarantine import DamagedError, ErasedError, Quarantine
from sekisho.store.records import Copy, Entry, Operation, Stats
from sekisho.store.retention import RetentionOptions, Turn
from sekisho.store.schema import State
from sekisho.store.snapshot import Snapshot, state_directory
from sekisho.store.space import free_bytes

__all__ = [
    "LISTS",
    "Changed",
    "Copy",
    "DamagedError",
    "Entry",
    "ErasedError",
    "ListStore",
    "NotDurable",
    "Opening",
    "Operation",
    "Quarantine",
    "RetentionOptions",
    "SchemaError",
    "Snapshot",
    "State",
    "Stats",
    "StoreOptions",
    "Stored",
    "Turn",
    "database_file",
    "free_bytes",
    "migrate",
    "revision_of",
    "state_directory",
    "up_to_date",
]
