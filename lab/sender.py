"""The lab's SMTP client. With XCLIENT it can be any client, and it sends every byte unchanged.

`send()` sends one message and reads every reply. `flood()` is for the benchmark and the long runs: many pipelined
sessions in several processes, so that the sender is not the bottleneck.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from sekisho.message import Client


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP reply: code and text, lines joined by LF."""

    code: int
    text: str

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 400

    @property
    def queue_id(self) -> str | None:
        """The id under which Postfix accepted the message."""
        match = re.search(r"queued as (\w+)", self.text)
        return match[1] if match else None


@dataclass(frozen=True, slots=True)
class Sent:
    """How the sending of one message ended. `refused` are the recipients that were refused at RCPT, with the reply.
    `judged`: the message itself was sent, and `reply` is the reply to it."""

    reply: Reply
    refused: tuple[tuple[str, Reply], ...] = ()
    judged: bool = False


class Session:
    """One SMTP session with Postfix, after EHLO and ready for MAIL. With `client` None it is the lab itself,
    127.0.0.1."""

    def __init__(self, port: int, client: Client | None = None, timeout: float = 60.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb")
        self._read()
        self.command("EHLO lab.invalid")
        if client:
            self.become(client)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # the server may have closed the connection already
            self._socket.sendall(b"QUIT\r\n")
        self._stream.close()
        self._socket.close()

    def become(self, client: Client) -> None:
        """Be this client from now on (Postfix's XCLIENT). What is unknown is sent as unavailable."""
        attributes = {
            "NAME": client.name or ("[TEMPUNAVAIL]" if client.resolve == "temp" else "[UNAVAILABLE]"),
            "ADDR": _address(client.address),
            "PROTO": "ESMTP",
            "LOGIN": _xtext(client.user) if client.user else "[UNAVAILABLE]",
        }
        values = " ".join(f"{name}={value}" for name, value in attributes.items())
        reply = self.command(f"XCLIENT {values}")
        if reply.code != 220:
            raise ConnectionError(f"XCLIENT {values}: {reply.code} {reply.text}")
        if client.helo:
            self.command(b"EHLO " + _bytes(client.helo))

    def command(self, line: str | bytes) -> Reply:
        """Send one command line and return the reply."""
        self._socket.sendall(_bytes(line).replace(b"\r", b"").replace(b"\n", b"") + b"\r\n")
        return self._read()

    def mail(self, sender: str | None, recipients: Sequence[str], raw: bytes) -> Sent:
        """Send one message. `reply` of the result is the reply to the message, or to the command that ended it."""
        eight = b" BODY=8BITMIME" if not raw.isascii() else b""
        utf8 = (
            b" SMTPUTF8"
            if not all((sender or "").isascii() and each.isascii() for each in recipients)
            else b""
        )
        reply = self.command(b"MAIL FROM:<" + _bytes(sender or "") + b">" + eight + utf8)
        if not reply.ok:
            return Sent(reply)
        replies = [(each, self.command(b"RCPT TO:<" + _bytes(each) + b">")) for each in recipients]
        refused = tuple((each, reply) for each, reply in replies if not reply.ok)
        if len(refused) == len(replies):
            self.command("RSET")
            return Sent(replies[-1][1] if replies else Reply(554, "no recipient"), refused)
        reply = self.command("DATA")
        if reply.code != 354:
            return Sent(reply, refused)
        return Sent(self.content(raw), refused, judged=True)

    def content(self, raw: bytes) -> Reply:
        """Send the message after 354, and return the reply."""
        self._socket.sendall(dot_stuffed(raw))
        return self._read()

    def _read(self) -> Reply:
        lines = []
        while line := self._stream.readline():
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            lines.append(text[4:])
            if text[3:4] != "-":
                return Reply(int(text[:3]), "\n".join(lines))
        raise ConnectionError("the server closed the session")


def send(
    port: int, sender: str | None, recipients: Sequence[str], raw: bytes, client: Client | None = None
) -> Sent:
    """Send one message in a session of its own."""
    with Session(port, client) as session:
        return session.mail(sender, recipients, raw)


def dot_stuffed(raw: bytes) -> bytes:
    """The message as it is sent after DATA: CRLF at the end, dots at the start of lines doubled, and the final dot."""
    if not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", raw) + b".\r\n"


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


def _address(address: str | None) -> str:
    if address is None:
        return "[UNAVAILABLE]"
    return f"IPV6:{address}" if ":" in address else address


def _xtext(text: str) -> str:
    """The text as xtext (RFC 3461), for values of XCLIENT."""
    safe = (chr(byte) if 33 <= byte <= 126 and byte not in b"+=" else f"+{byte:02X}" for byte in _bytes(text))
    return "".join(safe)


@dataclass(frozen=True, slots=True)
class Mail:
    """A message for `flood`: `data` is already dot-stuffed, with the final dot."""

    sender: str
    recipient: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Flood:
    """The result of `flood`: seconds from the first to the last reply, and how many replies of each code."""

    seconds: float
    replies: dict[int, int]

    @property
    def accepted(self) -> int:
        return self.replies.get(250, 0)

    @property
    def rate(self) -> float:
        return sum(self.replies.values()) / self.seconds


def flood(
    port: int, mails: Sequence[Mail], sessions: int = 20, per_session: int = 100, processes: int = 2
) -> Flood:
    """Send all mails through `sessions` parallel SMTP sessions in `processes` processes.

    A session ends after `per_session` messages and a new one begins, as with real clients. Reply code 0 counts the
    messages whose session broke.
    """
    shares = [mails[number::processes] for number in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("forkserver")) as pool:
        list(pool.map(abs, range(processes)))  # start the processes before time is measured
        begun = time.monotonic()
        parts = list(
            pool.map(_flood, [port] * processes, shares, [max(1, sessions // processes)] * processes,
                     [per_session] * processes)
        )  # fmt: skip
        seconds = time.monotonic() - begun
    replies: dict[int, int] = {}
    for part in parts:
        for code, count in part.items():
            replies[code] = replies.get(code, 0) + count
    return Flood(seconds, replies)


def _flood(port: int, mails: Sequence[Mail], sessions: int, per_session: int) -> dict[int, int]:
    return asyncio.run(_run_sessions(port, mails, sessions, per_session))


async def _run_sessions(port: int, mails: Sequence[Mail], sessions: int, per_session: int) -> dict[int, int]:
    waiting = iter(mails)
    counts: dict[int, int] = {}

    async def one() -> None:
        while True:
            share = [mail for _, mail in zip(range(per_session), waiting, strict=False)]
            if not share:
                return
            for code in await _one_session(port, share):
                counts[code] = counts.get(code, 0) + 1

    await asyncio.gather(*(one() for _ in range(sessions)))
    return counts


async def _one_session(port: int, mails: Iterable[Mail]) -> list[int]:
    codes: list[int] = []
    mails = list(mails)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        await _code(reader)
        writer.write(b"EHLO flood.lab.invalid\r\n")
        await _code(reader)
        for mail in mails:
            codes.append(await _one_mail(reader, writer, mail))
        writer.write(b"QUIT\r\n")
        await writer.drain()
        writer.close()
    except (OSError, ValueError, asyncio.IncompleteReadError):
        codes += [0] * (len(mails) - len(codes))
    return codes


async def _one_mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mail: Mail) -> int:
    writer.write(
        b"MAIL FROM:<" + mail.sender.encode() + b">\r\nRCPT TO:<" + mail.recipient.encode() + b">\r\nDATA\r\n"
    )
    replies = [await _code(reader) for _ in range(3)]
    if replies[2] != 354:
        writer.write(b"RSET\r\n")
        await _code(reader)
        return next(code for code in replies if code >= 400)
    writer.write(mail.data)
    return await _code(reader)


async def _code(reader: asyncio.StreamReader) -> int:
    while True:
        line = await reader.readline()
        if len(line) < 4:
            raise ValueError("the session ended")
        if line[3:4] != b"-":
            return int(line[:3])
