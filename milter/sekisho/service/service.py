"""Starts the daemon from a configuration: checks and makes everything that is needed before the first fork."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sekisho import __version__, compose, log, preconditions
from sekisho.clock import SystemClock
from sekisho.config import Config, ConfigError
from sekisho.daemon import Setup, SetupError, Supervisor, is_shortage
from sekisho.guard import Switch, SwitchError
from sekisho.judging.allocator import unfreeze
from sekisho.judging.listen import ListenError
from sekisho.judging.options import WorkerOptions
from sekisho.maintenance import Maintenance
from sekisho.plain_errors import of_system
from sekisho.ports import Clock
from sekisho.privacy import Privacy
from sekisho.private_files import SecretError
from sekisho.service import worker
from sekisho.service.doors import Doors
from sekisho.service.shared import Shared
from sekisho.store.database import start_anew


def serve(path: Path | None, *, smtp: bool = False) -> int:
    """Run the daemon until a signal stops it; with `smtp` as the SMTP door, else as the milter.

    Returns the exit status: 0 done, 69 something that it needs is not there yet, 70 a defect. Raises ConfigError if it
    cannot start, and cannot later without a change of the configuration.
    """
    loaded = [compose.load(path)]
    settings = loaded[0][0]
    doors = Doors(smtp)
    if faults := preconditions.faults(path, settings, smtp=smtp):
        raise ConfigError(faults)
    clock = SystemClock()
    try:
        privacy = Privacy(settings.journal, clock)
        log.setup(settings.log, privacy)
        start_anew(settings.store)
        return Supervisor(
            partial(prepare, path, Shared(settings, clock, privacy, loaded, doors)), clock
        ).run()
    except SetupError as error:
        raise ConfigError(error.errors) from error
    except SecretError as error:
        raise ConfigError((f"journal.key_file: {error}",)) from error
    except ListenError as error:
        raise ConfigError((f"{doors.option}: {error}",)) from error
    except log.TargetError as error:
        raise ConfigError((f"log.target: {error}",)) from error
    finally:
        unfreeze()


def prepare(path: Path | None, shared: Shared) -> Setup:
    """Load and check everything for a generation of processes. Raises SetupError if any of it is wrong; then nothing is
    forked and nothing replaced."""
    try:
        settings, known = shared.load(path)
        if faults := preconditions.faults(path, settings, bound=True, smtp=shared.doors.smtp):
            raise SetupError(faults)
        key = make_files_beside(settings, shared.clock)
        meter = shared.meter(settings, known)
        shared.follow_log(settings)
    except ConfigError as error:
        raise SetupError(error.errors) from error
    except log.TargetError as error:
        raise SetupError((f"log.target: {error}",)) from error
    except SecretError as error:
        raise SetupError((f"journal.key_file: {error}",)) from error
    except OSError as error:
        raise SetupError((f"metrics.directory: {error}",), temporary=is_shortage(error)) from error
    waiting = shared.needs_restart(settings)
    workers = _remembering(settings)
    return Setup(
        workers,
        shared.doors.door(settings, workers),
        build=partial(worker.build, settings, known, shared, meter, key),
        maintenance=partial(Maintenance, settings, meter, shared.own_socket(settings), needs_restart=waiting),
        facts={"version": __version__, "mode": settings.mode},
        needs_restart=waiting,
    )


def make_files_beside(settings: Config, clock: Clock) -> bytes:
    """Make the files beside the store that all processes share. Returns the secret of the roll-out
    (`compose.make_rollout_key`). Raises SetupError."""
    try:
        Switch(compose.switch_file(settings)).close()
        compose.make_memory(settings, clock)
    except (SwitchError, OSError) as error:
        raise SetupError((f"store.url: a file beside it: {error}",), temporary=is_shortage(error)) from error
    try:
        return compose.make_rollout_key(settings)
    except SecretError as error:
        key = "journal.key_file" if settings.journal.key_file else "policy.rollout"
        raise SetupError((f"{key}: {error}",)) from error
    except OSError as error:
        reason = f"policy.rollout: {compose.secret_file(settings)}: {of_system(error)}"
        raise SetupError((reason,), temporary=is_shortage(error)) from error


def _remembering(settings: Config) -> WorkerOptions:
    """The workers' options with a file for the digests of messages that failed. With it a message that crashed a worker
    does not crash another after a restart."""
    if settings.wire.failure_memory is not None:
        return settings.wire
    return settings.wire.model_copy(update={"failure_memory": str(compose.failure_file(settings))})
