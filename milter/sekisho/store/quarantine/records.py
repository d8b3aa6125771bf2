"""The types that the store returns, and their conversion from rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping

from sekisho.held import Copy, Entry, State
from sekisho.message import Client, Envelope, Recipient


@dataclass(frozen=True, slots=True)
class RetentionState:
    """The state of retention: the time of the clock, the last turn, why it is paused (or ""), and how many held
    messages are old enough to expire by that clock."""

    now: datetime
    last: datetime | None
    paused: str
    due: int


@dataclass(frozen=True, slots=True)
class Stats:
    """For the gauges: messages with at least one copy in the state, and the bytes that contents take up
    (compressed, each once)."""

    messages: Mapping[State, int]
    bytes: int


def entry(row: RowMapping, copies: tuple[Copy, ...]) -> Entry:
    """A row of `entries`, with its copies, as an Entry."""
    envelope = Envelope(
        sender=row["sender"],
        raw_sender=row["raw_sender"],
        parameters=tuple(row["parameters"]),
        recipients=tuple(copy.recipient for copy in copies),
        client=_client(row),
        queue_id=row["queue_id"],
        arrived=row["arrived"],
    )
    plain = ("id", "digest", "size", "held_at", "last_seen", "repeats", "author", "subject")
    judged = ("verdict", "score", "decided_by", "document", "erased")
    return Entry(envelope=envelope, copies=copies, **{name: row[name] for name in plain + judged})


def copy(row: RowMapping) -> Copy:
    """A row of `recipients` as a Copy."""
    return Copy(
        number=row["id"],
        recipient=Recipient(row["address"], row["raw"], tuple(row["parameters"])),
        state=State(row["state"]),
        **{name: row[name] for name in ("changed", "verdict", "score", "decided_by", "policy")},
    )


def _client(row: RowMapping) -> Client:
    return Client(
        address=row["client_address"],
        name=row["client_name"],
        resolve=row["client_resolve"],
        helo=row["helo"],
        port=row["client_port"],
        tls=row["client_tls"],
        user=row["client_user"],
    )
