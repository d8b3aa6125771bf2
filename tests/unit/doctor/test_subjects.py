"""DNS, socket, store, clock and files: each fault made for real, each found, and a sound place clean."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lab.dns import DnsServer
from lab.place import free_port
from tests.disk_support import full_disk
from tests.unit.store.kit import SetClock, hold

from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.doctor import bypass, clock, files, metrics_port, milter_socket, resolver, storage
from sekisho.doctor.model import Diagnosis, Severity
from sekisho.doctor.postconf import Postfix
from sekisho.held import Operation, State
from sekisho.metrics import MetricsOptions
from sekisho.ports import StoreUnavailable
from sekisho.release import ReleaseOptions
from sekisho.resolver import DnsOptions
from sekisho.store.database import SchemaError, StoreLock
from sekisho.store.database.schema import HEAD
from sekisho.store.quarantine import Quarantine
from sekisho.wire.options import WireOptions

CLOCK = SystemClock()


def codes(found: Iterator[Diagnosis]) -> list[str]:
    """The codes of what is to be mended, each of which says how, in words that a shell takes as they are printed."""
    listed = [each for each in found if each.severity > Severity.NOTE]
    assert all(each.mend and each.text and "usermod" not in each.mend for each in listed)
    for each in listed:
        assert subprocess.run(["/bin/sh", "-n", "-c", each.mend], check=False).returncode == 0, each.mend
    return [each.code for each in listed]


# -- DNS ------------------------------------------------------------------------------------------------


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


def test_an_honest_resolver_is_clean(dns: DnsServer) -> None:
    """It answers, and says of what is not there that it is not there."""
    dns.serve([{"name": "jp", "type": "NS", "value": "a.dns.jp"}])
    assert codes(resolver.examine(DnsOptions(servers=(dns.address,)), CLOCK)) == []


def test_a_resolver_that_invents_is_an_error(dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address for a random name is a lie, whatever it is."""
    monkeypatch.setattr("secrets.token_hex", lambda size: "random")
    lies = [{"name": f"random.{zone}", "type": "A", "value": "203.0.113.1"} for zone in resolver.ZONES]
    dns.serve(lies)
    assert codes(resolver.examine(DnsOptions(servers=(dns.address,)), CLOCK)) == ["dns.invents"] * 3


def test_a_dead_server_among_several_is_found() -> None:
    """Each server is asked by itself: one that is silent makes all mail wait."""
    servers = (f"127.0.0.1:{free_port()}",)
    assert codes(resolver.examine(DnsOptions(servers=servers, timeout=0.2), CLOCK)) == ["dns.silent"]


# -- socket ---------------------------------------------------------------------------------------------


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s")


def listening(path: Path, mode: int = 0o666) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    path.chmod(mode)
    server.listen()
    return server


def opened_up(path: Path) -> None:
    for each in (path, *path.parents):
        if each.stat().st_uid == os.getuid() and each != Path("/"):
            each.chmod(each.stat().st_mode | 0o011)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="rights of another user are set by root")


def test_no_socket_no_mail(short: Path) -> None:
    """A path where nothing is, and one where a plain file is, are errors."""
    assert codes(milter_socket.examine(WireOptions(socket=f"unix:{short}/m.sock"), "nobody")) == [
        "socket.missing"
    ]
    (short / "f.sock").write_text("")
    assert codes(milter_socket.examine(WireOptions(socket=f"unix:{short}/f.sock"), "nobody")) == [
        "socket.no_socket"
    ]


@needs_root
def test_postfix_must_be_able_to_write_to_the_socket(short: Path) -> None:
    """Mode 0660 of a group that Postfix is not in, or a closed directory above, are errors."""
    opened_up(short)
    options = WireOptions(socket=f"unix:{short}/m.sock")
    with listening(short / "m.sock", 0o660):
        assert codes(milter_socket.examine(options, "nobody")) == ["socket.rights"]
        assert codes(milter_socket.examine(options, "root")) == []
        (short / "m.sock").chmod(0o666)
        short.chmod(0o700)
        assert codes(milter_socket.examine(options, "nobody")) == ["socket.rights"]


@needs_root
def test_a_socket_for_everybody_is_a_warning(short: Path) -> None:
    """Whoever reaches the socket can fill the quarantine."""
    opened_up(short)
    with listening(short / "m.sock"):
        assert codes(milter_socket.examine(WireOptions(socket=f"unix:{short}/m.sock"), "nobody")) == [
            "socket.open"
        ]


def test_a_socket_without_a_daemon_is_silent(short: Path) -> None:
    """The file of a daemon that was killed stays behind and answers nobody."""
    listening(short / "m.sock").close()
    found = codes(milter_socket.examine(WireOptions(socket=f"unix:{short}/m.sock"), "root"))
    assert "socket.silent" in found


