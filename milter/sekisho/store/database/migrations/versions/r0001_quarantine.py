"""The quarantine: contents, entries, recipients.

The tables are written out here, not taken from the schema: a migration must keep meaning what it meant.
"""

import sqlalchemy as sa
from alembic import op

from sekisho.store.database.types import HostileText, Json, UtcTime

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the quarantine."""
    _contents()
    _entries()
    _recipients()


def downgrade() -> None:
    """Drop them."""
    for table in ("recipients", "entries", "contents"):
        op.drop_table(table)


def _contents() -> None:
    op.create_table(
        "contents",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("stored_size", sa.BigInteger, nullable=False),
        sa.Column("codec", sa.String(16), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_contents"),
    )


def _entries() -> None:
    hostile = ("client_address", "client_name", "client_resolve", "client_tls", "client_user", "helo")
    op.create_table(
        "entries",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("held_at", UtcTime, nullable=False),
        sa.Column("last_seen", UtcTime, nullable=False),
        sa.Column("repeats", sa.Integer, nullable=False),
        sa.Column("sender", HostileText),
        sa.Column("raw_sender", HostileText),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("queue_id", HostileText),
        sa.Column("arrived", UtcTime),
        *(sa.Column(name, HostileText) for name in hostile),
        sa.Column("client_port", sa.Integer),
        sa.Column("author", HostileText, nullable=False),
        sa.Column("subject", HostileText, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("decided_by", HostileText, nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        sa.ForeignKeyConstraint(["digest"], ["contents.digest"], name="fk_entries_digest"),
    )
    op.create_index("ix_entries_digest", "entries", ["digest"])


def _recipients() -> None:
    op.create_table(
        "recipients",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("entry_id", sa.String(26), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("address", HostileText, nullable=False),
        sa.Column("raw", HostileText, nullable=False),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("decided_by", HostileText, nullable=False),
        sa.Column("policy", HostileText, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("changed", UtcTime, nullable=False),
        sa.Column("open_key", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_recipients"),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name="fk_recipients_entry_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("open_key", name="uq_recipients_open_key"),
        sa.CheckConstraint(
            "state IN ('held', 'released', 'sending', 'uncertain', 'deleted', 'expired')",
            name=op.f("ck_recipients_state"),
        ),
        sa.CheckConstraint("open_key IS NULL OR state = 'held'", name=op.f("ck_recipients_open")),
    )
    op.create_index("ix_recipients_entry_id_position", "recipients", ["entry_id", "position"], unique=True)
    op.create_index("ix_recipients_state_entry_id", "recipients", ["state", "entry_id"])
