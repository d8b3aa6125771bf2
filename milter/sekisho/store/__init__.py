"""What must outlive a process. Databases are touched here and nowhere else.

`Quarantine.open(options, clock)` after the fork; `hold` before the MTA hears "discarded".
"""

from sekisho.store.backup import BackupError, backup, restore
from sekisho.store.checking import Flaw
from sekisho.store.checking import count as count_entries
from sekisho.store.checking import examine as examine_store
from sekisho.store.engine import NotDurable
from sekisho.store.files import StoreMoved
from sekisho.store.lists import LISTS, Changed, ListStore, Stored
from sekisho.store.lock import StoreLock, lock_file, never_made, start_anew
from sekisho.store.migrate import SchemaError, migrate, revision_of, up_to_date
from sekisho.store.opening import Opening
from sekisho.store.options import StoreOptions, database_file, missing_driver
from sekisho.store.quarantine import Quarantine
from sekisho.store.records import RetentionState, Stats
from sekisho.store.retention import RetentionOptions, Turn
from sekisho.store.snapshot import InForce, Snapshot, state_directory
from sekisho.store.space import free_bytes

__all__ = [
    "LISTS",
    "BackupError",
    "Changed",
    "Flaw",
    "InForce",
    "ListStore",
    "NotDurable",
    "Opening",
    "Quarantine",
    "RetentionOptions",
    "RetentionState",
    "SchemaError",
    "Snapshot",
    "Stats",
    "StoreLock",
    "StoreMoved",
    "StoreOptions",
    "Stored",
    "Turn",
    "backup",
    "count_entries",
    "database_file",
    "examine_store",
    "free_bytes",
    "lock_file",
    "migrate",
    "missing_driver",
    "never_made",
    "restore",
    "revision_of",
    "start_anew",
    "state_directory",
    "up_to_date",
]
