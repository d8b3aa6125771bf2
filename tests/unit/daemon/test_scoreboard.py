"""What one process writes on the scoreboard is what another reads."""

from __future__ import annotations

import os
import socket

import pytest

from sekisho.daemon.scoreboard import Scoreboard
from sekisho.daemon.systemd import notify


def test_states_sessions_and_counts() -> None:
    """Workers by state, the sum of the open sessions (each written by its worker), restarts by cause."""
    scoreboard = Scoreboard()
    first, second = scoreboard.take(), scoreboard.take()
    scoreboard.state(first, "ready")
    pid = os.fork()
    if pid == 0:
        scoreboard.sessions(first, 3)
        scoreboard.sessions(second, 4)
        os._exit(0)
    os.waitpid(pid, 0)
    scoreboard.restarted("killed")
    scoreboard.restarted("killed")
    scoreboard.reloaded(True, 12.5)
    view = scoreboard.view()
    assert view.workers == {"starting": 1, "ready": 1, "draining": 0}
    assert view.sessions == 7
    assert view.restarts == {"crash": 0, "killed": 2, "stuck": 0, "start": 0, "other": 0}
    assert (view.reload_ok, view.reload_at) == (True, 12.5)
    scoreboard.release(second)
    assert scoreboard.view().sessions == 3
    assert scoreboard.view().workers == {"starting": 0, "ready": 1, "draining": 0}


def test_a_restart_is_counted_once_whoever_asks() -> None:
    """What one maintenance was told of restarts, its successor after a reload is not told again."""
    scoreboard = Scoreboard()
    scoreboard.restarted("stuck")
    pid = os.fork()
    if pid == 0:
        os._exit(scoreboard.uncounted()["stuck"])
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    scoreboard.restarted("stuck")
    scoreboard.restarted("crash")
    assert scoreboard.uncounted() == {"crash": 1, "killed": 0, "stuck": 1, "start": 0, "other": 0}
    assert set(scoreboard.uncounted().values()) == {0}


def test_what_the_supervisor_says_of_itself() -> None:
    """The number of the generation in force, deaths of the maintenance process, and whether a reload waits."""
    scoreboard = Scoreboard()
    view = scoreboard.view()
    assert (view.generation, view.maintenance_deaths, view.reload_waiting) == (0, 0, False)
    scoreboard.reloaded(True, 12.5)
    assert (scoreboard.took_over(), scoreboard.took_over()) == (1, 2)
    scoreboard.maintenance_died()
    scoreboard.reload_waits(True)
    view = scoreboard.view()
    assert (view.generation, view.maintenance_deaths, view.reload_waiting) == (2, 1, True)
    assert (view.reload_ok, view.reload_at) == (True, 12.5)


def test_a_full_board_refuses() -> None:
    """Where no row is free a worker is refused, as the kernel would refuse the process; a row that is given
    back serves again."""
    scoreboard = Scoreboard()
    rows = [scoreboard.take() for _ in range(1024)]
    with pytest.raises(OSError, match="as many workers"):
        scoreboard.take()
    scoreboard.release(rows[7])
    assert scoreboard.take() == rows[7]


def test_a_reason_with_the_name_of_a_file_that_is_no_text() -> None:
    """A file name need not be UTF-8. A reload that is refused over such a file must not end the supervisor."""
    scoreboard = Scoreboard()
    scoreboard.reloaded(False, 12.5, "configuration not loaded: overlay/\udcff.toml: Invalid value")
    assert scoreboard.view().reload_reason == "configuration not loaded: overlay/\\udcff.toml: Invalid value"


def test_systemd_is_told() -> None:
    """The state goes to the datagram socket that systemd names; without one nothing happens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("")
        os.environ["NOTIFY_SOCKET"] = "@" + sock.getsockname()[1:].decode()
        try:
            notify("READY=1")
            notify("STATUS=not loaded: \udcff.toml")  # a file name that is not UTF-8
        finally:
            del os.environ["NOTIFY_SOCKET"]
        sock.settimeout(5)
        assert sock.recv(100) == b"READY=1"
        assert sock.recv(100) == b"STATUS=not loaded: \\udcff.toml"
    notify("READY=1")
