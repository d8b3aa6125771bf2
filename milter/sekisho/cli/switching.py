"""`sekisho pause | resume`: the kill switch, which holds for the next message of every process."""

from __future__ import annotations

import logging
import os
import syslog
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import click

from sekisho import compose
from sekisho.cli.output import say
from sekisho.cli.owner import as_owner
from sekisho.cli.quarantine import opened, who
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.guard import SWITCHED, Switch, SwitchError, SwitchOperation, switched, told
from sekisho.guard.switch import FOREVER
from sekisho.held import Operation, OperationResult
from sekisho.log import JsonLines, Logfmt


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
    """The switch is turned first: no store, log or audit that fails may stop it."""
    now = SystemClock().now().timestamp()
    until = FOREVER if span is None else now + span.total_seconds()
    with switch_of(config) as switch:
        switch.pause(until)
    say(f"paused {told(until)}: mail is accepted and only counted")
    _remember(config, Operation(SwitchOperation.PAUSE, OperationResult.OK, who(), note=told(until)))


def resume(config: Config) -> None:
    now = SystemClock().now().timestamp()
    with switch_of(config) as switch:
        ended = [
            word
            for word, end in (("the pause", switch.paused_until), ("the fall-back", switch.tagging_until))
            if end > now
        ]
        switch.resume(now + config.guard.release_minutes * 60)
    what = f"{' and '.join(ended)} ended" if ended else "nothing was paused"
    say(f"{what}: the policy holds")
    _remember(config, Operation(SwitchOperation.RESUME, OperationResult.OK, who(), note=what))


def _remember(config: Config, done: Operation) -> None:
    """Into the store's audit, from which the daemon tells the log. Where that fails, into the log from here."""
    try:
        with opened(config) as quarantine:
            quarantine.audit(done)
        return
    except click.ClickException as error:
        reason = error.message
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    where = write_to_log(config, SWITCHED[done.operation], switched(replace(done, at=SystemClock().now())))
    say(f"not in the audit ({reason}); {where}", err=True)


def write_to_log(config: Config, event: str, fields: Mapping[str, Any]) -> str:
    """One line for the daemon's log, or for the system's where that is no file. What became of it, for people."""
    record = logging.LogRecord("sekisho.audit", logging.WARNING, "", 0, event, (), None)
    record.fields = dict(fields)
    line = (JsonLines() if config.log.format == "json" else Logfmt()).format(record)
    if config.log.target == "stderr":
        syslog.openlog("sekisho", syslog.LOG_PID, syslog.LOG_MAIL)
        syslog.syslog(syslog.LOG_WARNING, line)
        return "it went to the system's log"
    try:
        # Without O_CREAT: a file that root makes is one that the daemon cannot write.
        descriptor = os.open(config.log.target, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            os.write(descriptor, f"{line}\n".encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)
    except OSError as error:
        return f"nor in the log: {config.log.target}: {error.strerror}"
    return f"it is in {config.log.target}"
