"""Lines for syslog: RFC 5424, with octet counting on TCP (RFC 6587 section 3.4.1), or as syslog(3) writes them.

No library is used: `logging.handlers` of the standard library knows neither RFC 5424 nor octet counting, and it and the
packages that do (rfc5424-logging-handler, syslog-rfc5424) connect and send with blocking sockets in the thread that
logs. Ours must never wait, and must count what is lost.

On a UNIX socket, rsyslog (imuxsock) and systemd-journald read what syslog(3) writes, and nothing else: they take a line
of RFC 5424 for text of a program called `1`. So that is the form there, unless the configuration says otherwise.

MSG is our line. RFC 5424 section 6.4 wants a byte order mark before text that is not ASCII. A collector keeps the mark
as part of the text, where a JSON parser refuses it, so the JSON is written in ASCII with escapes.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import time
from datetime import UTC, datetime

from sekisho.log.lines import PrivacyPort
from sekisho.log.options import LogOptions, syslog_endpoint
from sekisho.log.sockets import FACILITIES, IDENTIFIER, SocketTarget, severity
from sekisho.log.target import TargetName

MAX_MESSAGE_BYTES = 8192
"""With the header. It is what rsyslog takes as it comes; RFC 5424 section 6.1 promises 2,048 at most."""
_MAX_HEADER_BYTES = 400
_BOM = b"\xef\xbb\xbf"
_NOT_PRINTABLE = re.compile(r"[^\x21-\x7e]")


class SyslogTarget(SocketTarget):
    """Writes to the address of the options."""

    def __init__(self, options: LogOptions) -> None:
        kind, host, port = syslog_endpoint(options.syslog_address)
        family = socket.AF_UNIX if kind == "unix" else socket.AF_INET6 if ":" in host else socket.AF_INET
        address = host if kind == "unix" else (host, port)
        super().__init__(
            TargetName.SYSLOG, family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM, address
        )
        self._facility = FACILITIES[options.syslog_facility]
        self._local = options.syslog_format == "local" or (options.syslog_format == "auto" and kind == "unix")
        self.ascii_json = not self._local
        self.atomic_bytes = MAX_MESSAGE_BYTES - _MAX_HEADER_BYTES
        self._host = _word(socket.gethostname(), 255)

    def frame(self, record: logging.LogRecord, line: str, privacy: PrivacyPort | None = None) -> bytes:
        """The message of a record, framed for the socket. `line` is its line without an end."""
        priority = self._facility * 8 + severity(record)
        message = (_local if self._local else self._rfc5424)(priority, record, line)
        return b"%d %s" % (len(message), message) if self._kind == socket.SOCK_STREAM else message

    def _rfc5424(self, priority: int, record: logging.LogRecord, line: str) -> bytes:
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        event = _word(str(getattr(record, "event", "notice")), 32)
        head = (
            f"<{priority}>1 {stamp.replace('+00:00', 'Z')} {self._host} {IDENTIFIER} {os.getpid()} {event} - "
        )
        if not line.isascii() and line.startswith("{"):
            line = json.dumps(json.loads(line))
        mark = b"" if line.isascii() else _BOM
        return head.encode("ascii") + mark + line.encode("utf-8", "backslashreplace")


def _local(priority: int, record: logging.LogRecord, line: str) -> bytes:
    """As syslog(3) writes it: RFC 3164 without a host name, in local time."""
    stamp = time.strftime("%b %e %H:%M:%S", time.localtime(record.created))
    return f"<{priority}>{stamp} {IDENTIFIER}[{os.getpid()}]: {line}".encode("utf-8", "backslashreplace")


def _word(text: str, most: int) -> str:
    """A word of the header: printable ASCII without blanks, `-` if there is none."""
    return _NOT_PRINTABLE.sub("", text)[:most] or "-"
