"""The systemd units, checked by systemd's own tools and held to what they allow: the daemon lives with it."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab import pictures
from lab.dns import DnsServer
from lab.milter_client import Client
from lab.place import end_process, wait_until
from lab.postfix import Postfix
from lab.program import ROOT, USER, Program, as_user, program
from lab.sekisho import Sekisho
from lab.sender import send
from lab.sink import Sink
from tests.qrcodes_support import picture
from tests.system.mails import letter, spoof

from sekisho.config import Config

UNITS = ROOT / "systemd"
SERVICE = UNITS / "sekisho-milter.service"
SMTP = UNITS / "sekisho-smtp.service"
CONFINED = Path(__file__).with_name("confined.py")


def tool(*words: str, status: int = 0) -> str:
    """What a tool prints. A tool that is missing fails the test: `make test` installs it."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root directory of a machine with Postfix, on which sekisho was installed."""
    for name in ("etc/systemd/system", "usr/lib/sysusers.d", "usr/lib/tmpfiles.d", "var/spool/postfix"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "etc/passwd").write_text(
        "root:x:0:0::/root:/bin/sh\npostfix:x:101:102::/x:/usr/sbin/nologin\n"
    )
    (tmp_path / "etc/group").write_text("root:x:0:\npostfix:x:102:\n")
    for unit in UNITS.glob("sekisho-*.*"):
        shutil.copy(unit, tmp_path / "etc/systemd/system")
    for kind in ("sysusers.d", "tmpfiles.d"):
        shutil.copy(UNITS / kind / "sekisho.conf", tmp_path / "usr/lib" / kind)
    shutil.copytree("/lib/systemd/system", tmp_path / "lib/systemd/system", symlinks=True)
    for executable in ("usr/bin/sekisho", "bin/kill"):
        (tmp_path / executable).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / executable).write_text("#!/bin/sh\n")
        (tmp_path / executable).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("sekisho-*.*")))
def test_systemd_has_nothing_to_say_against_a_unit(root: Path, unit: str) -> None:
    """`systemd-analyze verify` accepts the unit and prints nothing about it."""
    said = tool("systemd-analyze", "verify", "--man=no", f"--root={root}", f"/etc/systemd/system/{unit}")
    assert [line for line in said.splitlines() if "sekisho" in line] == []


def test_a_wrong_unit_would_be_noticed(root: Path) -> None:
    """The check above is no empty one: a misspelled setting is named."""
    path = root / "etc/systemd/system/sekisho-milter.service"
    path.write_text(path.read_text().replace("ProtectHome=", "ProtektHome="))
    done = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            "--man=no",
            f"--root={root}",
            "/etc/systemd/system/sekisho-milter.service",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ProtektHome" in done.stderr


@pytest.mark.parametrize("service", [SERVICE, SMTP], ids=lambda service: service.stem)
def test_the_unit_exposes_little(service: Path) -> None:
    """systemd's own score of the sandbox is below 2.0 (0 is nothing exposed, 10 everything)."""
    said = tool("systemd-analyze", "security", "--offline=true", "--no-pager", str(service))
    score = re.search(rf"exposure level for {re.escape(service.name)}: ([\d.]+)", said)
    assert score is not None
    assert float(score[1]) < 2.0


def test_the_smtp_door_has_the_sandbox_of_the_milter() -> None:
    """The two units differ in what they start, and in the directory of the milter's socket: a setting that one of them
    gets, the other gets too."""
    milter, smtp = (settings(each) for each in (SERVICE, SMTP))
    assert milter - smtp == {
        "ExecStart=sekisho serve --config /etc/sekisho/sekisho.toml",
        "ReadWritePaths=-/var/spool/postfix/sekisho",
    }
    assert smtp - milter == {"ExecStart=sekisho serve --smtp --config /etc/sekisho/sekisho.toml"}
    assert "Conflicts=sekisho-milter.service" in SMTP.read_text(), "both have one metrics port"


def settings(unit: Path) -> set[str]:
    """The settings of its section [Service]."""
    section = unit.read_text().partition("[Service]\n")[2].partition("\n[")[0]
    return {line for line in section.splitlines() if line and not line.startswith("#")}


def test_users_and_directories_are_made(root: Path) -> None:
    """sysusers makes the user without a shell and in no other group; tmpfiles makes the socket's directory so
    that Postfix's group may pass and nobody else, and a configuration that sekisho can read and not write."""
    tool("systemd-sysusers", f"--root={root}", "sekisho.conf")
    users = {line.split(":")[0]: line.split(":") for line in (root / "etc/passwd").read_text().splitlines()}
    _, _, uid, gid, _, home, shell = users["sekisho"]
    assert (home, shell) == ("/var/lib/sekisho", "/usr/sbin/nologin")
    assert re.findall(r"(?m)^(\w+):.*\bsekisho$", (root / "etc/group").read_text()) == []
    tool("systemd-tmpfiles", "--create", f"--root={root}", "sekisho.conf")
    for name, owner, group, mode in (
        ("var/spool/postfix/sekisho", int(uid), 102, 0o2710),
        ("etc/sekisho", 0, int(gid), 0o750),
    ):
        found = (root / name).stat()
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (owner, group, mode)


@dataclass(frozen=True, slots=True)
class ConfinedProgram(Program):
    """The `sekisho` command under the filter of the unit."""

    def command(self, *words: str) -> list[str]:
        # `Program.command` by name: super() does not know the class that `slots` makes anew
        shelf = self.paths[-1]
        return [
            self.python,
            str(shelf / CONFINED.name),
            str(shelf / SERVICE.name),
            *Program.command(self, *words),
        ]


