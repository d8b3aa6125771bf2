"""`sekisho pause | resume`: the kill switch, which holds for the next message of every process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import click

from sekisho import compose
from sekisho.cli.output import say
from sekisho.cli.owner import as_owner
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.guard import Switch, SwitchError, told
from sekisho.guard.switch import FOREVER


@contextmanager
def switch_of(config: Config) -> Iterator[Switch]:
    """The switch as configured, with the rights of the daemon's user. One that cannot be turned is the operator's
    news, not a traceback."""
    try:
        with as_owner(config), closing(Switch(compose.switch_file(config))) as switch:
            yield switch
    except SwitchError as error:
        raise click.ClickException(str(error)) from error


def pause(config: Config, span: timedelta | None) -> None:
    now = SystemClock().now().timestamp()
    until = FOREVER if span is None else now + span.total_seconds()
    with switch_of(config) as switch:
        switch.pause(until)
    say(f"paused {told(until)}: mail is accepted and only counted")


def resume(config: Config) -> None:
    now = SystemClock().now().timestamp()
    with switch_of(config) as switch:
        ended = [
            word
            for word, end in (("the pause", switch.paused_until), ("the fall-back", switch.tagging_until))
            if end > now
        ]
        switch.resume(now + config.guard.release_minutes * 60)
    say(f"{' and '.join(ended)} ended: the policy holds" if ended else "nothing was paused: the policy holds")
