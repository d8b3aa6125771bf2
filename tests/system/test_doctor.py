"""Each thing that the doctor finds, provoked on a real Postfix with real files and name servers; its mend, run as it is
printed; and then a clean doctor and mail that flows."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import dns.message
import dns.rcode
import dns.rrset
import pytest
from lab.dns import DnsServer
from lab.place import free_port, wait_until
from lab.program import ROOT, program
from lab.sink import Sink
from tests.slices import sliced
from tests.system.doctored import Daemon, Machine, OddServer, Site, Stand
from tests.unit.store.kit import hold

from sekisho.clock import SystemClock, uptime
from sekisho.guard import Switch
from sekisho.guard.switch import FOREVER
from sekisho.held import State
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine, RetentionOptions

Provoke = Callable[[Site, ExitStack], None]
CASES: dict[str, Provoke] = {}

EXCEPTIONS = {
    "clock.behind": "the machine's clock is not a test's to set",
    "clock.free": "the same",
    "store.remote": "there is no network file system here; the mend is that of store.fleeting",
    "store.space": "no test fills a disk of this machine",
    "postfix.non_smtpd_milters": "a note: nothing to mend",
    "postfix.smtpd_milter_maps": "a note: nothing to mend",
    "postfix.recipient_bcc_maps": "a note: nothing to mend",
    "postfix.recipient_delimiter": "no command: it is our option that follows, or a note",
    "store.none": "a note: nothing to mend",
    "store.version": "a note: nothing to mend",
    "store.extended": "a note: nothing to mend",
    "store.newer": "the mend is another version of the program",
    "postfix.partly_enforced": "a note: nothing to mend",
    "files.lists": "no command: the list in the file is edited by hand",
    "files.password": "the site's store is SQLite; tests/unit/cli/test_secrets.py has the mends",
    "socket.other": "the lab's daemon listens on a UNIX socket; tests/unit/doctor has the port",
    "metrics.taken": "the lab knows by its metrics port that the daemon is ready; tests/unit/doctor has the port",
    "postfix.bypass_silent": "the lab's Postfix runs with what is on the disk; tests/unit/doctor has the port",
    **dict.fromkeys(
        ("smtp.loop", "smtp.next_hop", "smtp.not_asked", "smtp.position", "smtp.proxy_timeout"),
        "the lab's daemon is the milter; tests/unit/doctor/test_smtp_door.py has them",
    ),
    **dict.fromkeys(
        ("directory.answers", "directory.fails", "directory.sandbox", "directory.type"),
        "the site has no tables; tests/unit/doctor/test_tables.py has them",
    ),
}


def case(name: str) -> Callable[[Provoke], Provoke]:
    """Register a fault. Behind a slash stands which of several ways to the same code it is."""

    def register(provoke: Provoke) -> Provoke:
        CASES[name] = provoke
        return provoke

    return register


@pytest.fixture(scope="module")
def site(place: Path) -> Iterator[Site]:
    tools = place / "doctor-tools"
    tools.mkdir()
    with DnsServer() as dns_server, Sink() as sink:
        daemon = Daemon(place, dns_server.address, name="d", program=program(place))
        postfix = Machine(place, sink.port, name="p", bypass_port=free_port())
        made = Site(place, daemon, postfix, dns_server, sink, tools)
        stand = Stand(tools, made.carried_out)
        try:
            made.queue.mkdir(parents=True)
            yield made
        finally:
            stand.close()
            daemon.stop()
            postfix.stop()


# -- Postfix --------------------------------------------------------------------------------------------


@case("postfix.not_asked")
def _(site: Site, _: ExitStack) -> None:
    site.postfix.milters = []
    site.postfix.write_config()


@case("postfix.not_asked/outside")
def _(site: Site, _: ExitStack) -> None:
    outside(site)
    site.postfix.milters = []
    site.postfix.write_config()


@case("postfix.not_asked/service")
def _(site: Site, _: ExitStack) -> None:
    master = site.postfix.config / "master.cf"
    master.write_text(master.read_text().replace("50 smtpd\n", "50 smtpd\n  -o smtpd_milters=\n"))


@case("postfix.chroot")
def _(site: Site, _: ExitStack) -> None:
    site.postfix.milters = [f"{{ unix:{site.socket}, default_action=tempfail }}"]
    site.postfix.write_config()


@case("postfix.chroot/macro")
def _(site: Site, _: ExitStack) -> None:
    site.postfix.milters = ["${ours}"]
    site.main(ours=f"unix:{site.socket}")


def outside(site: Site) -> None:
    """sekisho's socket at the place that is the default of a daemon without Postfix's directories."""
    site.configure(wire={"socket": f"unix:{site.daemon.directory}/m.sock"})


@case("postfix.chroot/outside")
def _(site: Site, _: ExitStack) -> None:
    outside(site)
    site.postfix.milters = [f"{{ unix:{site.daemon.directory}/m.sock, default_action=tempfail }}"]
    site.postfix.write_config()


@case("postfix.default_action")
def _(site: Site, _: ExitStack) -> None:
    site.postfix.milters = ["{ unix:sekisho/milter.sock, default_action=accept }"]
    site.postfix.write_config()


@case("postfix.default_action/general")
def _(site: Site, _: ExitStack) -> None:
    site.postfix.milters = ["unix:sekisho/milter.sock"]
    site.main(milter_default_action="accept")


@case("postfix.timeout")
def _(site: Site, _: ExitStack) -> None:
    site.main(milter_content_timeout="20s")


@case("postfix.order")
def _(site: Site, _: ExitStack) -> None:
    site.postfix.milters = ["{ unix:opendkim/x.sock, default_action=accept }", *site.postfix.milters]
    site.postfix.write_config()


@case("postfix.same_id")
def _(site: Site, _: ExitStack) -> None:
    site.postfix.milters = [*site.postfix.milters, "{ unix:opendkim/x.sock, default_action=accept }"]
    site.postfix.write_config()


def parameter(name: str, value: str) -> None:
    @case(f"postfix.{name}")
    def _(site: Site, _: ExitStack) -> None:
        site.main(**{name: value})


parameter("smtpd_peername_lookup", "no")
parameter("smtpd_forbid_bare_newline", "no")
parameter("always_add_missing_headers", "yes")
parameter("remote_header_rewrite_domain", "ours.example")
parameter("enable_long_queue_ids", "no")
parameter("enable_original_recipient", "no")
parameter("cleanup_replace_stray_cr_lf", "no")
parameter("local_header_rewrite_clients", "static:all")


@case("postfix.macros")
def _(site: Site, _: ExitStack) -> None:
    site.main(milter_protocol="4", milter_connect_macros="j {client_addr} {client_name}")


@case("postfix.bypass_remote")
def _(site: Site, _: ExitStack) -> None:
    site.configure(release={"host": "192.0.2.9"})


@case("postfix.bypass_missing")
def _(site: Site, _: ExitStack) -> None:
    site.postfix.services = "\n"
    site.postfix.write_config()


@case("postfix.bypass_open")
def _(site: Site, _: ExitStack) -> None:
    site.postfix.services = site.postfix.bypass("0.0.0.0:")
    site.postfix.write_config()


@case("postfix.bypass_filters")
def _(site: Site, _: ExitStack) -> None:
    site.postfix.services = site.postfix.bypass(milters="")
    site.postfix.write_config()


# -- the socket -----------------------------------------------------------------------------------------


@case("socket.missing")
def _(site: Site, _: ExitStack) -> None:
    site.down = True


@case("socket.no_socket")
def _(site: Site, _: ExitStack) -> None:
    site.down = True
    site.socket.write_text("")


@case("socket.silent")
def _(site: Site, _: ExitStack) -> None:
    site.settle()
    site.down = True
    os.kill(site.daemon.pid, signal.SIGKILL)
    wait_until(lambda: not _taken(site.socket), "the workers are gone, too", 60)


def _taken(path: Path) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@case("socket.no_postfix")
def _(site: Site, _: ExitStack) -> None:
    site.settle()
    with (site.postfix.config / "main.cf").open("a") as file:
        file.write("mail_owner = ghost\n")
    site.postfix.in_force = site.postfix.on_disk()


@case("socket.rights")
def _(site: Site, _: ExitStack) -> None:
    os.chown(site.socket.parent, -1, os.stat(site.daemon.directory).st_gid)


@case("socket.rights/mode")
def _(site: Site, _: ExitStack) -> None:
    site.configure(wire={"socket_mode": "0600"})


@case("socket.rights/above")
def _(site: Site, _: ExitStack) -> None:
    closed = site.queue / "closed"
    (closed / "in").mkdir(parents=True)
    os.chown(closed / "in", site.daemon.directory.stat().st_uid, -1)
    os.chown(closed, site.daemon.directory.stat().st_uid, -1)
    closed.chmod(0o700)
    site.configure(wire={"socket": f"unix:{closed}/in/m.sock", "socket_mode": "0666"})
    site.postfix.milters = ["unix:closed/in/m.sock"]
    site.postfix.write_config()


@case("socket.open")
def _(site: Site, _: ExitStack) -> None:
    site.configure(wire={"socket_mode": "0666"})
    site.socket.parent.chmod(0o755)


@case("socket.remote")
def _(site: Site, _: ExitStack) -> None:
    port = free_port()
    site.configure(wire={"socket": f"inet:{port}@0.0.0.0"})
    site.postfix.milters = [f"{{ inet:127.0.0.1:{port}, default_action=tempfail }}"]
    site.postfix.write_config()


# -- DNS ------------------------------------------------------------------------------------------------


@case("dns.silent")
def _(site: Site, _: ExitStack) -> None:
    site.configure(dns={"servers": [f"127.0.0.1:{free_port()}", site.dns.address]})


def odd(code: str, wrong: Callable[[dns.message.Message], dns.message.Message | None]) -> None:
    @case(code)
    def _(site: Site, stack: ExitStack) -> None:
        server = stack.enter_context(OddServer(wrong))
        site.configure(dns={"servers": [site.dns.address, server.address], "timeout": 2.0})


def _answered(question: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    answer = dns.message.make_response(question)
    answer.set_rcode(rcode)
    return answer


def _invented(question: dns.message.Message) -> dns.message.Message:
    answer = dns.message.make_response(question)
    answer.answer.append(dns.rrset.from_text(question.question[0].name, 60, "IN", "A", "203.0.113.1"))
    return answer


def _late(question: dns.message.Message) -> dns.message.Message:
    time.sleep(0.8)
    return _answered(question, dns.rcode.NXDOMAIN)


odd("dns.invents", _invented)
odd("dns.fails", lambda question: _answered(question, dns.rcode.SERVFAIL))
odd("dns.slow", _late)


# -- the store ------------------------------------------------------------------------------------------


@case("store.directory")
def _(site: Site, _: ExitStack) -> None:
    site.down = True
    site.configure(store={"url": f"sqlite:///{site.daemon.directory}/none/q.db"})


@case("store.fleeting")
def _(site: Site, stack: ExitStack) -> None:
    target = Path("/var/lib/sekisho")
    if target.exists():
        pytest.skip("this machine has a store of its own at the place where the mend puts it")
    memory = Path(f"/dev/shm/sekisho-test.{os.getpid()}")
    memory.mkdir()
    stack.callback(shutil.rmtree, memory)
    stack.callback(shutil.rmtree, target, ignore_errors=True)
    shutil.chown(memory, site.daemon.directory.stat().st_uid)
    site.configure(store={"url": f"sqlite:///{memory}/q.db"})


def opened(site: Site) -> Quarantine:
    """The daemon's store, made by the daemon."""
    site.settle()
    wait_until(site.daemon.store.exists, "the daemon makes its store")
    return Quarantine.open(StoreOptions(url=f"sqlite:///{site.daemon.store}"), SystemClock())


