"""Alembic runs this file for every command; the host gives the connection along.

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
    # SQLite can change a table only by making it anew.
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
# The caller has begun a transaction already and commits it: all migrations or none.
context.run_migrations()
