"""The door with a judgement that does as it is told, between a client and a next hop that does as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.unit.release.kit import Port

from sekisho.auth.forged_fields import ForgedFields, OwnFields
from sekisho.clock import SystemClock
from sekisho.judging.handlers import OnFailure
from sekisho.judging.in_flight import Failures, InFlight
from sekisho.judging.judging_pool import JudgingPool
from sekisho.judging.options import WorkerOptions
from sekisho.message import Envelope, Limits, Recipient
from sekisho.smtp.options import SmtpOptions
from sekisho.smtp.server import SmtpFront
from sekisho.stages import Failure
from sekisho.verdict import Action, Reply

OFFERS = "250-next\r\n250-SIZE 10000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 XFORWARD NAME ADDR PORT HELO"
ACCEPT = Action(Reply.ACCEPT)


@dataclass
class Judge:
    """Implements `judging.handlers.Handlers`. `action` is what every message gets, or what is called for it."""

    action: Action | Callable[[bytes, Envelope], Action] = ACCEPT
    failing: Action = field(default_factory=lambda: Action(Reply.TEMPFAIL, smtp=("451", "4.3.0", "Later")))
    again: Action = field(default_factory=lambda: Action(Reply.HOLD))
    kept: list[tuple[bytes, Envelope]] = field(default_factory=list)
    seen: list[tuple[bytes, Envelope]] = field(default_factory=list)
    errors: list[Failure] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    level: OnFailure = OnFailure.HOLD

    def forged(self) -> ForgedFields:
        return ForgedFields(OwnFields("mx.example"))

    def process(self, raw: bytes, envelope: Envelope) -> Action:
        self.seen.append((raw, envelope))
        return self.action if isinstance(self.action, Action) else self.action(raw, envelope)

    def warm_envelope(self, envelope: Envelope) -> None:
        pass

    def on_failure(self, recipient: Recipient | None) -> OnFailure:
        return self.level

    def paused(self) -> bool:
        return False

    def fallback(self, stage: Failure, again: bool, on_failure: OnFailure) -> Action:
        if on_failure is OnFailure.ACCEPT:
            return Action(Reply.ACCEPT)
        return self.again if again else self.failing

    def keep(self, raw: bytes, envelope: Envelope) -> Action:
        self.kept.append((raw, envelope))
        return Action(Reply.DISCARD, reference="KEPT")

    def on_error(self, stage: Failure) -> None:
        self.errors.append(stage)

    def close(self) -> None:
        pass


class Mta:
    """The MTA in front: sends bytes, and reads replies."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.stream = self.socket.makefile("rb")

    def __enter__(self) -> Mta:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> str:
        """The next reply, lines joined by LF; empty if the connection has ended."""
        lines = []
        while line := self.stream.readline().decode().rstrip("\r\n"):
            lines.append(line)
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    def say(self, line: str | bytes) -> str:
        """Send a command; returns the reply."""
        self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.reply()

    def hello(self) -> str:
        """Read the greeting and say EHLO."""
        self.reply()
        return self.say("EHLO mta.example")

    def begin(self, *recipients: str) -> list[str]:
        """MAIL, RCPT for each, DATA: the replies."""
        commands = [
            "MAIL FROM:<a@x.example>",
            *(f"RCPT TO:<{each}>" for each in recipients or ("b@y.example",)),
            "DATA",
        ]
        return [self.say(each) for each in commands]

    def message(self, raw: bytes = b"Subject: hi\r\n\r\nbody\r\n") -> str:
        """The message as it stands, and the final dot; returns the reply."""
        self.send(raw + b".\r\n")
        return self.reply()


@dataclass
class Door:
    """A running front: its port, its judge, and the next hop."""

    port: int
    judge: Judge
    next_hop: Port
    front: SmtpFront

    @property
    def mta(self) -> Mta:
        """A new connection."""
        return Mta(self.port)

    @property
    def commands(self) -> list[str]:
        """What the next hop heard."""
        return self.next_hop.commands


@contextmanager
def door(
    judge: Judge | None = None, replies: dict[str, str | list[str]] | None = None, **options: object
) -> Iterator[Door]:
    """A door on a free loopback port. `replies` are those of the next hop (`Port`)."""
    judge = judge or Judge()
    workers = WorkerOptions(threads=4)
    with Port({"EHLO": OFFERS, **(replies or {})}) as next_hop:
        said = {"next_hop": f"127.0.0.1:{next_hop.port}", "timeout_seconds": 5.0, **options}
        pool = JudgingPool(judge, workers, InFlight(workers.threads), Failures(), SystemClock())
        pool.start(lambda raw, envelope: None)
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        port = listener.getsockname()[1]
        front = SmtpFront(listener, SmtpOptions.model_validate(said), "mx.example", pool, lambda _: None)
        front.thread().start()
        try:
            yield Door(port, judge, next_hop, front)
        finally:
            front.stop_listening()


def threads() -> set[str]:
    """The names of the running threads."""
    return {each.name for each in threading.enumerate()}