@case("store.open")
def _(site: Site, _: ExitStack) -> None:
    opened(site).close()
    site.daemon.store.chmod(0o664)


@case("store.owner")
def _(site: Site, _: ExitStack) -> None:
    opened(site).close()
    os.chown(site.daemon.store, 0, -1)


@case("store.unavailable")
def _(site: Site, _: ExitStack) -> None:
    site.daemon.store.write_bytes(b"no database at all, but long enough " * 1000)
    shutil.chown(site.daemon.store, site.daemon.directory.stat().st_uid)
    site.daemon.start("healthz")  # not ready, as long as the store is none


@case("store.gone")
def _(site: Site, _: ExitStack) -> None:
    opened(site).close()
    for each in site.daemon.directory.glob(f"{site.daemon.store.name}*"):
        each.unlink()


@case("store.retention_paused")
def _(site: Site, _: ExitStack) -> None:
    """The last turn of retention is said to have been 40 days ago, on this start of the machine."""
    store = opened(site)
    store.retain(RetentionOptions(), uptime())
    store.close()
    with closing(sqlite3.connect(site.daemon.store)) as database, database:
        database.execute("UPDATE retention_runs SET at = datetime(at, '-40 days')")


@case("store.uncertain")
def _(site: Site, _: ExitStack) -> None:
    store = opened(site)
    store.move(hold(store, b"From: x@example.jp\r\n\r\nx\r\n", ["a@example.jp"]), State.UNCERTAIN)
    store.close()