def test_mail_flows_under_the_units_filter(place: Path) -> None:
    """With no other system call, memory protection or address family than the unit allows, the daemon starts,
    delivers, quarantines, shows its quarantine, reloads and stops in order, and nothing of it failed."""
    shelf = place / "confined"
    shelf.mkdir(mode=0o755)
    for file in (CONFINED, SERVICE):
        shutil.copy(file, shelf)
    plain = program(place)
    confined = ConfinedProgram(plain.python, (*plain.paths, shelf))
    with (
        DnsServer() as dns,
        Sink() as sink,
        Sekisho(place, dns.address, name="sandboxed", program=confined) as sekisho,
        Postfix(place, sink.port, [sekisho.milter()], name="postfix-sandboxed") as postfix,
    ):
        assert _confined(sekisho.pid)
        for mail in (letter("hanako@example.jp"), spoof("hanako@example.jp")):
            dns.serve(mail.dns)
            sent = send(
                postfix.port, mail.envelope.sender, ["hanako@example.jp"], mail.raw, mail.envelope.client
            )
            assert sent.reply.code == 250
        (delivery,) = sink.wait(1)
        assert b"How are you?" in delivery.raw
        assert len(sekisho.quarantine()) == 1
        code = [("png", picture("https://stranger.test/pay"))]
        raw = pictures.mail(code, b"From: <taro@friend.example>\r\nMIME-Version: 1.0\r\n", b"Scan this.")
        assert send(postfix.port, "", ["hanako@example.jp"], raw, mail.envelope.client).reply.code == 250
        wait_until(lambda: "link.qr" in str(sekisho.lines()[0]), "a child of the worker has read the code")
        os.kill(sekisho.pid, 1)
        wait_until(lambda: '"event": "reloaded"' in sekisho.log.read_text(), "the new generation serves")
        lines, _ = sekisho.lines()
        assert [line for line in lines if line["level"] in {"warning", "error"}] == []
        assert sekisho.stop() == 0


def _confined(pid: int) -> bool:
    """The process has a seccomp filter, and can gain no privileges."""
    status = Path(f"/proc/{pid}/status").read_text()
    return "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status


@contextmanager
def told(directory: Path) -> Iterator[socket.socket]:
    """The socket that systemd would listen on for a service's messages (sd_notify)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        path = directory / "notify"
        listener.bind(str(path))
        os.chown(path, pwd.getpwnam(USER).pw_uid, -1)
        listener.settimeout(60)
        yield listener


def test_systemd_is_told_and_holds_the_socket(place: Path) -> None:
    """Socket-activated, the daemon takes connections that waited for it, says READY after that it can and
    STOPPING when it ends, and leaves the socket's file to systemd."""
    sekisho = Sekisho(place, name="activated")
    sekisho.program = program(place)
    sekisho.configure()
    with told(sekisho.directory) as listener:
        variables = [f"--setenv={name}={value}" for name, value in sekisho.program.environment.items()]
        activator = subprocess.Popen(
            ["systemd-socket-activate", f"--listen={sekisho.socket}", *variables,
             f"--setenv=NOTIFY_SOCKET={listener.getsockname()}",
             *sekisho.program.command("serve", "--config", str(sekisho.config))],
            cwd=sekisho.directory, stderr=subprocess.DEVNULL, **as_user(),  # type: ignore[call-overload]
        )  # fmt: skip
        try:
            wait_until(sekisho.socket.exists, "the socket is there")
            before = sekisho.socket.lstat()
            with Client(f"unix:{sekisho.socket}") as client:
                assert client.version == 6
            assert listener.recv(100).splitlines()[0] == b"READY=1"
            activator.terminate()
            assert listener.recv(100) == b"STOPPING=1"
            assert activator.wait(60) == 0
            assert sekisho.socket.lstat().st_ino == before.st_ino
        finally:
            end_process(activator.pid)


def test_the_unit_starts_again_where_that_may_help() -> None:
    """Whatever the daemon ends with, systemd starts it again, as often as it takes; only for status 2, which says that
    the configuration is wrong, it does not. docs/operating.md says the same."""
    text = SERVICE.read_text()
    assert re.findall(r"(?m)^Restart=(.*)$", text) == ["always"]
    assert re.findall(r"(?m)^RestartPreventExitStatus=(.*)$", text) == ["2"]
    assert re.findall(r"(?m)^StartLimitIntervalSec=(.*)$", text) == ["0"]
    table = dict(
        re.findall(r"(?m)^\| (\d+) \| .* \| (.*) \|$", (ROOT / "docs/operating.md").read_text("utf-8"))
    )
    assert {status: "starts it again" in done for status, done in table.items() if status != "0"} == {
        "2": False,
        "69": True,
        "70": True,
    }


def test_one_process_that_eats_all_memory_does_not_end_the_unit() -> None:
    """Memory is bounded, and where it is used up the kernel ends one process, not the group."""
    text = SERVICE.read_text()
    assert re.findall(r"(?m)^MemoryMax=(.*)$", text) == ["75%"]
    assert re.findall(r"(?m)^OOMPolicy=(.*)$", text) == ["continue"]


def test_the_units_times_fit_the_configuration() -> None:
    """systemd waits longer for start and stop than the daemon as configured by default may take."""
    values = dict(re.findall(r"(?m)^(Timeout\w+Sec)=(\d+)$", SERVICE.read_text()))
    wire = Config().wire
    assert int(values["TimeoutStartSec"]) > wire.start_timeout
    assert int(values["TimeoutStopSec"]) > wire.drain_timeout + 5
