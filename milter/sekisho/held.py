"""The types of held mail: entries, copies, their states, and operations on them.

The store returns them, `release` and `review` use them, and command line, API and pages show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sekisho.message import Envelope, Recipient


class State(StrEnum):
    """The state of one recipient's copy. Only a `held` copy absorbs a message that is sent again."""

    HELD = "held"
    RELEASED = "released"
    SENDING = "sending"
    UNCERTAIN = "uncertain"  # sent to the MTA, and no reply came
    DELETED = "deleted"
    EXPIRED = "expired"


MAINTENANCE = "maintenance"
"""The author of automatic operations in the audit. Rows of earlier versions have `keeper`."""


class OperationName(StrEnum):
    """Operations on the quarantine and its retention. The audit also has those on the kill switch
    (`guard.SwitchOperation`) and on the lists (`store.lists.ListOperation`)."""

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
    UNCERTAIN = "uncertain"  # no reply came


class ReleaseReason(StrEnum):
    """Why a person released a message."""

    FALSE_POSITIVE = "false_positive"
    REQUESTED = "requested"
    TEST = "test"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Copy:
    """One recipient's copy of a held message. `number` is its id within the store, `changed` the time of its state,
    `score` in points."""

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
class Wanted:
    """Which entries a list shows: those that have all of this; None stands for any.

    - `author`: a part of the author's name or address. `recipient`: a whole address, or a part of one, such as its
      domain. Upper and lower case are the same.
    - `brand`: the id of the brand that the message speaks as, or that a finding is about. `finding`: the id of a
      finding.
    - `states`: at least one copy is in one of them; together with `recipient`, that recipient's copy. Empty: any state.
    - `since`: when it was held, at the earliest. `lowest`, `highest`: the bounds of the score, both included.
    """

    author: str | None = None
    recipient: str | None = None
    brand: str | None = None
    finding: str | None = None
    states: tuple[State, ...] = ()
    since: datetime | None = None
    lowest: float | None = None
    highest: float | None = None


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Operation:
    """A line of the audit: who did what to which entry (or to one copy of it), and how it ended.

    `operation` and `result` are values of `OperationName` and `OperationResult`, the `reason` of a release is one of
    `ReleaseReason`; rows of another version may have others. `note` is text for people. The store sets `at` (the time)
    and `number` (the row).
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
