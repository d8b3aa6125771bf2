"""Allow and block entries made while the program runs: in the store, and in a file that every process reads."""

from sekisho.store.lists.snapshot import InForce, Snapshot
from sekisho.store.lists.table import LISTS, Changed, ListOperation, ListStore, Stored

__all__ = ["LISTS", "Changed", "InForce", "ListOperation", "ListStore", "Snapshot", "Stored"]
