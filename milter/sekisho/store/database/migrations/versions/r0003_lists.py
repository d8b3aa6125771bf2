"""List entries made while the program runs, and the version of the lists."""

import sqlalchemy as sa
from alembic import op

from sekisho.store.database.types import HostileText, UtcTime

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of list entries and of the lists' version."""
    version = op.create_table(
        "list_version",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_list_version"),
    )
    op.bulk_insert(version, [{"id": 1, "version": 0}])
    _entries()


def downgrade() -> None:
    """Drop them."""
    op.drop_table("list_entries")
    op.drop_table("list_version")


def _entries() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "list_entries",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("list", sa.String(8), nullable=False),
        sa.Column("scope", HostileText, nullable=False),
        sa.Column("matched", HostileText, nullable=False),
        sa.Column("entry", HostileText, nullable=False),
        sa.Column("expires", UtcTime),
        sa.Column("comment", HostileText, nullable=False),
        sa.Column("author", HostileText, nullable=False),
        sa.Column("authenticated", sa.Boolean, nullable=False),
        sa.Column("dkim", HostileText, nullable=False),
        sa.Column("added", UtcTime, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("removed", UtcTime),
        sa.Column("removed_by", HostileText),
        sa.Column("until", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_list_entries"),
    )
    op.create_index("ix_list_entries_until_list", "list_entries", ["until", "list"])
