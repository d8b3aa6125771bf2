"""Decides whether retention may believe the clock: a jump of 40 days must not expire the mail of 40 days.

Each turn of retention writes a row: the time of the wall clock, and how long the machine had been up, with the identity
of that start (`boot`). While the machine is up, both must advance by the same time (sleep included); small steps are
made by NTP. After a start of the machine only the last row is known. A clock that shows an earlier time than that row
is wrong. If it shows a much later time, either the clock is wrong or the machine was off. The two cannot be told apart,
so a person decides (`store retention --resume`).

Times are UTC, so neither daylight-saving time nor a leap day is a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from sekisho.ports import Uptime
from sekisho.store import audit
from sekisho.store.database.schema import metadata
from sekisho.store.database.types import UtcTime
from sekisho.store.quarantine.schema import entries, recipients

MAX_CLOCK_STEP = timedelta(hours=1)  # what NTP or a person may set a running clock by between two turns
RUNS_KEPT_FOR = timedelta(days=90)  # rows of starts of the machine from before that are of no use

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("boot", String(64), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("uptime", Float, nullable=False),  # seconds since that start
    Column("highest", BigInteger, nullable=False),  # the highest id of `recipients` then
)


@dataclass(frozen=True, slots=True)
class Run:
    """One turn of retention, as its row has it."""

    at: datetime
    uptime: float
    highest: int


def doubt(connection: Connection, now: datetime, uptime: Uptime, longest: timedelta) -> str:
    """Why the clock cannot be believed, or "". `longest`: how long the machine may have been off."""
    own = _run(connection, retention_runs.c.boot == uptime.boot)
    if own is not None and uptime.seconds >= own.uptime:
        return moved(own, now, uptime.seconds)
    latest = _run(connection)
    if latest is not None:
        return away(latest.at, now, longest)
    newest = _newest(connection)
    # Retention has not run yet, and a store without mail may know of nothing new.
    if newest is None or now >= newest - MAX_CLOCK_STEP:
        return ""
    return (
        f"the clock stands {_told(newest - now)} before {newest:%Y-%m-%d %H:%M} UTC, the newest in the store"
    )


def moved(last: Run, now: datetime, uptime: float) -> str:
    """Why the clock cannot be believed, or "", if the machine ran since the last turn: it must have moved as `uptime`
    (seconds since the start of the machine) did."""
    step = (now - last.at) - timedelta(seconds=uptime - last.uptime)
    if abs(step) <= MAX_CLOCK_STEP:
        return ""
    way = "forward" if step > timedelta() else "back"
    return f"the clock was set {way} by {_told(abs(step))} since {last.at:%Y-%m-%d %H:%M} UTC"


def away(last: datetime, now: datetime, longest: timedelta) -> str:
    """Why the clock cannot be believed, or "", if the machine was started since then: it must be later, and not by too
    much."""
    if now < last - MAX_CLOCK_STEP:
        return (
            f"the clock stands {_told(last - now)} before {last:%Y-%m-%d %H:%M} UTC, when retention last ran"
        )
    if now - last > longest:
        return (
            f"retention last ran on {last:%Y-%m-%d %H:%M} UTC, {_told(now - last)} ago, and the machine was started "
            "since: it was off for so long, or the clock is wrong"
        )
    return ""


def remember(connection: Connection, now: datetime, uptime: Uptime) -> None:
    """This turn's row, in the place of the one before of the same start."""
    connection.execute(
        delete(retention_runs).where(
            (retention_runs.c.boot == uptime.boot) | (retention_runs.c.at < now - RUNS_KEPT_FOR)
        )
    )
    highest = connection.execute(select(func.coalesce(func.max(recipients.c.id), 0))).scalar_one()
    row: dict[str, Any] = {"boot": uptime.boot, "at": now, "uptime": uptime.seconds, "highest": highest}
    connection.execute(insert(retention_runs), row)


def mend(connection: Connection) -> int:
    """Entries that came after the last turn are not older than it: they were held while the clock was in the past
    (a machine that starts in 1970), and would expire as soon as it is right. Returns how many were mended."""
    last = _run(connection)
    if last is None:
        return 0
    later = select(recipients.c.entry_id).where(recipients.c.id > last.highest)
    wrong = entries.c.id.in_(later) & (entries.c.held_at < last.at - MAX_CLOCK_STEP)
    return connection.execute(update(entries).where(wrong).values(held_at=last.at)).rowcount


def last_run(connection: Connection) -> datetime | None:
    """When retention last ran, on any machine."""
    run = _run(connection)
    return None if run is None else run.at


def _run(connection: Connection, *where: Any) -> Run | None:
    columns = retention_runs.c
    query = select(columns.at, columns.uptime, columns.highest).where(*where)
    row = connection.execute(query.order_by(columns.at.desc()).limit(1)).first()
    return None if row is None else Run(*row)


def _newest(connection: Connection) -> datetime | None:
    """The latest time that the store knows of."""
    found = [
        connection.execute(select(column).order_by(column.desc()).limit(1)).scalar_one_or_none()
        for column in (entries.c.last_seen, audit.operations.c.at)
    ]
    return max((each for each in found if each is not None), default=None)


def _told(span: timedelta) -> str:
    days = span / timedelta(days=1)
    return f"{days:.0f} days" if days > 1.5 else f"{days * 24:.1f} hours"
