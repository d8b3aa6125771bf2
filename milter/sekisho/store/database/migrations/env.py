"""Runs the migrations for Alembic, on the connection and in the transaction that `migrate` opened."""

from alembic import context

from sekisho.store.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
