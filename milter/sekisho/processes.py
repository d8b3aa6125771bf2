"""States of the daemon's processes, causes of restarts and reasons against readiness, as in metrics, log and status."""

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
    STUCK = "stuck"  # a message took longer than `wire.hard_deadline`, or the worker gave no sign of life for so long
    START = "start"  # it ended, or was ended, before it was ready
    OTHER = "other"  # it left by itself


class ReadyReason(StrEnum):
    """Reasons why the daemon may not be ready for mail."""

    WORKERS = "workers"
    MILTER = "milter"
    SMTP = "smtp"  # the SMTP door
    STORE = "store"
    MAINTENANCE = "maintenance"
