"""Alembic's entry: runs the scripts on the connection, and in the transaction, that `migrate.py` hands it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
