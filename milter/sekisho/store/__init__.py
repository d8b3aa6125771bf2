"""What must outlive a process. Databases are touched here and nowhere else.

`Quarantine.open(options, clock)` after the fork; `hold` before the MTA hears "discarded".
"""

from sekisho.store.engine import NotDurable
from sekisho.store.migrate import SchemaError, migrate
from sekisho.store.options import StoreOptions
from sekisho.store.quarantine import DamagedError, ErasedError, Quarantine
from sekisho.store.records import Copy, Entry, Operation, Stats
from sekisho.store.retention import RetentionOptions, Turn
from sekisho.store.schema import State
from sekisho.store.space import free_bytes

__all__ = [
    "Copy",
    "DamagedError",
    "Entry",
    "ErasedError",
    "NotDurable",
    "Operation",
    "Quarantine",
    "RetentionOptions",
    "SchemaError",
    "State",
    "Stats",
    "StoreOptions",
    "Turn",
    "free_bytes",
    "migrate",
]
