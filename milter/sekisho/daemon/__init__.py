"""The daemon: one supervisor, its workers, and one maintenance process.

    supervisor ──fork──> workers (libmilter and our own threads, one core each)
               └─fork──> maintenance  (metrics endpoint, gauges, retention)

SIGTERM and SIGINT drain all processes and end with status 0; SIGHUP loads the configuration again. This room knows the
rest of the program only as a `Setup`: the options of the wire, a function that builds the judgement in each worker
(`judging.handlers.Handlers`), and one that builds the work of the maintenance process (`MaintenancePort`).
"""

from sekisho.daemon.child import Closable, is_shortage
from sekisho.daemon.maintenance import MaintenancePort
from sekisho.daemon.scoreboard import Scoreboard, ScoreboardView
from sekisho.daemon.setup import Door, Setup, SetupError
from sekisho.daemon.supervisor import Supervisor

__all__ = [
    "Closable",
    "Door",
    "MaintenancePort",
    "Scoreboard",
    "ScoreboardView",
    "Setup",
    "SetupError",
    "Supervisor",
    "is_shortage",
]
