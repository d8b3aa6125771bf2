"""The audit: what people and the maintenance process did to held mail, to the lists and to the kill switch.

Rows are added and read. They never change, except for the mark that log and metrics have them.
"""

from sekisho.store.audit.table import operations, read, take_uncounted, write

__all__ = ["operations", "read", "take_uncounted", "write"]
