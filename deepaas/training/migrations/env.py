"""Alembic runs this file for every command; the host passes the connection.

For ``alembic revision`` by hand, see ``script.py.mako``.
"""

from __future__ import annotations

from alembic import context

from deepaas.training.tables import METADATA, VERSION_TABLE

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    # SQLite can only change a table by recreating it.
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
# The caller has started a transaction and commits it: all migrations or none.
context.run_migrations()
