"""What the supervisor gets: a validated configuration with all that its processes need, or why there is none."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sekisho.daemon.maintenance import MaintenancePort
from sekisho.daemon.scoreboard import Scoreboard
from sekisho.judging.handlers import Handlers
from sekisho.judging.judging_pool import JudgingPool
from sekisho.judging.listen import Listening
from sekisho.judging.options import WorkerOptions
from sekisho.judging.worker import Front


class SetupError(Exception):
    """The configuration cannot be used. `errors` are for the operator, one line each.

    `temporary`: the configuration may be right, but something that it needs is not available yet."""

    def __init__(self, errors: tuple[str, ...], *, temporary: bool = False) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors
        self.temporary = temporary


class Door(Protocol):
    """The door through which the MTA hands its messages to the workers."""

    option: str
    """The name of the option that says where it is."""

    @property
    def listening(self) -> Listening:
        """Where the supervisor listens for all workers."""

    def front(self, listener: socket.socket, report: Callable[[int], None], pool: JudgingPool) -> Front:
        """The door's side of one worker. `report` gets the worker's number of sessions."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A validated configuration. `workers` are its options for processes and deadlines. `build` is called in each
    worker, and `maintenance` in the maintenance process.

    `facts` are the fields of the log events `started` and `reloaded` that the configuration knows. `needs_restart`: the
    changed options that only a restart can put in force."""

    workers: WorkerOptions
    door: Door
    build: Callable[[], Handlers]
    maintenance: Callable[[Scoreboard], MaintenancePort] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    needs_restart: tuple[str, ...] = ()
