"""An SMTP port that does as it is told, and the processes that release mail through it."""

from __future__ import annotations

import os
import re
import socketserver
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

EHLO = "250-port\r\n250-SIZE 10000000\r\n250-8BITMIME\r\n250 SMTPUTF8"
CLOSE = "close"  # end the connection instead of replying
VERB = re.compile("^(MAIL FROM|RCPT TO|[A-Z]+)", re.I)  # of a command, at its start


@dataclass
class Seen:
    """What one connection said, and the messages that it handed over, with their dots unstuffed.

    Verbs are in capitals: their case means nothing (RFC 5321 2.4), and each Python writes its own.
    """

    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)


class Port(socketserver.ThreadingTCPServer):
    """Listens on a free loopback port. `replies` overrides the reply to a verb, `GREETING` or `END` (the end
    of the data); a list is used up one by one, the last staying. `meeting` is called for each verb, before the reply.
    """

    meeting: Callable[[str], None] = staticmethod(lambda verb: None)
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, replies: Mapping[str, str | list[str]] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = {
            key: [each] if isinstance(each, str) else each for key, each in (replies or {}).items()
        }
        self.seen: list[Seen] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def messages(self) -> list[bytes]:
        return [message for seen in self.seen for message in seen.messages]

    @property
    def commands(self) -> list[str]:
        return [command for seen in self.seen for command in seen.commands]

    def __enter__(self) -> Port:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def reply(self, verb: str, default: str) -> str:
        told = self.replies.get(verb)
        if not told:
            return default
        return told.pop(0) if len(told) > 1 else told[0]


class _Handler(socketserver.StreamRequestHandler):
    server: Port

    def handle(self) -> None:
        seen = Seen()
        self.server.seen.append(seen)
        try:
            if not self._say("GREETING", "220 port"):
                return
            while line := self.rfile.readline():
                command = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
                seen.commands.append(VERB.sub(lambda verb: verb[0].upper(), command, count=1))
                if not self._obey(seen, seen.commands[-1].split()[0]):
                    return
        except ConnectionError:
            return

    def _obey(self, seen: Seen, verb: str) -> bool:
        defaults = {"EHLO": EHLO, "DATA": "354 go on", "QUIT": "221 bye"}
        if not self._say(verb, defaults.get(verb, "250 ok")):
            return False
        if verb != "DATA" or self.server.reply("DATA", "354")[:1] != "3":
            return verb != "QUIT"
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line[1:] if line.startswith(b".") else line)
        if (told := self.server.reply("END", "250 2.0.0 kept")) == CLOSE:
            return False
        if told[:1] == "2":
            seen.messages.append(b"".join(lines))
        self.wfile.write(told.encode() + b"\r\n")
        return True

    def _say(self, verb: str, default: str) -> bool:
        self.server.meeting(verb)
        text = self.server.reply(verb, default)
        if text == CLOSE:
            return False
        self.wfile.write(text.encode() + b"\r\n")
        return True


RELEASE = """
    import os, signal, smtplib, sys
    from sekisho.auth.forged_fields import OwnFields
    from sekisho.clock import SystemClock
    from sekisho.journal import JournalOptions
    from sekisho.privacy import Privacy
    from sekisho.release import ReleaseOptions, Releaser, ReleaseRequest
    from sekisho.release import smtp
    from sekisho.store.database import StoreOptions
    from sekisho.held import State
    from sekisho.store.quarantine import Quarantine

    url, port, point, names = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def before(thing, name, when=lambda *a, **k: True):
        real = getattr(thing, name)
        setattr(thing, name, lambda *a, **k: die() if when(*a, **k) else real(*a, **k))

    def after(thing, name, when=lambda *a, **k: True):
        real = getattr(thing, name)
        def then(*a, **k):
            result = real(*a, **k)
            return die() if when(*a, **k) else result
        setattr(thing, name, then)

    sending = lambda self, record, to, **k: to is State.SENDING
    settled = lambda self, record, to, **k: to is not State.SENDING
    body = lambda self, s: isinstance(s, bytes)
    {
        "none": lambda: None,
        "before-sending": lambda: before(Quarantine, "move", sending),
        "after-sending": lambda: after(Quarantine, "move", sending),
        "connected": lambda: after(smtplib.SMTP, "connect"),
        "sender": lambda: after(smtplib.SMTP, "mail"),
        "before-body": lambda: before(smtp.SmtpClient, "send", body),
        "after-body": lambda: after(smtp.SmtpClient, "send", body),
        "after-reply": lambda: after(smtp.SmtpClient, "message"),
        "before-settled": lambda: before(Quarantine, "move", settled),
        "after-settled": lambda: after(Quarantine, "move", settled),
    }[point]()
    store = Quarantine.open(StoreOptions(url=url), SystemClock())
    options = ReleaseOptions(port=port, timeout_seconds=10, attempts=1)
    privacy = Privacy(JournalOptions(), SystemClock())
    releaser = Releaser(store, options, OwnFields("mx.ours.example"), "mx.ours.example", privacy)
    os.write(1, b"READY\\n")
    for name in names:
        releaser.release(store.get(name), ReleaseRequest("test"))
        os.write(1, name.encode() + b"\\n")
"""
POINTS = (
    "before-sending",
    "after-sending",
    "connected",
    "sender",
    "before-body",
    "after-body",
    "after-reply",
    "before-settled",
    "after-settled",
    "none",
)


def releasing(url: str, port: int, point: str, *names: str) -> subprocess.Popen[bytes]:
    """A process that releases those entries one after the other, and kills itself at that point."""
    program = [sys.executable, "-c", textwrap.dedent(RELEASE), url, str(port), point, *names]
    paths = os.pathsep.join(path for path in [*sys.path, str(Path(__file__).parents[3] / "milter")] if path)
    return subprocess.Popen(program, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": paths})
