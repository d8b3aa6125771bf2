"""The real daemon, as its own user, when the machine gives that user no more processes."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.place import wait_until
from lab.program import as_user, program
from lab.sekisho import Sekisho
from tests.system.test_reload import _figures_of

PROCESSES = resource.RLIMIT_NPROC


@contextmanager
def no_process_for(pid: int) -> Iterator[None]:
    """fork(2) of that process fails with EAGAIN."""
    _limit(pid, "1:")
    try:
        yield
    finally:
        _limit(pid, f"{resource.getrlimit(PROCESSES)[0]}:")


def _limit(pid: int, processes: str) -> None:
    """Only the user itself may do that where root has not every capability."""
    subprocess.run(["/usr/bin/prlimit", f"--pid={pid}", f"--nproc={processes}"], check=True, **as_user())  # type: ignore[call-overload]


def _restarts(sekisho: Sekisho) -> list[float]:
    counted = re.findall(r"(?m)^sekisho_worker_restarts_total{.*} (\S+)$", _figures_of(sekisho))
    return [float(each) for each in counted]


def test_a_reload_without_processes_leaves_the_old_workers(place: Path) -> None:
    """The reload has failed and the metric says so; the daemon is ready all the time; when there are processes again
    the reload takes place by itself."""
    with Sekisho(place, settings={"wire": {"workers": 2}}, name="no-processes") as sekisho:
        with no_process_for(sekisho.pid):
            os.kill(sekisho.pid, signal.SIGHUP)
            wait_until(
                lambda: "sekisho_config_last_reload_success 0.0" in _figures_of(sekisho), "it has failed", 60
            )
            assert sekisho.health("readyz") == 200
        wait_until(lambda: '"event": "reloaded"' in sekisho.log.read_text(), "the reload", 60)
        wait_until(
            lambda: "sekisho_config_last_reload_success 1.0" in _figures_of(sekisho), "it has succeeded", 60
        )
        # The port changes hands at a reload, so its page may be missing for a moment.
        wait_until(lambda: set(_restarts(sekisho)) == {0.0}, "no worker was replaced", 20)
        assert sekisho.stop() == 0


def test_a_start_without_processes_may_succeed_later(place: Path) -> None:
    """Nothing can be forked within `start_timeout`: status 69, and no socket is left."""
    sekisho = Sekisho(place, settings={"wire": {"start_timeout": 2.0}}, name="no-start")
    sekisho.program = program(place)
    sekisho.configure()
    done = subprocess.run(
        sekisho.program.command("serve", "--config", str(sekisho.config)),
        env=sekisho.program.environment,
        cwd=sekisho.directory,
        capture_output=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(PROCESSES, (1, 1)),
        **as_user(),  # type: ignore[call-overload]
    )
    assert done.returncode == 69, done.stderr
    assert '"event": "fork_refused"' in sekisho.log.read_text()
    assert not sekisho.socket.exists()
