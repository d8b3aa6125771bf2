"""`sekisho pause | resume`: the kill switch. It takes effect at the next message of every process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import click

from sekisho import compose
from sekisho.cli.opening import opened, who
from sekisho.cli.output import say
from sekisho.cli.owner import as_owner
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.guard import Switch, SwitchError, SwitchOperation
from sekisho.held import Operation, OperationResult
from sekisho.ports import StoreUnavailable
from sekisho.runtime_changes import switch


@contextmanager
def switch_of(config: Config) -> Iterator[Switch]:
    """The switch as configured, opened with the rights of the daemon's user. Raises ClickException if it cannot be
    set."""
    try:
        with as_owner(config), closing(Switch(compose.switch_file(config))) as opened_switch:
            yield opened_switch
    except SwitchError as error:
        raise click.ClickException(str(error)) from error


def pause(config: Config, span: timedelta | None) -> None:
    """Pause for `span`; None: without an end."""
    with switch_of(config) as turned:
        until = switch.pause(turned, span, SystemClock().now())
    say(f"paused {until}: mail is accepted and only counted")
    _remember(config, Operation(SwitchOperation.PAUSE, OperationResult.OK, who(), note=until))


def resume(config: Config) -> None:
    """End a pause, or the guard's fall-back to tagging."""
    with switch_of(config) as turned:
        ended = switch.resume(turned, config.guard, SystemClock().now())
    say(f"{ended}: the policy holds")
    _remember(config, Operation(SwitchOperation.RESUME, OperationResult.OK, who(), note=ended))


def _remember(config: Config, done: Operation) -> None:
    def audit(each: Operation) -> None:
        try:
            with opened(config) as quarantine:
                quarantine.audit(each)
        except click.ClickException as error:
            raise StoreUnavailable(error.message) from error

    if missing := switch.remember(done, audit, config.log, SystemClock().now()):
        say(missing, err=True)
