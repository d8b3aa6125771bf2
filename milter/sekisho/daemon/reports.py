"""What the supervisor reports to the log and to systemd."""

from __future__ import annotations

import logging

from sekisho.daemon import systemd
from sekisho.daemon.blame import at_work
from sekisho.daemon.child import Child, how
from sekisho.daemon.setup import Setup
from sekisho.events import lifecycle
from sekisho.events.declaration import SCHEMA_VERSION
from sekisho.processes import RestartCause

LOG = logging.getLogger("sekisho.daemon")


def took_over(generation: int, workers: int, setup: Setup) -> None:
    """All workers of a generation (a number; 1 is the first) are ready, and those before it retire. `workers`: how many
    there are."""
    facts = {**setup.facts, "workers": workers}
    said = f"{workers} workers ready"
    if generation == 1:
        lifecycle.STARTED.write(LOG, **facts, schema=SCHEMA_VERSION, socket=setup.door.listening.socket)
    else:
        waiting = list(setup.needs_restart) or None
        lifecycle.RELOADED.write(LOG, **facts, generation=generation, needs_restart=waiting)
    if setup.needs_restart:
        lifecycle.RESTART_NEEDED.write(LOG, options=setup.needs_restart)
        said += f"; changed, but in force after a restart only: {', '.join(setup.needs_restart)}"
    systemd.ready(said)


def not_reloaded(reason: str, retry_seconds: float | None) -> None:
    """The old generation stays. `retry_seconds`: after this time the reload is tried again by itself."""
    lifecycle.RELOAD_FAILED.write(
        LOG, "the old configuration stays", reason=reason, retry_seconds=retry_seconds
    )
    systemd.ready(reason)


def reload_waits(workers: int) -> None:
    """A reload waits: so many `workers` still have sessions of the configuration before the present one."""
    lifecycle.RELOAD_WAITS.write(LOG, workers=workers)
    systemd.status("a reload waits for sessions of the configuration before")


def worker_died(child: Child, cause: RestartCause, code: int) -> None:
    """A worker ended that should not. `code` is the exit status, a negative one a signal."""
    lifecycle.WORKER_DIED.write(LOG, pid=child.pid, cause=cause, how=how(code), messages=len(at_work(child)))


def maintenance_died(child: Child, cause: RestartCause, code: int, deaths: int) -> None:
    """The maintenance process ended that should not, for the `deaths`-th time since the start. `code` is the exit
    status, a negative one a signal."""
    lifecycle.MAINTENANCE_DIED.write(LOG, pid=child.pid, cause=cause, how=how(code), deaths=deaths)
    systemd.status(f"the maintenance process died {deaths} times since the start, last by {how(code)}")
