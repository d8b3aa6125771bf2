"""The C library's allocator, told to give large blocks back.

glibc raises the size from which a block is mapped by itself to that of the largest one freed so far, up to 32 MB, and
keeps an arena for nearly every thread. After some messages of ten megabytes, read on whichever thread was free, their
blocks then lie in the heaps of many arenas, and a worker never shrinks again (mallopt(3)).
"""

from __future__ import annotations

import ctypes
import gc

ARENAS = 2
LARGE = 1024 * 1024  # bytes from which a block is mapped by itself, and unmapped when it is freed
KEPT = (
    16 * 1024 * 1024
)  # bytes that an arena keeps at its end for the next message; without it each message pays anew
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8


def give_back() -> bool:
    """Set this for the process; False where the C library has no such knob."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_M_MMAP_THRESHOLD, LARGE), (_M_TRIM_THRESHOLD, KEPT), (_M_ARENA_MAX, ARENAS))
    return all([mallopt(*setting) for setting in settings])


def tidy() -> None:
    """Drop what nothing refers to any more, give its memory back, and set the rest aside from the collector, before
    processes are forked from this one.

    A configuration holds itself in circles: after thirty reloads without this a supervisor had 135 MB instead of 110.
    What is set aside (`gc.freeze`) is not written to by the collectors of the children, so they go on sharing it.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def untidy() -> None:
    """Undo it, for a process that ends by itself: a library complains of each of its objects that is never freed."""
    gc.unfreeze()
