"""The socket is what the options say, or an error that tells why not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from sekisho.judging.listen import ListenError, listen
from sekisho.wire.options import WireOptions
from sekisho.wire.server import lay_idle_over


def at(path: Path, **more: object) -> WireOptions:
    return WireOptions.model_validate({"socket": f"unix:{path}", **more})


def test_unix(tmp_path: Path) -> None:
    """Non-blocking, with the mode that was asked for."""
    with listen(at(tmp_path / "s", socket_mode="0666"), {}) as sock:
        assert not sock.getblocking()
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o666


def test_tcp_answers_at_once() -> None:
    """TCP_NODELAY stands on the listening socket, where accepted ones get it from."""
    with listen(WireOptions(socket="inet:0@127.0.0.1"), {}) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        with socket.create_connection(sock.getsockname()):
            sock.setblocking(True)
            accepted, _ = sock.accept()
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            accepted.close()


def test_tcp6() -> None:
    """inet6 listens on an IPv6 address."""
    with listen(WireOptions(socket="inet6:0@::1"), {}) as sock:
        assert sock.getsockname()[0] == "::1"


def test_an_unknown_group_is_named(tmp_path: Path) -> None:
    """The operator reads which option is wrong."""
    with pytest.raises(ListenError, match=r"socket_group.*no-such-group"):
        listen(at(tmp_path / "s", socket_group="no-such-group"), {})


def test_no_directory(tmp_path: Path) -> None:
    """A path that cannot be had is an error with its name."""
    with pytest.raises(ListenError, match="absent"):
        listen(at(tmp_path / "absent" / "s"), {})


def test_systemd_hands_it_over(tmp_path: Path) -> None:
    """With LISTEN_FDS for this process, descriptor 3 is served, whatever the option says."""
    program = (
        "import os, socket\n"
        "from sekisho.judging.listen import listen\n"
        "from sekisho.wire.options import WireOptions\n"
        "environ = {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1'}\n"
        "print(listen(WireOptions(), environ).getsockname())\n"
    )
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(tmp_path / "handed"))
    script = f'exec {sys.executable} -c "$1" 3<&{sock.fileno()}'
    done = subprocess.run(
        ["bash", "-c", script, "-", program],
        pass_fds=[sock.fileno()],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "milter")},
    )
    sock.close()
    assert done.stdout.strip() == str(tmp_path / "handed")


def test_an_idle_socket_takes_the_place(tmp_path: Path) -> None:
    """After the exchange this descriptor accepts nothing, while a sibling's copy still does."""
    with listen(at(tmp_path / "s"), {}) as mine, mine.dup() as sibling:
        lay_idle_over(mine)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "s"))
            with pytest.raises(BlockingIOError):
                mine.accept()
            accepted, _ = sibling.accept()
            accepted.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"socket": "milter.sock"},
        {"socket": "unix:relative"},
        {"socket": "inet:70000@127.0.0.1"},
        {"socket_mode": "9999"},
        {"soft_deadline": 25, "hard_deadline": 25},
        {"progress_interval": 11},
        {"workers": -1},
    ],
)
def test_wrong_options(wrong: dict[str, object]) -> None:
    """What cannot be served is refused with the configuration."""
    with pytest.raises(ValidationError):
        WireOptions.model_validate(wrong)
