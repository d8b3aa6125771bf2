"""What config/postfix/ tells an operator to write, in a real Postfix that runs smtpd in its chroot as Debian does."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from lab.dns import DnsServer
from lab.place import answers, free_port
from lab.postfix import Postfix
from lab.program import ROOT, USER
from lab.sekisho import Sekisho
from lab.sender import Sent, send
from lab.sink import Sink
from tests.system.mails import letter, spoof

from sekisho.cases import Case
from sekisho.message import Client

SNIPPETS = ROOT / "config/postfix"


@dataclass
class Documented(Postfix):
    """The lab's Postfix with the shipped snippets behind its own settings, and smtpd in a chroot."""

    released_port: int = 0

    def write_config(self) -> None:
        super().write_config()
        main, master = self.config / "main.cf", self.config / "master.cf"
        own = [line for line in main.read_text().splitlines(keepends=True) if not line.startswith(_SHIPPED)]
        main.write_text("".join(own) + (SNIPPETS / "main.cf").read_text())
        services = master.read_text().replace("inet n - n - 50 smtpd", "inet n - y - 50 smtpd")
        shipped = (SNIPPETS / "master.cf").read_text().replace(":10026", f":{self.released_port}")
        master.write_text(services + shipped)


def _settings() -> tuple[str, ...]:
    lines = (SNIPPETS / "main.cf").read_text().splitlines()
    return tuple(f"{line.split('=')[0].strip()} =" for line in lines if line[:1].isalpha())


_SHIPPED = _settings()


@dataclass
class Site:
    postfix: Documented
    sekisho: Sekisho
    sink: Sink
    dns: DnsServer

    def send(self, mail: Case, port: int, client: Client | None) -> Sent:
        self.dns.serve(mail.dns)
        self.sink.clear()
        return send(port, mail.envelope.sender, ["hanako@example.jp"], mail.raw, client)


@pytest.fixture(scope="module")
def site(place: Path) -> Iterator[Site]:
    """sekisho's socket lies in a directory of Postfix's queue, made as tmpfiles.d makes it."""
    name, port = "postfix-documented", free_port()
    directory = place / name / "q/sekisho"
    directory.mkdir(parents=True)
    os.chown(directory, pwd.getpwnam(USER).pw_uid, grp.getgrnam("postfix").gr_gid)
    directory.chmod(0o2710)
    settings = {"wire": {"socket": f"unix:{directory}/milter.sock", "socket_mode": "0660"}}
    with (
        DnsServer() as dns,
        Sink() as sink,
        Sekisho(place, dns.address, settings, name="documented") as sekisho,
        Documented(place, sink.port, name=name, released_port=port) as postfix,
    ):
        yield Site(postfix, sekisho, sink, dns)


def test_postfix_has_nothing_to_say_against_it(site: Site) -> None:
    """`postfix check` and `postconf` read the files without a word, and no setting is unknown or given twice."""
    for command in (["postfix", "-c", str(site.postfix.config), "check"],
                    ["postconf", "-c", str(site.postfix.config), "-n"],
                    ["postconf", "-c", str(site.postfix.config), "-M"]):  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "warning" not in done.stderr, done.stderr
    assert "warning" not in site.postfix.log.read_text()


def test_mail_goes_through_the_checkpoint(site: Site) -> None:
    """In its chroot smtpd reaches the socket by the relative path, with the rights that tmpfiles.d gives: a
    friend's mail is delivered with our verdict, a spoof is held, and Postfix never had to use its default."""
    mail = letter("hanako@example.jp")
    assert site.send(mail, site.postfix.port, mail.envelope.client).reply.code == 250
    (delivery,) = site.sink.wait(1)
    assert delivery.fields("X-Sekisho-Verdict")[0].startswith("accept;")
    before = len(site.sekisho.quarantine())
    mail = spoof("hanako@example.jp")
    assert site.send(mail, site.postfix.port, mail.envelope.client).reply.code == 250
    site.postfix.wait_empty()
    assert (len(site.sink), len(site.sekisho.quarantine())) == (0, before + 1)
    socket = (site.postfix.queue / "sekisho/milter.sock").stat()
    assert socket.st_mode & 0o777 == 0o660
    assert socket.st_gid == grp.getgrnam("postfix").gr_gid


def test_released_mail_is_not_judged_again(site: Site) -> None:
    """What this machine hands in at the door for released mail is delivered as it is, without a look of sekisho's;
    any other client is refused, and the door is on loopback alone."""
    _, offset = site.sekisho.lines()
    mail = spoof("hanako@example.jp")
    assert site.send(mail, site.postfix.released_port, None).reply.code == 250
    (delivery,) = site.sink.wait(1)
    assert delivery.raw.endswith(mail.raw)
    assert delivery.fields("X-Sekisho-Verdict") == ()
    assert site.sekisho.lines(offset)[0] == []
    assert site.send(mail, site.postfix.released_port, mail.envelope.client).reply.code == 554
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    local = [
        line.split()[1] for line in listening.splitlines() if f":{site.postfix.released_port:04X} " in line
    ]
    assert {each.split(":")[0] for each in local} == {"0100007F"}


def test_every_line_has_its_reason(site: Site) -> None:
    """Each setting of main.cf stands below a comment, and each option of the port is named in one."""
    lines = (SNIPPETS / "main.cf").read_text().splitlines()
    for before, line in pairwise(lines):
        if line[:1].isalpha():
            assert before.startswith("#"), line
    assert answers(site.postfix.released_port, greets=True)
