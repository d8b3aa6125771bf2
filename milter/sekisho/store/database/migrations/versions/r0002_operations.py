"""Operations on the quarantine: the audit, erasing what is no longer needed, finding by queue id or Message-ID.

Columns are added and dropped in place. Alembic's batch mode would build the table anew on SQLite and drop
the old one, and with it, by the foreign key, every recipient.
"""

import sqlalchemy as sa
from alembic import op

from sekisho.store.database.types import HostileText, UtcTime

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of operations, and add the columns that erasing and finding need."""
    op.add_column("entries", sa.Column("message_key", sa.String(16)))
    op.add_column("entries", sa.Column("erased", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("ix_entries_queue_id", "entries", ["queue_id"])
    op.create_index("ix_entries_message_key", "entries", ["message_key"])
    op.create_index("ix_entries_erased_id", "entries", ["erased", "id"])
    _operations()


def downgrade() -> None:
    """Drop them."""
    op.drop_table("operations")
    for name in ("ix_entries_erased_id", "ix_entries_message_key", "ix_entries_queue_id"):
        op.drop_index(name, "entries")
    op.drop_column("entries", "erased")
    op.drop_column("entries", "message_key")


def _operations() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "operations",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("who", HostileText, nullable=False),
        sa.Column("operation", sa.String(16), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("entry_id", sa.String(26)),
        sa.Column("copy", sa.BigInteger),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("note", HostileText, nullable=False),
        sa.Column("counted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
    )
    op.create_index("ix_operations_entry_id", "operations", ["entry_id"])
    op.create_index("ix_operations_counted_id", "operations", ["counted", "id"])
    op.create_index("ix_operations_at", "operations", ["at"])
