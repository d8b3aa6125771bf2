"""What the supervisor gets: a validated configuration with all that its processes need, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sekisho.daemon.maintenance import MaintenancePort
from sekisho.daemon.scoreboard import Scoreboard
from sekisho.wire.handlers import Handlers
from sekisho.wire.options import WireOptions


class SetupError(Exception):
    """The configuration cannot be used. `errors` are for the operator, one line each.

    `temporary`: the configuration may be right, but something that it needs is not available yet."""

    def __init__(self, errors: tuple[str, ...], *, temporary: bool = False) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors
        self.temporary = temporary


@dataclass(frozen=True, slots=True)
class Setup:
    """A validated configuration. `build` is called in each worker, and `maintenance` in the maintenance process.

    `facts` are the fields of the log events `started` and `reloaded` that the configuration knows. `needs_restart`: the
    changed options that only a restart can put in force."""

    wire: WireOptions
    build: Callable[[], Handlers]
    maintenance: Callable[[Scoreboard], MaintenancePort] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    needs_restart: tuple[str, ...] = ()
