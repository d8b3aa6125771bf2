"""`sekisho quarantine`: what is held, and why."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import click

from sekisho.cli import output
from sekisho.cli.owner import as_owner
from sekisho.cli.page import show as show_report
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.held import Entry, Operation, OperationName, OperationResult, State
from sekisho.ports import DamagedError, ErasedError, StoreUnavailable
from sekisho.store.database import SchemaError, database_file, never_made
from sekisho.store.quarantine import Quarantine
from sekisho.text import printable


def who() -> str:
    """Who gives the command: the account, and behind sudo the one that called it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    behind = os.environ.get("SUDO_USER", "")
    return printable(f"{behind} as {name}" if behind else name, 100)


@contextmanager
def opened(config: Config) -> Iterator[Quarantine]:
    """The store as configured, with the rights of the daemon's user. An unusable one is the operator's news, not a
    traceback. It is never made here."""
    if never_made(config.store):
        file = database_file(config.store)
        raise click.ClickException(
            f"{file}: there is no quarantine yet; the daemon makes it when it enforces"
        )
    with as_owner(config):
        try:
            quarantine = Quarantine.open(config.store, SystemClock())
        except (StoreUnavailable, SchemaError) as error:
            raise click.ClickException(str(error)) from error
        try:
            yield quarantine
        except (StoreUnavailable, DamagedError, ErasedError) as error:
            raise click.ClickException(str(error)) from error
        finally:
            quarantine.close()


def list_entries(config: Config, state: str | None, limit: int, before: str | None, style: str) -> None:
    """Held messages, newest first."""
    if state not in (None, *(each.value for each in State)):
        raise click.UsageError(f"--state is one of {', '.join(each.value for each in State)}")
    with opened(config) as quarantine:
        quarantine.give_up(timedelta(minutes=config.release.uncertain_after_minutes), who())
        entries = quarantine.list(State(state) if state else None, limit, before)
    if style == "json":
        output.write_json([summary(entry) for entry in entries])
        return
    if not entries:
        output.say("nothing is held")
        return
    columns = ("id", "held", "score", "state", "decided by", "author", "for")
    output.write_rows(columns, [_cells(entry) for entry in entries], 4)


def _cells(entry: Entry) -> tuple[str, ...]:
    states = sorted({str(copy.state.value) for copy in entry.copies})
    return (
        entry.id,
        f"{entry.held_at.astimezone():%Y-%m-%d %H:%M}",
        f"{entry.score:g}",
        ", ".join(states),
        entry.decided_by,
        printable(entry.author, 60),
        ", ".join(printable(copy.recipient.address, 60) for copy in entry.copies),
    )


def show_entry(config: Config, record: str, *, raw: bool, style: str) -> None:
    """One held message with its evidence, or its bytes."""
    with opened(config) as quarantine:
        entry = quarantine.get(record)
        if entry is None:
            raise click.ClickException(f"{printable(record, 60)}: no such entry")
        if raw:
            quarantine.audit(Operation(OperationName.VIEW, OperationResult.OK, who(), entry.id))
            output.write_raw(quarantine.content(record))
            return
    if style == "json":
        output.write_json(summary(entry) | {"evidence": dict(entry.document)})
        return
    console = output.console()
    show_report(console, {"file": entry.id, **_decision(entry), **entry.document})
    for name, value in _facts(entry).items():
        console.print(f"{name:<10} {printable(value or '', 300)}", soft_wrap=True)


def _decision(entry: Entry) -> dict[str, Any]:
    """The verdict on the message: that of the first recipient who has the strictest."""
    decided = [each for each in entry.document.get("recipients", ()) if each["verdict"] == entry.verdict]
    return {
        "verdict": entry.verdict,
        "score": entry.score,
        "decided_by": entry.decided_by,
        "thresholds": decided[0]["thresholds"] if decided else None,
    }


def _facts(entry: Entry) -> dict[str, str | None]:
    client = entry.envelope.client
    return {
        "held": f"{entry.held_at.astimezone():%Y-%m-%d %H:%M:%S %z}",
        "subject": entry.subject,
        "author": entry.author,
        "MAIL FROM": entry.envelope.sender,
        "client": f"{client.name or 'unknown'} [{client.address or '?'}], HELO {client.helo or '?'}",
        "queue id": entry.envelope.queue_id,
        "for": ", ".join(f"{copy.recipient.address} ({copy.state.value})" for copy in entry.copies),
    }


def summary(entry: Entry) -> dict[str, Any]:
    """An entry as JSON values; hostile text is printable."""
    return {
        "id": entry.id,
        "held_at": entry.held_at.isoformat(),
        "last_seen": entry.last_seen.isoformat(),
        "repeats": entry.repeats,
        "digest": entry.digest,
        "size": entry.size,
        "verdict": entry.verdict,
        "score": entry.score,
        "decided_by": entry.decided_by,
        "author": printable(entry.author, 300),
        "subject": printable(entry.subject, 300),
        "envelope_from": printable(entry.envelope.sender or "", 320),
        "queue_id": entry.envelope.queue_id,
        "client": entry.envelope.client.address,
        "recipients": [
            {"rcpt": printable(copy.recipient.address, 320), "state": copy.state.value}
            for copy in entry.copies
        ],
    }
