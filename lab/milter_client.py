"""A raw milter client: the MTA's side of the protocol, byte by byte.

It sends what Postfix sends. A test can also make it send what Postfix never sends: bytes that are no UTF-8, missing
macros, steps in a wrong order. A packet is as in libmilter's mfdef.h: a 32-bit length, a command, and its data.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

VERSION = 6
ALL_ACTIONS = 0x1FF
ALL_PROTOCOL = 0x1FFFFF
LEADING_SPACE = 0x100000
SKIP = 0x400
_NO_REPLY = {b"C": 0x1000, b"H": 0x2000, b"M": 0x4000, b"R": 0x8000, b"L": 0x80, b"N": 0x40000, b"B": 0x80000}
_NOT_SENT = {b"C": 0x1, b"H": 0x2, b"M": 0x4, b"R": 0x8, b"B": 0x10, b"L": 0x20, b"N": 0x40, b"T": 0x200}
_STAGE = {b"C": 0, b"H": 1, b"M": 2, b"R": 3, b"T": 4, b"E": 5, b"N": 6}
_FINAL = frozenset(b"acdrty")

CLIENT = {
    b"{client_addr}": b"192.0.2.10",
    b"{client_name}": b"mail.example.org",
    b"{client_port}": b"40000",
    b"{client_resolve}": b"OK",
    b"j": b"mx.example.jp",
}


class ClosedError(Exception):
    """The filter closed the connection."""


@dataclass
class Reply:
    """What came at end of message: edits and progress in order, and the final reply."""

    final: bytes = b""
    text: bytes = b""
    added: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    changed: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    deleted: list[bytes] = field(default_factory=list)
    quarantined: bytes | None = None
    progress: int = 0
    order: bytes = b""

    @property
    def accepted(self) -> bool:
        return self.final in (b"a", b"c")


class Client:
    """One connection to the filter."""

    def __init__(
        self,
        address: str,
        actions: int = ALL_ACTIONS,
        protocol: int = ALL_PROTOCOL,
        timeout: float = 30.0,
        macros: Mapping[bytes, bytes] | None = None,
    ) -> None:
        self.macros = dict(CLIENT if macros is None else macros)
        self._sock = _dial(address, timeout)
        self._file = self._sock.makefile("rb")
        try:
            self._send(b"O", struct.pack(">III", VERSION, actions, protocol))
            command, data = self._receive()
            assert command == b"O", command
        except BaseException:
            self.vanish()
            raise
        self.version, self.actions, self.protocol = struct.unpack(">III", data[:12])
        self.wanted = _macro_lists(data[12:])

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._send(b"Q")
        self._file.close()
        self._sock.close()

    def vanish(self) -> None:
        """Close without SMFIC_QUIT, as when the MTA dies."""
        self._file.close()
        self._sock.close()

    def connect(
        self, host: bytes = b"mail.example.org", address: bytes = b"192.0.2.10", port: int = 40000
    ) -> None:
        self.step(b"C", host + b"\0" + b"4" + struct.pack(">H", port) + address + b"\0")

    def helo(self, name: bytes = b"mail.example.org") -> None:
        self.step(b"H", name + b"\0")

    def mail(
        self, sender: bytes = b"<a@example.org>", *parameters: bytes, acted_on: bytes | None = None
    ) -> None:
        self.macros[b"i"] = b"4XYZqueue"
        self.macros[b"{mail_addr}"] = sender.strip(b"<>") if acted_on is None else acted_on
        self.step(b"M", b"".join(each + b"\0" for each in (sender, *parameters)))

    def rcpt(self, recipient: bytes = b"<b@example.jp>", *parameters: bytes) -> None:
        self.step(b"R", b"".join(each + b"\0" for each in (recipient, *parameters)))

    def header(self, name: bytes, value: bytes) -> None:
        """Send a field. `value` has its leading space and is folded with LF; the space is removed if the filter did not
        ask for it."""
        shown = value if self.protocol & LEADING_SPACE else value.removeprefix(b" ")
        self.step(b"L", name + b"\0" + shown + b"\0")

    def end_of_headers(self) -> None:
        self.step(b"N")

    def body(self, data: bytes) -> None:
        for at in range(0, len(data), 65535):
            self.step(b"B", data[at : at + 65535])

    def abort(self) -> None:
        self._send(b"A")

    def end(self, each: Callable[[Reply], object] = lambda _: None) -> Reply:
        """Send end of message, and read everything up to the final reply. `each` is called after every packet."""
        self._macros(b"E")
        self._send(b"E")
        reply = Reply()
        while not reply.final:
            _note(reply, *self._receive())
            each(reply)
        return reply

    def message(
        self,
        fields: Iterable[tuple[bytes, bytes]] = ((b"From", b" a@example.org"), (b"Subject", b" hello")),
        body: bytes = b"Hello\r\n",
        sender: bytes = b"<a@example.org>",
        recipients: Sequence[bytes] = (b"<b@example.jp>",),
    ) -> Reply:
        """Send a whole message."""
        self.mail(sender)
        for each in recipients:
            self.rcpt(each)
        for name, value in fields:
            self.header(name, value)
        self.end_of_headers()
        self.body(body)
        return self.end()

    def step(self, command: bytes, data: bytes = b"") -> None:
        """Send a command. The filter must reply CONTINUE, or nothing if that was negotiated."""
        if self.protocol & _NOT_SENT.get(command, 0):
            return
        self._macros(command)
        self._send(command, data)
        if not self.protocol & _NO_REPLY.get(command, 0):
            answer, rest = self._receive()
            assert answer == b"c", (command, answer, rest)

    def _macros(self, command: bytes) -> None:
        stage = _STAGE.get(command)
        if stage is None:
            return
        names = self.wanted.get(stage, tuple(self.macros))
        known = b"".join(name + b"\0" + self.macros[name] + b"\0" for name in names if name in self.macros)
        self._send(b"D", command + known)

    def _send(self, command: bytes, data: bytes = b"") -> None:
        self._sock.sendall(struct.pack(">I", len(data) + 1) + command + data)

    def _receive(self) -> tuple[bytes, bytes]:
        head = self._file.read(4)
        if len(head) < 4:
            raise ClosedError
        packet = self._file.read(struct.unpack(">I", head)[0])
        if not packet:
            raise ClosedError
        return packet[:1], packet[1:]


def _dial(address: str, timeout: float) -> socket.socket:
    kind, _, rest = address.partition(":")
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        sock.connect(rest)
        return sock
    port, _, host = rest.partition("@")
    sock = socket.create_connection((host, int(port)), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _macro_lists(data: bytes) -> dict[int, tuple[bytes, ...]]:
    """The names of the macros that the filter asked for, by stage."""
    lists = {}
    while len(data) > 4:
        stage = struct.unpack(">I", data[:4])[0]
        names, _, data = data[4:].partition(b"\0")
        lists[stage] = tuple(names.split())
    return lists


def _note(reply: Reply, command: bytes, data: bytes) -> None:
    reply.order += command
    if command[0] in _FINAL:
        reply.final, reply.text = command, data.rstrip(b"\0")
    elif command == b"p":
        reply.progress += 1
    elif command == b"q":
        reply.quarantined = data.rstrip(b"\0")
    elif command == b"-":
        reply.deleted.append(data.rstrip(b"\0"))
    elif command in (b"i", b"m"):
        name, value = data[4:].split(b"\0")[:2]
        (reply.added if command == b"i" else reply.changed).append(
            (struct.unpack(">I", data[:4])[0], name, value)
        )
    elif command == b"h":
        name, value = data.split(b"\0")[:2]
        reply.added.append((-1, name, value))
    else:
        raise AssertionError((command, data))


def load(address: str, seconds: float, per_session: int, body: bytes) -> tuple[int, int, int]:
    """Send ordinary messages for so many seconds, over one connection after the other, with `per_session` messages on
    each. Returns how many connections, messages and errors there were."""
    end = time.monotonic() + seconds
    connections = messages = errors = 0
    while time.monotonic() < end:
        try:
            with Client(address) as client:
                connections += 1
                client.connect()
                client.helo()
                for _ in range(per_session):
                    fields = ((b"From", b" a@example.org"), (b"X-Number", b" %d-%d" % (id(client), messages)))
                    ok = client.message(fields, body).accepted
                    messages += ok
                    errors += not ok
        except (OSError, ClosedError) as error:
            errors += 1
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
    return connections, messages, errors
