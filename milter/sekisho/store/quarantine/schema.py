"""The tables of the quarantine.

`contents` holds the bytes, once per digest. `entries` is one row per held message: envelope, client,
evidence. `recipients` is one row per recipient with a state of its own. `recipients.open_key` is the key by
which a retry is known (message digest, MAIL FROM, RCPT TO) while the row absorbs repeats, NULL after that;
its unique index makes two workers that hold the same retry at once agree on one entry, on both databases.
The audit is a room of its own (`store.audit`).

An entry that is `erased` no longer uses its content, and its author and subject are removed. When no entry uses a
content any more, its bytes are removed and its codec is `gone`. If the same message is held again, the bytes are stored
again.

A change here needs a migration in `store/database/migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    false,
)

from sekisho.held import State
from sekisho.store.database.schema import metadata
from sekisho.store.database.types import HostileText, Json, UtcTime

contents = Table(
    "contents",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the bytes as the milter saw them, hex
    Column("size", BigInteger, nullable=False),
    Column("stored_size", BigInteger, nullable=False),
    Column("codec", String(16), nullable=False),
    Column("data", LargeBinary, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("digest", String(64), ForeignKey("contents.digest"), nullable=False, index=True),
    Column("held_at", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("sender", HostileText),  # "" is the null sender, NULL is not known
    Column("raw_sender", HostileText),
    Column("parameters", Json, nullable=False),
    Column("queue_id", HostileText),
    Column("arrived", UtcTime),
    Column("client_address", HostileText),
    Column("client_name", HostileText),
    Column("client_resolve", HostileText),
    Column("client_port", Integer),
    Column("client_tls", HostileText),
    Column("client_user", HostileText),
    Column("helo", HostileText),
    Column("author", HostileText, nullable=False),
    Column("subject", HostileText, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("score", Float, nullable=False),
    Column("decided_by", HostileText, nullable=False),
    Column("document", Json, nullable=False),
    Column("message_key", String(16)),  # fingerprint of the Message-ID, NULL if there was none
    Column("erased", Boolean, nullable=False, server_default=false()),
    Index("ix_entries_queue_id", "queue_id"),
    Index("ix_entries_message_key", "message_key"),
    Index("ix_entries_erased_id", "erased", "id"),
)

recipients = Table(
    "recipients",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("entry_id", String(26), ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("address", HostileText, nullable=False),
    Column("raw", HostileText, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("score", Float, nullable=False),
    Column("decided_by", HostileText, nullable=False),
    Column("policy", HostileText, nullable=False),
    Column("state", String(16), nullable=False),
    Column("changed", UtcTime, nullable=False),
    Column("open_key", String(64), unique=True),
    CheckConstraint(f"state IN ({', '.join(repr(state.value) for state in State)})", name="state"),
    CheckConstraint("open_key IS NULL OR state = 'held'", name="open"),
    Index("ix_recipients_entry_id_position", "entry_id", "position", unique=True),
    Index("ix_recipients_state_entry_id", "state", "entry_id"),
)
