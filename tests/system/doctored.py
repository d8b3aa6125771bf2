"""One site for the doctor: Postfix with its smtpd in a chroot as Debian has it, sekisho's socket below the queue, a
name server, and a stand-in for systemctl, since the machine's own services are none of a test's business."""

from __future__ import annotations

import grp
import io
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
from lab.dns import DnsServer
from lab.place import LabError, free_port, wait_until
from lab.postfix import Postfix
from lab.program import ROOT, USER, as_user
from lab.sekisho import Sekisho, merged
from lab.sender import send
from lab.sink import Sink
from tests.system.mails import letter

from sekisho.cli import cli

BIN = Path(sys.executable).parent
STAND_IN = """#!{python}
import socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({place!r})
    line.sendall(" ".join(sys.argv[1:]).encode())
    line.shutdown(socket.SHUT_WR)
    sys.exit(int(line.makefile().read()))
"""
KNOWN = {"name": "jp", "type": "NS", "value": "a.dns.jp"}
MAIN = {"smtpd_forbid_bare_newline": "normalize", "smtpd_peername_lookup": "yes", "recipient_delimiter": "+"}


class Daemon(Sekisho):
    """The daemon, whose file is written by `configure(settings)` alone: what a mend wrote stays."""

    def configure(self, settings: Mapping[str, Any] | None = None) -> None:
        if settings is not None:
            super().configure(settings)


@dataclass
class Machine(Postfix):
    """Postfix with a chrooted smtpd and the port for released mail."""

    bypass_port: int = 0
    chroot: str = "y"
    services: str = ""
    in_force: str = ""
    keeping: bool = False

    def on_disk(self) -> str:
        return "".join((self.config / name).read_text() for name in ("main.cf", "master.cf"))

    def lay_out(self) -> None:
        self._lay_out()
        self.write_config()

    def settle(self) -> None:
        """Run with what stands on the disk: stop and start, since idle smtpd processes outlive a reload."""
        text = self.on_disk()
        if text != self.in_force:
            self.keeping = True
            self.restart()
            self.keeping = False
            self.in_force = text

    def write_config(self) -> None:
        if not self.keeping:
            super().write_config()

    def _services(self) -> str:
        plain = super()._services().replace("inet n - n -", f"inet n - {self.chroot} -")
        return plain + (self.services or self.bypass())

    def bypass(self, host: str = "127.0.0.1:", milters: str = "  -o smtpd_milters=\n") -> str:
        return f"{host}{self.bypass_port} inet n - n - 10 smtpd\n{milters}"


