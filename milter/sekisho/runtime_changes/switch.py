"""Pauses and resumes by the kill switch, and records it in the audit or, if that fails, in the log.

The switch is set first: no failure of the store, the audit or the log may prevent it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sekisho.events.declaration import Event
from sekisho.guard import SWITCHED, GuardOptions, Switch, switched, told
from sekisho.guard.switch import FOREVER
from sekisho.held import Operation
from sekisho.log import LogOptions, write_once
from sekisho.plain_errors import of_system
from sekisho.ports import StoreUnavailable


def pause(switch: Switch, span: timedelta | None, now: datetime) -> str:
    """Accept all mail from now on, for `span` (None: without an end). Returns a text that says until when."""
    until = FOREVER if span is None else now.timestamp() + span.total_seconds()
    switch.pause(until)
    return told(until)


def resume(switch: Switch, options: GuardOptions, now: datetime) -> str:
    """End a pause, and the guard's fall-back to tagging. Returns a text that says what was ended."""
    seconds = now.timestamp()
    ends = {"the pause": switch.paused_until, "the fall-back": switch.tagging_until}
    ended = [what for what, end in ends.items() if end > seconds]
    switch.resume(seconds + options.release_minutes * 60)
    return f"{' and '.join(ended)} ended" if ended else "nothing was paused"


def remember(done: Operation, audit: Callable[[Operation], None], options: LogOptions, now: datetime) -> str:
    """Record an operation in the store's audit, from which the daemon writes it to the log. If that fails, write it to
    the log directly. Returns a text for the person if the audit does not have it, else an empty text. Never raises if
    the store or the log fails."""
    try:
        audit(done)
    except StoreUnavailable as error:
        reason = str(error)
    except Exception as error:
        reason = (
            of_system(error) if isinstance(error, OSError) else f"a defect of sekisho: {type(error).__name__}"
        )
    else:
        return ""
    where = write_to_log(options, SWITCHED[done.operation], switched(replace(done, at=now)))
    return f"not in the audit ({reason}); {where}"


def write_to_log(options: LogOptions, event: Event, fields: Mapping[str, Any]) -> str:
    """Write one line to the daemon's log. Returns a text that says where it went."""
    try:
        where = write_once(options, event.record("sekisho.audit", **fields))
    except OSError as error:
        return f"nor in the log: {options.place}: {of_system(error)}"
    return f"it is in {where}"