@case("store.full")
def _(site: Site, _: ExitStack) -> None:
    site.configure(retention={"max_messages": 100, "min_days": 0})
    store = opened(site)
    for number in range(95):
        hold(store, b"%d" % number, ["a@example.jp"])
    store.close()


# -- files and the switch -------------------------------------------------------------------------------


def overlay(site: Site, group: str = "brands") -> Path:
    """A folder of brand files or words of the site's own, which the running daemon is not told of."""
    site.settle()
    folder = site.daemon.directory / f"{group}.d"
    folder.mkdir()
    site.configure(**{group: {"overlay": str(folder)}})
    return folder


@case("files.brands")
def _(site: Site, _: ExitStack) -> None:
    (overlay(site) / "bad.toml").write_text("id = 1")


@case("files.brands/missing")
def _(site: Site, _: ExitStack) -> None:
    overlay(site).rmdir()


@case("files.vocabulary")
def _(site: Site, _: ExitStack) -> None:
    (overlay(site, "vocabulary") / "bad.toml").write_text("greeting.add = ['dear']")


@case("files.vocabulary/missing")
def _(site: Site, _: ExitStack) -> None:
    overlay(site, "vocabulary").rmdir()


@case("files.vocabulary/idle")
def _(site: Site, _: ExitStack) -> None:
    (overlay(site, "vocabulary") / "idle.toml").write_text("greetings.remove = ['Derr']")