@dataclass
class Site:
    """Everything together. `reset` makes it healthy again, whatever was done to it."""

    place: Path
    daemon: Daemon
    postfix: Machine
    dns: DnsServer
    sink: Sink
    tools: Path
    down: bool = False

    @property
    def queue(self) -> Path:
        return self.postfix.queue

    @property
    def socket(self) -> Path:
        return self.queue / "sekisho/milter.sock"

    @property
    def good(self) -> dict[str, Any]:
        """The configuration in which nothing is wrong."""
        return {
            "wire": {
                "socket": f"unix:{self.socket}",
                "socket_mode": "0660",
                "workers": 1,
                "drain_timeout": 1,
            },
            "release": {"port": self.postfix.bypass_port},
            "dns": {"servers": [self.dns.address], "timeout": 0.5},
        }

    def reset(self) -> None:
        """Everything healthy on the disk, and nothing of the daemon running yet."""
        self.daemon.stop()
        self.down = False
        shutil.rmtree(self.daemon.directory, ignore_errors=True)
        shutil.rmtree(self.queue / "sekisho", ignore_errors=True)
        (self.queue / "sekisho").mkdir(parents=True)
        os.chown(self.queue / "sekisho", pwd.getpwnam(USER).pw_uid, grp.getgrnam("postfix").gr_gid)
        (self.queue / "sekisho").chmod(0o2710)
        self.postfix.settings = dict(MAIN)
        self.postfix.milters = ["{ unix:sekisho/milter.sock, default_action=tempfail }"]
        self.postfix.chroot, self.postfix.services = "y", ""
        self.daemon.configure(self.good)
        self.dns.serve([KNOWN])
        self.postfix.lay_out()

    def settle(self) -> None:
        """Bring both up with what stands on the disk, as far as they do not run with it."""
        if not self.down and not self.daemon.running:
            self.daemon.start()
        self.postfix.settle()

    def configure(self, **groups: Mapping[str, Any]) -> None:
        """Other options in the file. A running daemon is not told."""
        self.daemon.configure(merged(self.good, groups))

    def main(self, **settings: str) -> None:
        """Other settings of main.cf."""
        self.postfix.settings = {**MAIN, **settings}
        self.postfix.write_config()

    def environment(self) -> dict[str, str]:
        assert self.daemon.program
        paths = (str(self.tools), str(BIN), "/usr/sbin:/usr/bin:/sbin:/bin")
        return {"PATH": ":".join(paths), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT / "milter")}

    def doctor(self, *, unprivileged: bool = False) -> tuple[int, list[str], list[str]]:
        """Its status, the codes and the mends, as it prints them."""
        assert self.daemon.program
        for each in self.postfix.config.iterdir():
            with suppress(FileNotFoundError):
                os.utime(each, (1e9, 1e9))  # postconf waits for files that were just written
        words = ["doctor", "--postfix-config", str(self.postfix.config), "--skip", "clock", "--user", USER]
        words += ["--config", str(self.daemon.config)]
        status, text = self._as_nobody(words) if unprivileged else _in_this_process(words)
        lines = text.splitlines()
        mends = [line.partition("mend: ")[2] for line in lines if line.startswith("         mend: ")]
        codes = [
            line[9:].partition(":")[0] for line in lines if line[:7].strip() in ("error", "warning", "note")
        ]
        return status, codes, mends

    def _as_nobody(self, words: list[str]) -> tuple[int, str]:
        assert self.daemon.program
        done = subprocess.run(
            self.daemon.program.command(*words),
            env=dict(self.daemon.program.environment),
            capture_output=True,
            text=True,
            check=False,
            **as_user(),  # type: ignore[call-overload]
        )
        return done.returncode, done.stdout + done.stderr

    def run(self, mend: str) -> None:
        """A mend, as it is printed, by a shell."""
        for each in self.postfix.config.iterdir():
            os.utime(each, (1e9, 1e9))
        done = subprocess.run(
            ["/bin/bash", "-c", mend],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        assert done.returncode == 0, f"{mend}\n{done.stdout}{done.stderr}"

    def mail_flows(self) -> None:
        """A friend's mail is judged and delivered. An smtpd that was idle at the reload may answer once more."""
        mail = letter("hanako@example.jp")
        self.dns.serve([KNOWN, *(mail.dns or ())])
        wait_until(lambda: self._delivered(mail), "mail flows through sekisho", 60)
        self.dns.serve([KNOWN])

    def _delivered(self, mail: Any) -> bool:
        self.sink.clear()
        sent = send(
            self.postfix.port, mail.envelope.sender, ["hanako@example.jp"], mail.raw, mail.envelope.client
        )
        if sent.reply.code != 250:
            return False
        (delivery,) = self.sink.wait(1)
        return bool(delivery.fields("X-Sekisho-Verdict"))

    def carried_out(self, words: list[str]) -> int:
        """What the stand-in for systemctl was asked to do, done to the daemon of this test. The exit status."""
        verb, unit = words
        if unit != "sekisho-milter":
            return 1
        if verb in ("stop", "restart"):
            self.daemon.stop()
        if verb in ("start", "restart"):
            try:
                self.daemon.start()
            except LabError:
                return 1
        if verb == "reload":
            os.kill(self.daemon.pid, signal.SIGHUP)
        return 0


def _in_this_process(words: list[str]) -> tuple[int, str]:
    """A command as root: the start of another Python for each of some hundred would take minutes."""
    text = io.StringIO()
    with redirect_stdout(text):
        status = cli.main(words, prog_name="sekisho", standalone_mode=False)
    assert isinstance(status, int), "the command gives its exit status"
    return status, text.getvalue()


class Stand:
    """Answers the stand-ins, one call after the other, while it is open."""

    def __init__(self, tools: Path, answer: Callable[[list[str]], int]) -> None:
        self._answer = answer
        self._line = socket.socket(socket.AF_UNIX)
        self._line.bind(str(tools / "line"))
        self._line.listen()
        stand_in = tools / "systemctl"
        stand_in.write_text(STAND_IN.format(python=sys.executable, place=str(tools / "line")))
        stand_in.chmod(0o755)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                call, _ = self._line.accept()
            except OSError:
                return
            with call:
                words = call.makefile().read().split()
                call.sendall(str(self._answer(words)).encode())

    def close(self) -> None:
        self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()


class OddServer:
    """A name server that knows `jp` and does one thing wrong with names that do not exist."""

    def __init__(self, wrong: Callable[[dns.message.Message], dns.message.Message | None]) -> None:
        self._wrong = wrong
        self.port = free_port()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> OddServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                data, client = self._socket.recvfrom(4096)
                question = dns.message.from_wire(data)
                answer: dns.message.Message | None = dns.message.make_response(question)
                assert answer is not None
                if str(question.question[0].name) == "jp.":
                    answer.answer.append(dns.rrset.from_text("jp.", 60, "IN", "NS", "a.dns.jp."))
                else:
                    answer = self._wrong(question)
                if answer is not None:
                    self._socket.sendto(answer.to_wire(), client)
