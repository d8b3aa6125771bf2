"""What is known of held mail: entries, copies, their states, and what was done to them. Types only.

The store answers with these, `release` and `review` work with them, and every door shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sekisho.message import Envelope, Recipient


class State(StrEnum):
    """What became of one recipient's copy. Only `held` absorbs repeats."""

    HELD = "held"
    RELEASED = "released"
    SENDING = "sending"
    UNCERTAIN = "uncertain"  # handed to the MTA, and the answer never came
    DELETED = "deleted"
    EXPIRED = "expired"


MAINTENANCE = "maintenance"
"""Who did what nobody asked for, in the audit. Rows of earlier versions say `keeper`."""


class OperationName(StrEnum):
    """What can be done to the quarantine and to its retention. The audit also has what was done to the kill switch
    (`guard.SwitchOperation`)."""

    HOLD = "hold"
    RELEASE = "release"
    DELETE = "delete"
    EXPIRE = "expire"
    PURGE = "purge"
    VIEW = "view"
    RETENTION = "retention"  # it was resumed
    LABEL = "label"  # a person said what the message is


class OperationResult(StrEnum):
    """How an operation ended."""

    OK = "ok"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # the answer never came


class ReleaseReason(StrEnum):
    """Why a person released a message."""

    FALSE_POSITIVE = "false_positive"
    REQUESTED = "requested"
    TEST = "test"
    OTHER = "other"


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
    """A held message without its bytes. `size` is that of the message (bytes), `score` in points. `repeats` counts
    the retries that were absorbed, `last_seen` is the newest of them; `document` is the evidence as
    `explain.stored_document` wrote it. Author and subject are hostile text. `erased`: content, author and subject are
    gone."""

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
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """A line of the audit: who did what to which entry (or to one copy of it), and how it ended.

    `operation` and `result` are words of `OperationName` and `OperationResult`, `reason` of a release one of
    `ReleaseReason`; rows of another version may have others. `note` is text for people. `at` and `number` are the
    store's.
    """

    operation: str
    result: str
    who: str
    entry: str | None = None
    copy: int | None = None
    reason: str = ""
    note: str = ""
    at: datetime | None = None
    number: int = 0