@case("files.providers")
def _(site: Site, _: ExitStack) -> None:
    (overlay(site, "vocabulary") / "providers.toml").write_text("[mailbox]\nours = ['not a domain']\n")


@case("files.writable")
def _(site: Site, _: ExitStack) -> None:
    site.daemon.config.chmod(0o646)


def key(way: str, content: bytes | None, mode: int) -> None:
    @case(f"files.key/{way}")
    def _(site: Site, _: ExitStack) -> None:
        site.settle()
        file = site.daemon.directory / "keys" / "key"
        site.configure(journal={"key_file": str(file)})
        if content is not None:
            file.parent.mkdir()
            file.write_bytes(content)
            shutil.chown(file, site.daemon.directory.stat().st_uid)
            file.chmod(mode)


key("missing", None, 0)
key("short", b"short", 0o640)
key("open", bytes(range(32)), 0o644)


def switched(site: Site, turn: Callable[[Switch], None]) -> None:
    site.settle()
    switch = Switch(site.daemon.store.parent / "guard")
    turn(switch)
    switch.close()


@case("guard.paused")
def _(site: Site, _: ExitStack) -> None:
    switched(site, lambda switch: switch.pause(FOREVER))


@case("guard.paused/hours")
def _(site: Site, _: ExitStack) -> None:
    switched(site, lambda switch: switch.pause(time.time() + 7200))


@case("guard.tagging")
def _(site: Site, _: ExitStack) -> None:
    switched(site, lambda switch: switch.tag_only(FOREVER))


