"""Alembic's entry: runs inside the transaction that `engine.migrate` has begun, so that a store is brought up to date whole or not at all."""

from alembic import context

from nlp.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
