"""Where the lab's Postfix delivers: an SMTP server on loopback that keeps every message, byte for byte."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from lab.place import free_port, wait_until

_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Delivery:
    """One SMTP transaction: the message as delivered (`raw`, with CRLF line ends) and its recipients."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    def fields(self, name: str) -> tuple[str, ...]:
        """The values of a header field, unfolded, from the top to the bottom."""
        head = re.sub(rb"\r\n(?=[ \t])", b"", self.raw.partition(b"\r\n\r\n")[0])
        prefix = name.lower().encode() + b":"
        return tuple(
            line[len(prefix) :].strip().decode("utf-8", "surrogateescape")
            for line in head.split(b"\r\n")
            if line.lower().startswith(prefix)
        )

    def queue_ids(self) -> tuple[str, ...]:
        """The queue ids in the Received fields of the lab's Postfix, the newest first."""
        found = (
            re.search(r"by mx\.lab\.invalid \(Postfix\).*? id (\w+)", each)
            for each in self.fields("Received")
        )
        return tuple(match[1] for match in found if match)


class Sink:
    """Accepts every message for every recipient. If `folder` is given, each message is also written there."""

    def __init__(self, folder: Path | None = None, port: int | None = None) -> None:
        self.port = port or free_port()
        self.folder = folder
        self._deliveries: list[Delivery] = []
        self._lock = threading.Lock()
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> Sink:
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def __iter__(self) -> Iterator[Delivery]:
        with self._lock:
            return iter(tuple(self._deliveries))

    def __len__(self) -> int:
        return len(self._deliveries)

    def keep(self, delivery: Delivery) -> None:
        with self._lock:
            self._deliveries.append(delivery)
            number = len(self._deliveries)
        if self.folder:
            (self.folder / f"{number:06}.eml").write_bytes(delivery.raw)

    def clear(self) -> None:
        with self._lock:
            self._deliveries.clear()

    def of(self, queue_id: str) -> tuple[Delivery, ...]:
        """The deliveries of the message that Postfix accepted under this queue id."""
        return tuple(delivery for delivery in self if queue_id in delivery.queue_ids())

    def wait(self, count: int, seconds: float = 30.0) -> tuple[Delivery, ...]:
        """All deliveries, as soon as there are at least `count`. Raises LabError after so many seconds."""
        wait_until(lambda: len(self) >= count, f"{count} deliveries at the sink", seconds)
        return tuple(self)


class _Handler:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.original_content or b""
        sender = "" if envelope.mail_from == "<>" else envelope.mail_from or ""
        self._sink.keep(Delivery(sender, tuple(envelope.rcpt_tos), raw))
        return "250 2.0.0 kept"


class _Lenient(SMTP):
    """aiosmtpd is strict about addresses and line lengths; the sink accepts everything that Postfix delivers."""

    line_length_limit = 1024 * 1024

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        match = re.match(r"\s*<((?:\"(?:[^\"\\]|\\.)*\"|[^>\"])*)>\s?(.*)$", arg, re.DOTALL)
        return (match[1] or "<>", match[2]) if match else super()._getaddr(arg)


class _Controller(Controller):
    def __init__(self, sink: Sink, **where: object) -> None:
        super().__init__(_Handler(sink), **where)  # type: ignore[arg-type]

    def factory(self) -> SMTP:
        return _Lenient(
            self.handler, enable_SMTPUTF8=True, decode_data=False, data_size_limit=_LIMIT, ident="sink"
        )