@case("guard.unusable")
def _(site: Site, _: ExitStack) -> None:
    site.down = True
    (site.daemon.store.parent / "guard").write_bytes(b"something else" * 1000)


# -- the tests ------------------------------------------------------------------------------------------


def all_codes() -> set[str]:
    """Every code, from the source."""
    found = set()
    for file in (ROOT / "milter/sekisho/doctor").glob("*.py"):
        text = file.read_text("utf-8")
        found |= set(
            re.findall(
                r'(?<!\.set)\(\s*"((?:postfix|socket|dns|store|clock|guard|files|metrics|smtp|directory)\.[a-z_]+)"',
                text,
            )
        )
        if "_WANTED = (" in text:
            found |= {f"postfix.{name}" for name in re.findall(r'\(\n\s+"([a-z_]+)",', text)}
    return found


def test_every_code_is_provoked_or_has_a_reason_not_to_be() -> None:
    """A code that the doctor learns needs a case here, and no reason stands for a code that is gone."""
    provoked = {name.partition("/")[0] for name in (*CASES, "postfix.unreadable")}
    assert provoked | set(EXCEPTIONS) == all_codes()
    assert provoked & set(EXCEPTIONS) == set()


def test_a_healthy_site_is_clean(site: Site) -> None:
    """Nothing is found where nothing is wrong, and mail flows: what the other tests begin with."""
    site.reset()
    site.settle()
    assert site.doctor() == (0, [], [])
    site.mail_flows()


def mended(site: Site) -> None:
    """Run what is printed until nothing is; a mend may bring to light what the fault hid."""
    for _ in range(3):
        status, codes, mends = site.doctor()
        if status == 0:
            break
        assert len(mends) == len([code for code in codes if code not in EXCEPTIONS]), (
            "a finding without a mend"
        )
        for mend in dict.fromkeys(mends):
            site.run(mend)
    status, codes, mends = site.doctor()
    assert (status, mends) == (0, [])
    assert set(codes) <= {"store.none"}  # a note: before the first message is held there is no database
    site.mail_flows()


@pytest.mark.parametrize("name", sliced(CASES, 8))
def test_the_mend_as_printed_mends(site: Site, name: str) -> None:
    """The code is found; after the printed commands the doctor is clean and mail flows."""
    site.reset()
    with ExitStack() as stack:
        CASES[name](site, stack)
        site.settle()
        status, codes, _ = site.doctor()
        assert status == 1
        assert name.partition("/")[0] in codes
        mended(site)


def test_settings_that_the_user_cannot_read(site: Site) -> None:
    """Without root and without the right to main.cf the doctor prints the command that gives the right back."""
    site.reset()
    site.settle()
    (site.postfix.config / "main.cf").chmod(0o600)
    status, codes, mends = site.doctor(unprivileged=True)
    assert (status, codes) == (1, ["postfix.unreadable"])
    site.run(mends[0])
    assert site.doctor(unprivileged=True) == (0, [], [])
    mended(site)


def test_notes_are_worth_knowing_and_nothing_to_mend(site: Site) -> None:
    """Each is printed, and the exit status says that there is nothing to do."""
    site.reset()
    site.settle()
    site.main(
        non_smtpd_milters="unix:sekisho/milter.sock",
        smtpd_milter_maps="static:DISABLE",
        recipient_delimiter="",
        recipient_bcc_maps="static:archive@ours.example",
    )
    status, codes, mends = site.doctor()
    assert (status, mends) == (0, [])
    assert sorted(codes) == [
        "postfix.non_smtpd_milters",
        "postfix.recipient_bcc_maps",
        "postfix.recipient_delimiter",
        "postfix.smtpd_milter_maps",
    ]
    site.reset()
    site.settle()
    opened(site).close()
    with closing(sqlite3.connect(site.daemon.store, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'r0001'")
    assert site.doctor() == (0, ["store.version"], [])
    site.configure(store={"url": f"sqlite:///{site.daemon.directory}/other.db"})
    assert site.doctor() == (0, ["store.none"], [])
