"""When retention last ran, by the wall clock and by how long the machine had been up."""

import sqlalchemy as sa
from alembic import op

from sekisho.store.database.types import UtcTime

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of the turns of retention."""
    op.create_table(
        "retention_runs",
        sa.Column("boot", sa.String(64), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("uptime", sa.Float, nullable=False),
        sa.Column("highest", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("boot", name="pk_retention_runs"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("retention_runs")
