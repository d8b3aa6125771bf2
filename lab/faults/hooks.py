"""Programs that Python runs before the daemon's own: they put one check more into the real daemon.

The check does what a field of the message asks for. Nothing of it is in the program itself.
"""

from __future__ import annotations

_TABLE = """
import ctypes, os, time
import sekisho.checks.table as table
from sekisho.evidence import NOTHING

def asked(message, name):
    return bool(message.headers.all(name))

{check}

table.CHECKS = (table.Check("fault", fault), *table.CHECKS)
"""

SLOW = _TABLE.format(
    check="""
def fault(message, seen, context):
    for field in message.headers.all("X-Slow"):
        time.sleep(float(field.value))
    return NOTHING
"""
)
"""A message is at work for as many seconds as its X-Slow field says."""

CRASH = _TABLE.format(
    check="""
def fault(message, seen, context):
    for field in message.headers.all("X-Slow"):
        time.sleep(float(field.value))
    if asked(message, "X-Segv"):
        ctypes.string_at(0)
    if asked(message, "X-Exit"):
        os._exit(3)
    if asked(message, "X-Abort"):
        os.abort()
    return NOTHING
"""
)
"""A message ends its process: by a bad address (X-Segv), by leaving (X-Exit), by abort() (X-Abort)."""


def every(seconds: float) -> str:
    """Every message is at work for so long."""
    return _TABLE.format(
        check=f"""
def fault(message, seen, context):
    time.sleep({seconds})
    return NOTHING
"""
    )
