"""The daemon: one supervisor, its workers, one keeper.

    supervisor ──fork──> workers (libmilter and our own threads, one core each)
               └─fork──> keeper  (metrics endpoint, gauges, retention)

SIGTERM and SIGINT drain everything and end with status 0; SIGHUP loads the configuration anew. What must be
handed in, and nothing else of the program is known here, is a `Setup`: the wire's options, a function that
builds the judgement in each worker (`wire.handlers.Handlers`), and one that builds the keeper (`Keeper`).
"""

from sekisho.daemon.board import Board, View
from sekisho.daemon.child import is_shortage
from sekisho.daemon.keeper import Keeper
from sekisho.daemon.setup import Setup, SetupError
from sekisho.daemon.supervisor import Supervisor

__all__ = ["Board", "Keeper", "Setup", "SetupError", "Supervisor", "View", "is_shortage"]
