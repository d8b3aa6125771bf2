"""What the tables of the store have in common: one collection, how keys and indexes are named, and their version.

The tables themselves stand where they are used, in `quarantine` and `lists`.
"""

from __future__ import annotations

from sqlalchemy import MetaData

HEAD = "r0004"
"""The newest migration in `migrations/versions`: the tables of this program correspond to it."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