def test_inet_sockets_answer_and_stay_at_home() -> None:
    """A closed port is silent; one on all addresses is open to the network."""
    port = free_port()
    assert codes(milter_socket.examine(WireOptions(socket=f"inet:{port}@127.0.0.1"), "root")) == [
        "socket.silent"
    ]
    with served(port, b"\0\0\0\x0dO" + bytes(12)):
        assert codes(milter_socket.examine(WireOptions(socket=f"inet:{port}@127.0.0.1"), "root")) == []
        assert codes(milter_socket.examine(WireOptions(socket=f"inet:{port}@0.0.0.0"), "root")) == [
            "socket.remote"
        ]


@pytest.mark.parametrize("answer", [b"220 mx ESMTP\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_a_port_that_another_program_has_is_not_our_milter(answer: bytes) -> None:
    """A connection alone says nothing: what answers must speak the milter protocol."""
    with served(port := free_port(), answer):
        found = codes(milter_socket.examine(WireOptions(socket=f"inet:{port}@127.0.0.1"), "root"))
    assert found == ["socket.other"]


@contextmanager
def served(port: int, answer: bytes) -> Iterator[None]:
    """A server that gives each client the same answer."""
    server = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                with client:
                    client.settimeout(0.2)
                    with suppress(OSError):
                        client.recv(1000)
                    client.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"220 mx ESMTP Postfix\r\n", []),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ["postfix.bypass_silent"]),
        (b"554 no\r\n", ["postfix.bypass_silent"]),
        (b"", ["postfix.bypass_silent"]),
    ],
)
def test_the_port_for_released_mail_must_greet(answer: bytes, said: list[str]) -> None:
    """That master.cf has it is not enough."""
    with served(port := free_port(), answer):
        assert codes(bypass.examine_port(Postfix({}), ReleaseOptions(port=port))) == said
    assert codes(bypass.examine_port(Postfix({}), ReleaseOptions(port=free_port()))) == [
        "postfix.bypass_silent"
    ]


def test_a_metrics_port_that_another_program_has_is_found() -> None:
    """The daemon runs on without it, so nobody would know. Where nobody answers, the daemon is down, and the socket
    says so."""
    options = MetricsOptions(listen=f"127.0.0.1:{free_port()}")
    assert codes(metrics_port.examine(options)) == []
    port = int(options.listen.rpartition(":")[2])
    ours = json.dumps({"version": "1", "generation": 1, "ready": True}).encode()
    for body, said in ((ours, []), (b"{}", ["metrics.taken"]), (b"It works!", ["metrics.taken"])):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        with served(port, head + body):
            assert codes(metrics_port.examine(options)) == said
    with served(port, b"220 mx ESMTP\r\n"):
        assert codes(metrics_port.examine(options)) == ["metrics.taken"]


# -- store ----------------------------------------------------------------------------------------------


def config(path: Path, **more: object) -> Config:
    return Config.model_validate({"mode": "enforce", "store": {"url": f"sqlite:///{path}/q.db"}, **more})


def test_a_sound_store_is_clean_and_untouched(tmp_path: Path) -> None:
    """Where nothing was held yet there is nothing to mend, and no file is made."""
    assert codes(storage.examine(config(tmp_path), CLOCK)) == []
    assert list(tmp_path.iterdir()) == []
    Quarantine.open(config(tmp_path).store, CLOCK).close()
    assert codes(storage.examine(config(tmp_path), CLOCK)) == []


def test_faults_of_the_store_are_found(tmp_path: Path) -> None:
    """A missing directory, a file for everybody, a file that is no database, copies of unknown fate."""
    assert codes(storage.examine(config(tmp_path / "none"), CLOCK)) == ["store.directory"]
    store = Quarantine.open(config(tmp_path).store, SetClock())
    store.move(hold(store, b"x", ["a@x"]), State.UNCERTAIN)
    store.close()
    assert codes(storage.examine(config(tmp_path), CLOCK)) == ["store.uncertain"]
    (tmp_path / "q.db").chmod(0o664)
    assert codes(storage.examine(config(tmp_path), CLOCK)) == ["store.open", "store.uncertain"]
    (tmp_path / "q.db").write_bytes(b"no database at all, but long enough " * 10)
    assert "store.unavailable" in codes(storage.examine(config(tmp_path), CLOCK))


def test_a_pause_of_retention_is_found(tmp_path: Path) -> None:
    """The clock stands before what the store knows: it says so, and how retention goes on."""
    store = Quarantine.open(config(tmp_path).store, SetClock(CLOCK.now() + timedelta(days=2)))
    hold(store, b"x", ["a@x"])
    store.close()
    (finding,) = storage.examine(config(tmp_path), CLOCK)
    assert finding.code == "store.retention_paused"
    assert "2 days before" in finding.text
    assert "--resume" in finding.mend


