"""Entries for systemd's journal, taken apart by a datagram receiver. tests/system has the real journal."""

from __future__ import annotations

import array
import fcntl
import logging
import mmap
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from sekisho.events import lifecycle, mail
from sekisho.log import LogOptions
from sekisho.log.journald import JournalTarget
from sekisho.log.lines import Logfmt

HOSTILE = 'x"\r\nPRIORITY=0\nSEKISHO_ID=forged\x00 駅'


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(tmp_path / "socket"))
    sock.settimeout(20)
    yield sock
    sock.close()


@pytest.fixture
def target(tmp_path: Path, journal: socket.socket) -> Iterator[JournalTarget]:
    target = JournalTarget(LogOptions(target="journald"), tmp_path / "socket")
    yield target
    target.close()


def fields(entry: bytes) -> list[tuple[str, str]]:
    """The fields of an entry, as systemd's journald reads them."""
    found = []
    while entry:
        head, _, rest = entry.partition(b"\n")
        name, equals, value = head.partition(b"=")
        if not equals:
            (size,) = struct.unpack("<Q", rest[:8])
            value, entry = rest[8 : 8 + size], rest[9 + size :]
            assert rest[8 + size : 9 + size] == b"\n"
        else:
            entry = rest
        assert name.decode("ascii").replace("_", "A").isalnum()
        assert name.isupper()
        found.append((name.decode(), value.decode()))
    return found


def sent(target: JournalTarget, record: logging.LogRecord) -> None:
    assert target.write(target.frame(record, Logfmt().format(record)))


def test_an_entry_has_the_line_and_a_field_for_each_key(
    target: JournalTarget, journal: socket.socket
) -> None:
    """MESSAGE is what a file would have; a key with several values is repeated, so that each can be searched for."""
    record = mail.MESSAGE.record(
        "sekisho.journal", queue_id="4X", id="01K", reply="accept", findings=["a.b:1", "c.d:2"], score=3.5
    )
    sent(target, record)
    found = fields(journal.recv(65536))
    assert found[1:4] == [("PRIORITY", "6"), ("SYSLOG_FACILITY", "2"), ("SYSLOG_IDENTIFIER", "sekisho")]
    assert dict(found)["MESSAGE"].endswith(
        "event=message queue_id=4X id=01K reply=accept findings=a.b:1,c.d:2 score=3.5"
    )
    assert found[4:] == [
        ("SEKISHO_LOGGER", "journal"),
        ("SEKISHO_EVENT", "message"),
        ("QUEUE_ID", "4X"),
        ("SEKISHO_ID", "01K"),
        ("SEKISHO_REPLY", "accept"),
        ("SEKISHO_FINDINGS", "a.b:1"),
        ("SEKISHO_FINDINGS", "c.d:2"),
        ("SEKISHO_SCORE", "3.5"),
    ]


def test_no_text_makes_another_field(target: JournalTarget, journal: socket.socket) -> None:
    """Line ends, equals signs and NUL of a message stay in their value."""
    sent(target, mail.MESSAGE.record("sekisho.journal", helo=HOSTILE, reply="accept", findings=[HOSTILE]))
    found = fields(journal.recv(65536))
    names = [name for name, _ in found]
    assert names.count("PRIORITY") == 1
    assert "SEKISHO_ID" not in names
    assert all("\n" not in value and "\0" not in value for _, value in found)
    assert "駅" in dict(found)["SEKISHO_HELO"]


def test_an_entry_that_is_too_large_for_a_datagram_is_a_sealed_file(
    target: JournalTarget, journal: socket.socket
) -> None:
    """journald accepts a memfd only if nobody can change it any more."""
    record = lifecycle.WORKER_READY.record("sekisho.daemon", pid=1)
    sent(target, record)
    journal.recv(65536)
    assert target._socket is not None
    target._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
    line = Logfmt().format(record) + " x" * 40_000
    assert target.write(target.frame(record, line))
    _, handed, _, _ = socket.recv_fds(journal, 65536, 1)
    (memory,) = array.array("i", handed)
    assert fcntl.fcntl(memory, fcntl.F_GET_SEALS) & (
        fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
    )
    with mmap.mmap(memory, 0, prot=mmap.PROT_READ) as content:
        assert dict(fields(content[:]))["MESSAGE"] == line
    os.close(memory)


def test_a_journal_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    """Nothing is lost while it is restarted."""
    target = JournalTarget(LogOptions(target="journald"), tmp_path / "none")
    frame = target.frame(lifecycle.WORKER_READY.record("sekisho.daemon", pid=1), "x")
    assert not target.write(frame)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(tmp_path / "none"))
    while not target.write(frame):
        target.wait(0.5)
    assert dict(fields(sock.recv(65536)))["MESSAGE"] == "x"
    target.close()
    sock.close()
