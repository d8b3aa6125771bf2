"""The kill switch as people turn it: paused, resumed, and remembered in the audit or, where that fails, in the log.

The switch is turned first: no store, log or audit that fails may stop it.
"""

from __future__ import annotations

import logging
import os
import syslog
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sekisho.guard import SWITCHED, GuardOptions, Switch, switched, told
from sekisho.guard.switch import FOREVER
from sekisho.held import Operation
from sekisho.log import JsonLines, Logfmt, LogOptions
from sekisho.ports import StoreUnavailable


def pause(switch: Switch, span: timedelta | None, now: datetime) -> str:
    """Accept all mail from now on, for that long, or without an end if None. Returns until when, for people."""
    until = FOREVER if span is None else now.timestamp() + span.total_seconds()
    switch.pause(until)
    return told(until)


def resume(switch: Switch, options: GuardOptions, now: datetime) -> str:
    """End a pause, and the guard's fall-back to tagging. Returns what was ended, for people."""
    seconds = now.timestamp()
    ends = {"the pause": switch.paused_until, "the fall-back": switch.tagging_until}
    ended = [what for what, end in ends.items() if end > seconds]
    switch.resume(seconds + options.release_minutes * 60)
    return f"{' and '.join(ended)} ended" if ended else "nothing was paused"


def remember(done: Operation, audit: Callable[[Operation], None], options: LogOptions, now: datetime) -> str:
    """Into the store's audit, from which the daemon tells the log. Where that fails, into the log from here. Returns
    what people should know of that, or nothing. Never raises for a store or a log that fails."""
    try:
        audit(done)
    except StoreUnavailable as error:
        reason = str(error)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    else:
        return ""
    where = write_to_log(options, SWITCHED[done.operation], switched(replace(done, at=now)))
    return f"not in the audit ({reason}); {where}"


def write_to_log(options: LogOptions, event: str, fields: Mapping[str, Any]) -> str:
    """One line for the daemon's log, or for the system's where that is no file. Returns what became of it, for
    people."""
    record = logging.LogRecord("sekisho.audit", logging.WARNING, "", 0, event, (), None)
    record.fields = dict(fields)
    line = (JsonLines() if options.format == "json" else Logfmt()).format(record)
    if options.target == "stderr":
        syslog.openlog("sekisho", syslog.LOG_PID, syslog.LOG_MAIL)
        syslog.syslog(syslog.LOG_WARNING, line)
        return "it went to the system's log"
    try:
        # Without O_CREAT: a file that root makes is one that the daemon cannot write.
        descriptor = os.open(options.target, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            os.write(descriptor, f"{line}\n".encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)
    except OSError as error:
        return f"nor in the log: {options.target}: {error.strerror}"
    return f"it is in {options.target}"
