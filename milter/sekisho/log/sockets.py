"""What syslog and systemd's journal have in common: a socket that is opened again when it breaks, and never waited for.

While nobody listens, lines wait in the queue of their process; when that is full they are lost and counted. A line that
was handed to the kernel counts as written: what a broken TCP connection still had is not known.
"""

from __future__ import annotations

import errno
import logging
import select
import socket
import time
from contextlib import suppress

from sekisho.log.lines import MAX_LINE_BYTES
from sekisho.log.target import TargetName

RETRY_SECONDS = 0.5
"""Between two tries to connect."""
CONNECT_SECONDS = 5.0
"""A TCP connection that takes longer is tried again."""
DEAD_SECONDS = 30
"""A TCP peer that confirms nothing for so long is gone."""
SEVERITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
"""Of syslog (RFC 5424 section 6.2.1) and of systemd's journal."""
FACILITIES = {"user": 1, "mail": 2, "daemon": 3, **{f"local{number}": 16 + number for number in range(8)}}
IDENTIFIER = "sekisho"


def severity(record: logging.LogRecord) -> int:
    """The severity number of a record."""
    return SEVERITIES.get(record.levelno, 5)


class SocketTarget:
    """One socket to a log daemon. Only one thread may use it at a time."""

    def __init__(self, name: TargetName, family: int, kind: int, address: str | tuple[str, int]) -> None:
        self.name = name
        self.atomic_bytes = MAX_LINE_BYTES
        self._family, self._kind, self._address = family, kind, address
        self._is_udp = kind == socket.SOCK_DGRAM and family != socket.AF_UNIX
        self._socket: socket.socket | None = None
        self._connecting_until: float | None = None
        self._retry_at = 0.0
        self._written = 0  # bytes of the current frame that the stream has taken

    def write(self, frame: bytes) -> bool:
        """Write a frame. True when all of it was taken. False if nobody takes it now: call again with the same frame.
        Raises OSError if it can never be taken: the line is lost."""
        connected = self._connected()
        if connected is None:
            return False
        try:
            while self._written < len(frame):
                self._written += self._send(connected, frame[self._written :])
        except BlockingIOError:
            return False
        except OSError as error:
            self._written = 0
            if error.errno == errno.EMSGSIZE or (self._is_udp and error.errno != errno.ENOBUFS):
                raise  # with UDP, the error may be the answer to the line before
            self._disconnect()
            return False
        self._written = 0
        return True

    def wait(self, seconds: float) -> None:
        """Wait until it makes sense to try again, so many seconds at most."""
        if self._socket is None:
            time.sleep(max(0.0, min(seconds, self._retry_at - time.monotonic())))
            return
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT)
        poll.poll(seconds * 1000)

    def close(self) -> None:
        """Close the socket."""
        self._disconnect()

    def forked(self) -> None:
        """Call it in a child after the fork: a connection has one writer, so the child opens its own."""
        self._written = 0
        self._disconnect()
        self._retry_at = 0.0

    def _send(self, connected: socket.socket, data: bytes) -> int:
        return connected.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)

    def _connected(self) -> socket.socket | None:
        """The socket if it is connected. Else it begins to connect, or looks whether that is done."""
        if self._socket is None:
            if time.monotonic() < self._retry_at:
                return None
            self._connect()
        if self._connecting_until is not None:
            self._look_at_connection()
        elif self._socket is not None and self._hung_up(self._socket):
            self._disconnect()
        return None if self._connecting_until is not None else self._socket

    def _connect(self) -> None:
        self._retry_at = time.monotonic() + RETRY_SECONDS
        try:
            made = socket.socket(self._family, self._kind | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        except OSError:  # no descriptor or memory for us now
            return
        if self._kind == socket.SOCK_STREAM:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_SECONDS * 1000)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket = made
        code = made.connect_ex(self._address)
        if code == errno.EINPROGRESS:
            self._connecting_until = time.monotonic() + CONNECT_SECONDS
        elif code:
            self._disconnect()

    def _look_at_connection(self) -> None:
        assert self._socket is not None
        assert self._connecting_until is not None
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT)
        if poll.poll(0):
            self._connecting_until = None
            if self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._disconnect()
        elif time.monotonic() > self._connecting_until:
            self._disconnect()

    def _hung_up(self, connected: socket.socket) -> bool:
        """True if the peer has closed the connection: what is sent would be lost without a word."""
        if self._kind != socket.SOCK_STREAM or self._written:
            return False
        try:
            return connected.recv(1, socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _disconnect(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket = None
        self._connecting_until = None
        self._retry_at = time.monotonic() + RETRY_SECONDS
        self._written = 0
