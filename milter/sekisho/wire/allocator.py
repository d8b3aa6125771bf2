"""The C library's allocator, told to give large blocks back.

glibc raises the size from which a block is mapped by itself to that of the largest one freed so far, up to 32 MB, and
keeps an arena for nearly every thread. After some messages of ten megabytes, read on whichever thread was free, their
blocks then lie in the heaps of many arenas, and a worker never shrinks again (mallopt(3)).
"""

from __future__ import annotations

import ctypes

ARENAS = 2
LARGE = 1024 * 1024  # bytes from which a block is mapped by itself, and unmapped when it is freed
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8


def give_back() -> bool:
    """Set both for this process; False where the C library has no such knob."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, LARGE)) and bool(mallopt(_M_ARENA_MAX, ARENAS))