def test_tables_of_another_version_are_left_alone(tmp_path: Path) -> None:
    """The doctor looks and does not operate: an upgrade is the daemon's."""
    Quarantine.open(config(tmp_path).store, CLOCK).close()
    with closing(sqlite3.connect(tmp_path / "q.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'r0001'")
    before = (tmp_path / "q.db").read_bytes()
    assert [each.code for each in storage.examine(config(tmp_path), CLOCK)] == ["store.version"]
    assert (tmp_path / "q.db").read_bytes() == before


def test_tables_of_a_newer_version_are_an_error(tmp_path: Path) -> None:
    """The daemon does not start on them, and neither does any command: both versions are named, in our own words."""
    Quarantine.open(config(tmp_path).store, CLOCK).close()
    with sqlite3.connect(tmp_path / "q.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
        connection.commit()
        (extended, *_) = storage.examine(config(tmp_path), CLOCK)
        assert (extended.code, extended.severity) == ("store.extended", Severity.NOTE)
        connection.execute("ALTER TABLE entries RENAME COLUMN author TO somebody")
    connection.close()
    (found,) = storage.examine(config(tmp_path), CLOCK)
    assert (found.code, found.severity) == ("store.newer", Severity.ERROR)
    with pytest.raises(SchemaError) as refused:
        Quarantine.open(config(tmp_path).store, CLOCK)
    for text in (found.text, str(refused.value)):
        assert "of a newer sekisho: its tables are at version r9999" in text
        assert f"up to {HEAD}" in text


def test_on_a_full_disk_room_is_made_first(tmp_path: Path) -> None:
    """Purge itself needs room, and fails: the command that makes room stands before it. What `store restore` set aside
    is ours to remove; without it, old logs and packages go. After that, purge works."""
    with full_disk(tmp_path / "disk") as disk:
        disk.make_room()
        ours = config(disk.directory)
        store = Quarantine.open(ours.store, CLOCK)
        for number in range(4):
            store.move(hold(store, os.urandom(8_000) + bytes([number]), ["a@x"]), State.DELETED)
        disk.fill()
        done = Operation("purge", "ok", "hanako")
        with pytest.raises(StoreUnavailable, match="full"):
            store.purge([State.DELETED], timedelta(), done)
        found = space(ours)
        assert found.severity is Severity.ERROR
        assert found.mend.startswith(
            "journalctl --vacuum-size=100M && apt-get clean && sekisho quarantine purge "
        )
        aside = disk.directory / "q.db.20261129T031500Z"
        (disk.directory / "filler").rename(aside)
        assert space(ours).mend.startswith(f"rm {aside} && sekisho quarantine purge ")
        subprocess.run(["/bin/sh", "-c", space(ours).mend.partition(" && ")[0]], check=True)
        assert store.purge([State.DELETED], timedelta(), done) == 4
        store.close()


def space(ours: Config) -> Diagnosis:
    return next(each for each in storage.examine(ours, CLOCK) if each.code == "store.space")


def test_file_systems_that_forget_or_are_far_away(tmp_path: Path) -> None:
    """The kind of the innermost mount counts, blanks in its name or not."""
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\ntmpfs {tmp_path}/a\\040b tmpfs rw 0 0\n"
    )
    (tmp_path / "a b").mkdir()
    assert storage.file_system(tmp_path, mounts) == "nfs4"
    assert storage.file_system(tmp_path / "a b", mounts) == "tmpfs"
    assert storage.file_system(Path("/"), mounts) == "ext4"


# -- clock and files ------------------------------------------------------------------------------------


def test_a_clock_before_our_own_time_is_wrong() -> None:
    """No message arrives before the program was installed."""
    past = SetClock(datetime(2001, 1, 1, tzinfo=UTC))
    assert "clock.behind" in codes(clock.examine(past))
    assert "clock.behind" not in codes(clock.examine(SetClock(datetime.now(UTC) + timedelta(hours=1))))
    assert clock.synchronised() in (True, False, None)


def test_faults_of_files_are_found(tmp_path: Path) -> None:
    """A broken brand file, a configuration that anybody may change, a key that others read or that is short."""
    brands = tmp_path / "brands.d"
    brands.mkdir()
    file = tmp_path / "sekisho.toml"
    file.write_text("")
    key = tmp_path / "key"
    key.write_bytes(os.urandom(32))
    key.chmod(0o640)
    ours = Config.model_validate({"brands": {"overlay": brands}, "journal": {"key_file": key}})
    assert codes(files.examine(ours, file)) == []
    file.chmod(0o646)
    key.write_bytes(b"short")
    key.chmod(0o644)
    (brands / "bad.toml").write_text("id = 1")
    assert codes(files.examine(ours, file))[-3:] == ["files.writable", "files.key", "files.key"]
    assert codes(files.examine(ours, file))[0] == "files.brands"
    key.unlink()
    assert codes(files.examine(ours, None))[-1] == "files.key"


def test_a_database_that_has_vanished_is_not_one_that_was_never_made(tmp_path: Path) -> None:
    """The second is nothing to mend; the first means that nothing can be quarantined."""
    config = Config.model_validate({"mode": "enforce", "store": {"url": f"sqlite:///{tmp_path}/q.db"}})
    assert "store.gone" not in codes(storage.examine(config, CLOCK))
    Quarantine.open(config.store, CLOCK).close()
    lock = StoreLock(config.store)
    lock.take()
    lock.mark()
    lock.close()
    (tmp_path / "q.db").unlink()
    assert "store.gone" in codes(storage.examine(config, CLOCK))
    assert not (tmp_path / "q.db").exists()
