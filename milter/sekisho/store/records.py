"""What the store answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from sekisho.message import Client, Envelope, Recipient
from sekisho.store.schema import State


@dataclass(frozen=True, slots=True)
class Copy:
    """One recipient's copy of a held message. `number` names it within the store."""

    number: int
    recipient: Recipient
    state: State
    changed: datetime
    verdict: str
    score: float
    decided_by: str
    policy: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A held message without its bytes. `repeats` counts the retries that were absorbed, `last_seen` is the
    newest of them; `document` is the evidence as `document` wrote it. Author and subject are hostile text."""

    id: str
    digest: str
    size: int
    held_at: datetime
    last_seen: datetime
    repeats: int
    envelope: Envelope
    author: str
    subject: str
    verdict: str
    score: float
    decided_by: str
    document: Mapping[str, Any]
    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """For the gauges: messages with at least one copy in the state, and the bytes that contents take up
    (compressed, each once)."""

    messages: Mapping[State, int]
    bytes: int


def entry(row: RowMapping, copies: tuple[Copy, ...]) -> Entry:
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
    judged = ("verdict", "score", "decided_by", "document")
    return Entry(envelope=envelope, copies=copies, **{name: row[name] for name in plain + judged})


def copy(row: RowMapping) -> Copy:
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
