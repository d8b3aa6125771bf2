from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

import pytest

from sekisho.judging import probe
from sekisho.judging.probe import SocketAddress, place
from sekisho.wire.options import WireOptions
from sekisho.wire.probe import negotiates


def answered(where: SocketAddress, tries: int, seconds: float) -> int:
    return probe.answered(where, negotiates, tries, seconds)


def test_where_the_socket_is() -> None:
    """As configured; an address that stands for all is reached at loopback."""
    assert place(WireOptions(socket="unix:/run/x.sock"), {}) == SocketAddress(path="/run/x.sock")
    assert place(WireOptions(socket="inet:8890@127.0.0.2"), {}) == SocketAddress(host="127.0.0.2", port=8890)
    assert place(WireOptions(socket="inet:8890"), {}) == SocketAddress(host="127.0.0.1", port=8890)
    assert place(WireOptions(socket="inet6:8890"), {}) == SocketAddress(host="::1", port=8890)


class Mta:
    """The other side: a listener that does with each connection what it is told."""

    def __init__(self, path: Path, says: bytes | None) -> None:
        self.says = says
        self.heard: list[bytes] = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(2)
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        while True:
            client, _ = self.listener.accept()
            with client:
                client.settimeout(30)
                head = client.recv(17)
                if not head:
                    return
                if self.says is not None:
                    client.sendall(self.says)
                self.heard.append(head + client.recv(100))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sock"


def end(mta: Mta, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as last:
        last.connect(str(path))
    mta.thread.join()
    mta.listener.close()


def test_a_negotiation_is_all_that_is_said(path: Path) -> None:
    """Offer, answer, quit: what an MTA says first and last."""
    answer = struct.pack(">IcIII", 13, b"O", 6, 0, 0)
    mta = Mta(path, answer)
    mta.thread.start()
    assert answered(SocketAddress(path=str(path)), 1, 20.0) == 1
    end(mta, path)
    offer = struct.pack(">IcIII", 13, b"O", 6, 0x1FF, 0x1FFFFF)
    assert mta.heard == [offer + struct.pack(">Ic", 1, b"Q")]


@pytest.mark.parametrize("says", [None, b"", b"\0\0\0\x01t", b"220 smtp\r\n", b"\0\0"])
def test_what_is_no_answer(path: Path, says: bytes | None) -> None:
    """Silence, a refusal, another protocol and half a packet count as none."""
    mta = Mta(path, says)
    mta.thread.start()
    assert answered(SocketAddress(path=str(path)), 1, 0.5) == 0
    end(mta, path)


def test_nobody_there(tmp_path: Path) -> None:
    """No file, a file that is no socket, a socket that nobody listens on, a full queue: no answer, no error."""
    assert answered(SocketAddress(path=str(tmp_path / "none")), 3, 5.0) == 0
    (tmp_path / "file").write_text("")
    assert answered(SocketAddress(path=str(tmp_path / "file")), 3, 5.0) == 0
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "mute"))
        assert answered(SocketAddress(path=str(tmp_path / "mute")), 3, 5.0) == 0
        mute.listen(1)
        assert answered(SocketAddress(path=str(tmp_path / "mute")), 10, 0.5) == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert answered(SocketAddress(host="127.0.0.1", port=free.getsockname()[1]), 3, 5.0) == 0
