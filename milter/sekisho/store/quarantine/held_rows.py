"""Makes the rows of one message before the transaction begins.

To compress and describe a message takes longer than to write it, so it is not done while a lock is held.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import zstandard

from sekisho.held import State
from sekisho.message import Envelope, Message, key_of
from sekisho.store.quarantine.ids import open_key, record_id
from sekisho.verdict import Outcome

CODEC = "zstd"
GONE = "gone"
"""Codec of a content whose bytes were removed, because no entry claims them any more."""
MAX_LISTED_CHARS = 1000
"""Characters of subject and author kept for lists; the whole is in the content."""


@dataclass(frozen=True, slots=True)
class HeldRows:
    """The rows of one message: its content, its entry, and its recipients by open key."""

    id: str
    digest: str
    now: datetime
    content: Mapping[str, Any]
    entry: Mapping[str, Any]
    recipients: Mapping[str, Mapping[str, Any]]


def pack(
    message: Message, document: Mapping[str, Any], outcomes: Sequence[Outcome], now: datetime, level: int
) -> HeldRows:
    """Everything about a message, as rows. Pure but for the id's random bits."""
    # Not message.digest: contents are shared by this name, and a wrong one would mix two messages up.
    digest = hashlib.sha256(message.raw).hexdigest()
    name = record_id(now)
    return HeldRows(
        name,
        digest,
        now,
        _content(message.raw, digest, level),
        _entry(name, digest, now, message, document, outcomes),
        _recipients(name, digest, now, message.envelope.sender, outcomes),
    )


def unpack(codec: str, data: bytes, size: int) -> bytes:
    """The stored bytes of a message. Raises ValueError if they cannot be restored."""
    if codec != CODEC:
        raise ValueError(f"unknown codec {codec}")
    try:
        raw = zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
    return bytes(raw)


def _content(raw: bytes, digest: str, level: int) -> dict[str, Any]:
    data = zstandard.ZstdCompressor(level=level, write_checksum=True).compress(raw)
    return {"digest": digest, "size": len(raw), "stored_size": len(data), "codec": CODEC, "data": data}


def _entry(
    name: str,
    digest: str,
    now: datetime,
    message: Message,
    document: Mapping[str, Any],
    outcomes: Sequence[Outcome],
) -> dict[str, Any]:
    strictest = max((outcome.verdict for outcome in outcomes), key=lambda verdict: verdict.disposition)
    return {
        "id": name,
        "digest": digest,
        "held_at": now,
        "last_seen": now,
        "repeats": 0,
        "author": message.author.text[:MAX_LISTED_CHARS],
        "subject": message.subject[:MAX_LISTED_CHARS],
        "verdict": strictest.disposition.word,
        "score": strictest.score,
        "decided_by": strictest.decided_by,
        "document": dict(document),
        "message_key": key_of(message.headers),
        "erased": False,
        **_envelope(message.envelope),
    }


def _envelope(envelope: Envelope) -> dict[str, Any]:
    client = envelope.client
    return {
        "sender": envelope.sender,
        "raw_sender": envelope.raw_sender,
        "parameters": list(envelope.parameters),
        "queue_id": envelope.queue_id,
        "arrived": envelope.arrived,
        "client_address": client.address,
        "client_name": client.name,
        "client_resolve": client.resolve,
        "client_port": client.port,
        "client_tls": client.tls,
        "client_user": client.user,
        "helo": client.helo,
    }


def _recipients(
    name: str, digest: str, now: datetime, sender: str | None, outcomes: Sequence[Outcome]
) -> dict[str, Mapping[str, Any]]:
    """One row for each address; a client that names one twice gets one copy, as from Postfix."""
    rows: dict[str, Mapping[str, Any]] = {}
    for position, outcome in enumerate(outcomes):
        key = open_key(digest, sender, outcome.recipient.address)
        rows.setdefault(key, _recipient(name, position, now, outcome) | {"open_key": key})
    return rows


def _recipient(name: str, position: int, now: datetime, outcome: Outcome) -> dict[str, Any]:
    return {
        "entry_id": name,
        "position": position,
        "address": outcome.recipient.address,
        "raw": outcome.recipient.raw,
        "parameters": list(outcome.recipient.parameters),
        "verdict": outcome.verdict.disposition.word,
        "score": outcome.verdict.score,
        "decided_by": outcome.verdict.decided_by,
        "policy": outcome.verdict.policy,
        "state": State.HELD.value,
        "changed": now,
    }
