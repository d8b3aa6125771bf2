"""The kill switch, and the guard's fall-back to tagging: while either is on, forged mail is delivered."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Iterator

from sekisho import compose
from sekisho.config import Config
from sekisho.doctor.commands import Commands
from sekisho.doctor.model import Diagnosis, error, warning
from sekisho.guard import Switch, SwitchError, told
from sekisho.ports import Clock


def examine(config: Config, clock: Clock, commands: Commands = Commands()) -> Iterator[Diagnosis]:  # noqa: B008 - frozen
    """Diagnoses of the switch. Its file is opened if it exists, and never made."""
    file = compose.switch_file(config)
    if not os.path.exists(file):
        return
    try:
        switch = Switch(file)
    except SwitchError as failure:
        yield error("guard.unusable", f"{failure}: nobody can pause", _anew(str(file)))
        return
    try:
        yield from _state(switch, clock.now().timestamp(), commands)
    finally:
        switch.close()


def _state(switch: Switch, now: float, commands: Commands) -> Iterator[Diagnosis]:
    mend = commands.sekisho("resume")
    if switch.paused_until > now:
        make = error if math.isinf(switch.paused_until) else warning
        until = told(switch.paused_until)
        yield make("guard.paused", f"paused {until}: all mail is accepted and only counted", mend)
    if switch.tagging_until > now:
        make = error if math.isinf(switch.tagging_until) else warning
        until = told(switch.tagging_until)
        yield make("guard.tagging", f"the guard has fallen back {until}: mail is tagged at most", mend)


def _anew(file: str) -> str:
    """The command that moves the file away; the daemon makes a new one. No pause is lost: it could not be read."""
    return f"mv {shlex.quote(file)} {shlex.quote(file + '.unusable')} && systemctl restart sekisho-milter"
