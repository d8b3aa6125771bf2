"""Alembic migrations of the store; `sekisho.store.migrate` runs them."""
