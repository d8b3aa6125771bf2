"""Alembic migrations of the store; `sekisho.store.database.migrate` runs them."""
