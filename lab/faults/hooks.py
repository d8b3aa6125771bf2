"""Programs that Python runs before the daemon: they add one check to the real daemon.

The check does what a header field of the message says. Nothing of it is in sekisho itself.
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
"""Judging a message takes as many seconds as its X-Slow field says."""

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
"""A message ends its process: by a bad address (X-Segv), by exit (X-Exit), or by abort() (X-Abort)."""


def every(seconds: float) -> str:
    """Judging any message takes so many seconds."""
    return _TABLE.format(
        check=f"""
def fault(message, seen, context):
    time.sleep({seconds})
    return NOTHING
"""
    )
