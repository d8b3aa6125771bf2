"""What the daemon needs at its start and does not get: it waits for a while, and its exit status says whether
another start may succeed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.milter_client import Client
from lab.place import free_port
from lab.sekisho import to_toml
from tests.wire.conftest import PATIENCE, ROOT, Daemon, do, until

LATER, WRONG = 69, 2
START = "from sekisho.cli import main; main()"


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Daemon]:
    """Another daemon for the same socket."""
    directory = tmp_path / "second"
    directory.mkdir()
    running = Daemon(directory)
    yield running
    if running.process is not None:
        running.stop()
        sys.stderr.write(running.log())


@pytest.fixture(params=["unix", "inet"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"unix:{tmp_path}/sock" if request.param == "unix" else f"inet:{free_port()}@127.0.0.1"


def waits(daemon: Daemon) -> None:
    until(lambda: "event=socket_awaited" in daemon.log(), "it says that it waits")


def test_a_taken_socket_is_waited_for(daemon: Daemon, second: Daemon, address: str) -> None:
    """A daemon whose socket another one still has waits until that has stopped, and takes over then."""
    daemon.start(socket=address)
    second.spawn(socket=address)
    waits(second)
    with daemon.connect() as client:
        assert client.message(do("accept")).final == b"a"
    assert daemon.stop() == 0
    until(lambda: second.scoreboard()["workers"]["ready"] == 1, "the second one serves")
    with second.connect() as client:
        assert client.message(do("accept")).final == b"a"
    assert second.log().count("event=socket_awaited") == 1


def test_waiting_for_a_socket_has_an_end(daemon: Daemon, second: Daemon, address: str) -> None:
    """When the time is over the status says that another start may succeed; the other daemon serves on."""
    daemon.start(socket=address)
    second.spawn(socket=address, start_timeout=1)
    assert second.process is not None
    assert second.process.wait(PATIENCE) == LATER
    assert "another start may succeed" in second.log()
    with daemon.connect() as client:
        assert client.message(do("accept")).final == b"a"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_while_it_waits(daemon: Daemon, second: Daemon, number: int) -> None:
    """A daemon that waits for its socket ends at once with status 0, and leaves the other one's file."""
    daemon.start()
    second.spawn(socket=daemon.address)
    waits(second)
    second.send(number)
    assert second.process is not None
    assert second.process.wait(PATIENCE) == 0
    with daemon.connect() as client:
        assert client.message(do("accept")).final == b"a"


@pytest.mark.parametrize(("temporary", "status"), [(True, LATER), (False, 1)])
def test_what_may_come_back_says_so(daemon: Daemon, temporary: bool, status: int) -> None:
    """A configuration that cannot be used now, a disk that is full for one, ends with 69; one that is wrong is an
    error of whoever started us (which `sekisho serve` turns into 2)."""
    daemon.write(broken=["metrics.directory: No space left on device"], temporary=temporary)
    daemon.spawn()
    assert daemon.process is not None
    assert daemon.process.wait(PATIENCE) == status
    assert "No space left on device" in daemon.log()


def test_a_temporary_fault_is_tried_again_by_reload(daemon: Daemon) -> None:
    """A reload that failed for something that may come back is tried again without anybody asking."""
    daemon.start()
    daemon.write(broken=["a disk is full"], temporary=True)
    daemon.send(signal.SIGHUP)
    until(lambda: daemon.scoreboard()["reload_ok"] is False, "the failure is told")
    del daemon.settings["broken"]
    daemon.write()
    until(lambda: daemon.scoreboard()["generation"] == 2, "the new generation")
    assert daemon.scoreboard()["reload_ok"] is True


class Serve:
    """`sekisho serve` itself, with the least configuration."""

    def __init__(self, directory: Path, **wire: object) -> None:
        settings = {
            "wire": {"socket": f"unix:{directory}/sock", "workers": 1, "start_timeout": 1.0, **wire},
            "store": {"url": f"sqlite:///{directory}/quarantine.db"},
            "metrics": {"listen": f"127.0.0.1:{free_port()}", "directory": f"{directory}/metrics"},
        }
        self.config = directory / "sekisho.toml"
        self.config.write_text(to_toml(settings))

    def status(self) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-c", START, "serve", "--config", str(self.config)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "milter")},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.returncode, done.stderr


def test_exit_statuses_of_serve(tmp_path: Path) -> None:
    """69 where the socket is taken, and where nobody takes connections there; 2 for a file at its path that is no
    socket, for a directory that is not there and for a wrong option, since the next start would end in the same way."""
    with socket.socket(socket.AF_UNIX) as taken:
        taken.bind(str(tmp_path / "sock"))
        taken.listen(1)
        for words in ("another process listens there", "takes no connection"):
            status, said = Serve(tmp_path).status()
            assert status == LATER, said
            assert words in said
    (tmp_path / "sock").unlink()
    (tmp_path / "sock").write_text("precious")
    assert Serve(tmp_path).status()[0] == WRONG
    assert (tmp_path / "sock").read_text() == "precious"
    assert Serve(tmp_path, socket=f"unix:{tmp_path}/nowhere/sock").status()[0] == WRONG
    assert Serve(tmp_path, workers=-1).status()[0] == WRONG


def test_a_client_of_the_taken_socket_is_not_disturbed(daemon: Daemon, second: Daemon) -> None:
    """Looking whether somebody listens there does not end a session of the daemon that does."""
    daemon.start()
    client: Client = daemon.connect()
    second.spawn(socket=daemon.address, start_timeout=2)
    assert second.process is not None
    assert second.process.wait(PATIENCE) == LATER
    assert client.message(do("accept")).final == b"a"
    client.close()
    assert daemon.seen("error") == []
