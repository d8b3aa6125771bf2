"""What must outlive a process. Databases are touched here and nowhere else.

`Quarantine.open(options, clock)` after the fork; `hold` before the MTA hears "discarded".
"""

from sekisho.store.engine import NotDurable
from sekisho.store.migrate import SchemaError, migrate
from sekisho.store.options import StoreOptions
from sekisho.store.quarantine import DamagedError, Quarantine
from sekisho.store.records import Copy, Entry, Stats
from sekisho.store.schema import State

__all__ = [
    "Copy",
    "DamagedError",
    "Entry",
    "NotDurable",
    "Quarantine",
    "SchemaError",
    "State",
    "Stats",
    "StoreOptions",
    "migrate",
]
