"""The quarantine: held messages, the state of each copy, and who did what.

`Quarantine.open(options, clock)` after the fork; `hold` before the MTA hears "discarded". `Opening` is a quarantine
that may not be there yet.
"""

from sekisho.store.quarantine.checking import count_entries, examine_store
from sekisho.store.quarantine.opening import Opening
from sekisho.store.quarantine.quarantine import Quarantine
from sekisho.store.quarantine.records import RetentionState, Stats
from sekisho.store.quarantine.retention import RetentionOptions, RetentionTurn

__all__ = [
    "Opening",
    "Quarantine",
    "RetentionOptions",
    "RetentionState",
    "RetentionTurn",
    "Stats",
    "count_entries",
    "examine_store",
]
