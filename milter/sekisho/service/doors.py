"""The doors through which the MTA hands its messages over. A daemon has one."""

from __future__ import annotations

from sekisho.config import Config
from sekisho.daemon import Door
from sekisho.judging.options import WorkerOptions
from sekisho.judging.probe import OwnSocket, place
from sekisho.processes import ReadyReason
from sekisho.wire.probe import negotiates
from sekisho.wire.server import MilterDoor


def door(settings: Config, workers: WorkerOptions) -> Door:
    """The door itself."""
    return MilterDoor(settings.wire)


def own_socket(settings: Config) -> OwnSocket:
    """Its socket, as the maintenance process tests it."""
    return OwnSocket(place(settings.wire), negotiates, ReadyReason.MILTER)
