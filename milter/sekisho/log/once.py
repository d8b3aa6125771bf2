"""One line for the daemon's log, from another process."""

from __future__ import annotations

import errno
import logging
import os
import syslog
import time

from sekisho.log.handler import open_target
from sekisho.log.lines import JsonLines, Logfmt
from sekisho.log.options import LogOptions

PATIENCE_SECONDS = 2.0
"""How long a log daemon may take for the line."""


def write_once(options: LogOptions, record: logging.LogRecord) -> str:
    """Write the line of a record to the daemon's log, or to the system's log if the daemon's is its standard error.
    Returns a text that says where it went. Raises OSError."""
    line = (JsonLines() if options.format == "json" else Logfmt()).format(record)
    if options.target == "stderr":
        syslog.openlog("sekisho", syslog.LOG_PID, syslog.LOG_MAIL)
        syslog.syslog(syslog.LOG_WARNING, line)
        return "the system's log"
    if options.file is not None:
        # Without O_CREAT: the daemon could not write a file that root has made.
        descriptor = os.open(options.file, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            os.write(descriptor, f"{line}\n".encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)
        return options.place
    _send(options, record, line)
    return options.place


def _send(options: LogOptions, record: logging.LogRecord, line: str) -> None:
    target = open_target(options)
    frame, end = target.frame(record, line), time.monotonic() + PATIENCE_SECONDS
    try:
        while not target.write(frame):
            if time.monotonic() > end:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            target.wait(0.1)
    finally:
        target.close()
