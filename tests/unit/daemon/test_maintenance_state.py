from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from sekisho.daemon.maintenance_state import MaintenanceState


def test_a_maintenance_that_dies_again_and_again_is_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One early death is none of it; a row of them is said once, to log and systemd, and that it lives again."""
    caplog.set_level(logging.INFO)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        state = MaintenanceState()
        state.turn(1, [100.0], 101.0)
        assert not caplog.records
        for now in (102.0, 103.0, 104.0):
            state.turn(2, [], now)
        assert systemd.recv(1000) == b"STATUS=the maintenance process dies again and again, see the log"
        state.turn(2, [110.0], 111.0)
        state.turn(2, [110.0], 130.0)
        state.turn(2, [110.0], 131.0)
        # The row of early deaths is not over until the next death, so it is not said again.
        assert systemd.recv(1000) == b"STATUS=the maintenance process lives again"
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
