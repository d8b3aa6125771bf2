"""`sekisho quarantine release | delete | purge | history`: what people do to held mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import click

from sekisho import compose
from sekisho.cli import output
from sekisho.cli.quarantine import opened, who
from sekisho.clock import SystemClock, uptime
from sekisho.config import Config
from sekisho.held import Entry, Operation, OperationName, OperationResult, State
from sekisho.ports import DamagedError, ErasedError
from sekisho.privacy import Privacy
from sekisho.private_files import SecretError
from sekisho.release import Done, Releaser, Wish
from sekisho.store.quarantine import Quarantine
from sekisho.text import printable


def wish(reason: str, recipients: Sequence[str], to: str, *, again: bool) -> Wish:
    return Wish(who(), reason, frozenset(recipients), to, again)


def entry_of(quarantine: Quarantine, record: str) -> Entry:
    """The entry. Raises ClickException if there is none."""
    entry = quarantine.get(record)
    if entry is None:
        raise click.ClickException(f"{printable(record, 60)}: no such entry")
    return entry


def given_up(config: Config, quarantine: Quarantine) -> None:
    """Whoever died while releasing leaves copies `sending`; say that of them before anything else is said."""
    quarantine.give_up(timedelta(minutes=config.release.uncertain_after_minutes), who())


def release(config: Config, records: Sequence[str], wanted: Wish, style: str) -> int:
    """Release copies and print what became of each. 0 if all were released, else 1."""
    done: list[Done] = []
    with opened(config) as quarantine:
        given_up(config, quarantine)
        releaser = Releaser(quarantine, config.release, compose.own_name(config), _privacy(config))
        for entry in [entry_of(quarantine, record) for record in records]:
            done += _released(releaser, entry, wanted)
    if style == "json":
        output.write_json([_shown(each) for each in done])
    for each in done if style == "text" else ():
        output.say(f"{each.entry}  {printable(each.recipient, 320)}  {each.state.value}  {each.text}")
    return 0 if all(each.released for each in done) else 1


def _released(releaser: Releaser, entry: Entry, wanted: Wish) -> tuple[Done, ...]:
    """The copies of one entry; that there is none to send is an answer too."""
    try:
        done = releaser.release(entry, wanted)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except (DamagedError, ErasedError) as error:
        return (Done(entry.id, "", State.HELD, str(error)),)
    if done:
        return done
    states = ", ".join(sorted({copy.state.value for copy in entry.copies}))
    state = entry.copies[0].state if len({copy.state for copy in entry.copies}) == 1 else State.HELD
    released = Done(entry.id, "", state, f"no copy to send (they are {states})")
    return (released,)


def _privacy(config: Config) -> Privacy:
    """What the audit may keep. A key file that cannot be read stops no release: then the pseudonyms are of no use to
    anybody, which is what they are for."""
    clock = SystemClock()
    try:
        return Privacy(config.journal, clock)
    except SecretError:
        return Privacy(config.journal.model_copy(update={"key_file": None}), clock)


def _shown(done: Done) -> dict[str, Any]:
    return {
        "id": done.entry,
        "rcpt": printable(done.recipient, 320),
        "state": done.state.value,
        "reply": done.text,
    }


def delete(config: Config, records: Sequence[str], recipients: Sequence[str], uncertain: bool) -> int:
    """Close copies. 0 if each record had one to close, else 1."""
    status = 0
    with opened(config) as quarantine:
        given_up(config, quarantine)
        for entry in [entry_of(quarantine, record) for record in records]:
            closed = _delete(quarantine, entry, {each.lower() for each in recipients}, uncertain)
            output.say(f"{entry.id}  {closed} deleted")
            status |= not closed
    return status


def _delete(quarantine: Quarantine, entry: Entry, named: set[str], uncertain: bool) -> int:
    numbers = [copy.number for copy in entry.copies if not named or copy.recipient.address.lower() in named]
    done = Operation(OperationName.DELETE, OperationResult.OK, who(), entry.id)
    states = (State.HELD, State.UNCERTAIN) if uncertain else (State.HELD,)
    return sum(
        quarantine.move(entry.id, State.DELETED, only=state, copies=numbers, done=done) for state in states
    )


def purge(config: Config, age: timedelta, states: Sequence[str]) -> None:
    """Remove messages for good, and say how many."""
    note = f"{', '.join(states)} for {age}"
    with opened(config) as quarantine:
        if paused := quarantine.retention(config.retention, uptime()).paused:
            raise click.ClickException(
                f"{paused}. Ages mean nothing by such a clock: set it right, then `sekisho store retention --resume`"
            )
        gone = quarantine.purge(
            [State(each) for each in states],
            age,
            Operation(OperationName.PURGE, OperationResult.OK, who(), note=note),
        )
    output.say(f"{gone} removed")


def history(config: Config, record: str | None, limit: int, style: str) -> None:
    """Operations, newest first."""
    with opened(config) as quarantine:
        done = quarantine.operations(record, limit)
    if style == "json":
        output.write_json([operation(each) for each in done])
        return
    if not done:
        output.say("nothing was done yet")
        return
    rows = []
    for each in done:
        when = f"{each.at:%Y-%m-%d %H:%M:%S}" if each.at else ""
        cells = (when, each.operation, each.result, each.entry or "", each.who, each.reason, each.note)
        rows.append([printable(cell, 300) for cell in cells])
    output.write_rows(("when", "what", "result", "id", "who", "reason", "note"), rows, 4)


def operation(done: Operation) -> dict[str, Any]:
    """A line of the audit as JSON values."""
    return {
        "at": done.at.isoformat() if done.at else None,
        "who": printable(done.who, 300),
        "operation": done.operation,
        "result": done.result,
        "id": done.entry,
        "copy": done.copy,
        "reason": done.reason,
        "note": printable(done.note, 500),
    }
