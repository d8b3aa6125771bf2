"""Entries for systemd's journal, in its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL).

MESSAGE is our line, so `journalctl -o cat` shows what a log file would have. Each key of the line is a field besides:
`journalctl SEKISHO_EVENT=worker_died`. The protocol is written here: systemd-python needs systemd's C library to be
built, and its `journal.send` waits if the journal is slow.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from sekisho.log.lines import PrivacyPort, pairs, shown
from sekisho.log.options import LogOptions
from sekisho.log.sockets import FACILITIES, IDENTIFIER, SocketTarget, severity
from sekisho.log.target import TargetName

JOURNAL = Path("/run/systemd/journal/socket")
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
_NOT_FIELDS = ("time", "level")  # the journal has both
_OWN_NAMES = {"queue_id": "QUEUE_ID"}
_LENGTH = struct.Struct("<Q")


class JournalTarget(SocketTarget):
    """Writes to the journal of this machine."""

    def __init__(self, options: LogOptions, path: Path = JOURNAL) -> None:
        super().__init__(TargetName.JOURNALD, socket.AF_UNIX, socket.SOCK_DGRAM, str(path))
        self._facility = FACILITIES[options.syslog_facility]

    def frame(self, record: logging.LogRecord, line: str, privacy: PrivacyPort | None = None) -> bytes:
        """The entry of a record. `line` is its line without an end."""
        fields = [
            ("MESSAGE", line),
            ("PRIORITY", str(severity(record))),
            ("SYSLOG_FACILITY", str(self._facility)),
            ("SYSLOG_IDENTIFIER", IDENTIFIER),
            *_facts(record, privacy),
        ]
        return b"".join(_field(name, value.encode("utf-8", "backslashreplace")) for name, value in fields)

    def _send(self, connected: socket.socket, data: bytes) -> int:
        try:
            return super()._send(connected, data)
        except OSError as error:
            if error.errno not in (errno.EMSGSIZE, errno.ENOBUFS):
                raise
        return _send_sealed(connected, data)


def _facts(record: logging.LogRecord, privacy: PrivacyPort | None) -> Iterator[tuple[str, str]]:
    """A field for each key; a key with several values is repeated, so that each of them can be searched for."""
    for key, value in pairs(record, privacy):
        if key not in _NOT_FIELDS:
            name = _OWN_NAMES.get(key, f"SEKISHO_{key.upper().replace('.', '_')}")
            for each in value if isinstance(value, (list, tuple, set, frozenset)) else (value,):
                yield name, shown(each)


def _field(name: str, value: bytes) -> bytes:
    """A field of the entry. A value with a line end is sent with its length, so that it cannot begin another field."""
    if b"\n" in value:
        return b"%s\n%s%s\n" % (name.encode("ascii"), _LENGTH.pack(len(value)), value)
    return b"%s=%s\n" % (name.encode("ascii"), value)


def _send_sealed(connected: socket.socket, data: bytes) -> int:
    """Send an entry that is too large for a datagram: as a sealed file in memory (memfd_create(2))."""
    memory = os.memfd_create("sekisho-log", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.write(memory, data)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _SEALS)
        socket.send_fds(connected, [], [memory], socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    finally:
        os.close(memory)
    return len(data)
