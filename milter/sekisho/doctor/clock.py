"""The clock: signatures, retention and the log depend on it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sekisho.doctor.model import Diagnosis, error, warning
from sekisho.ports import Clock

UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_MEND = "timedatectl set-ntp true"


def examine(clock: Clock) -> Iterator[Diagnosis]:
    """Diagnoses of the clock."""
    installed = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    if clock.now() < installed - timedelta(days=1):
        yield error(
            "clock.behind",
            f"the clock says {clock.now():%Y-%m-%d %H:%M} UTC, which is before this program was installed",
            _MEND,
        )
    if synchronised() is False:
        yield warning("clock.free", "the kernel's clock is not synchronised with anything", _MEND)


def synchronised() -> bool | None:
    """True if the kernel says that its clock is synchronised (adjtimex(2), which changes nothing if no mode is set).
    None if that cannot be found out."""
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != UNSYNCHRONISED
