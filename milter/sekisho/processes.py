"""What the daemon's processes are said to be or to lack: states, causes and reasons in metrics, log and status."""

from __future__ import annotations

from enum import StrEnum


class WorkerState(StrEnum):
    """What a worker process does now."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class RestartCause(StrEnum):
    """Why a worker was replaced."""

    CRASH = "crash"
    KILLED = "killed"
    STUCK = "stuck"  # a message past `wire.hard_deadline`, or no sign of life for so long
    START = "start"  # it ended, or was ended, before it was ready
    OTHER = "other"  # it left by itself


class ReadyReason(StrEnum):
    """What may keep us from being ready for mail."""

    WORKERS = "workers"
    MILTER = "milter"
    STORE = "store"
    MAINTENANCE = "maintenance"
