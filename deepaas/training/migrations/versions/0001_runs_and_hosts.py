"""Runs and hosts.

Migrations do not import the current tables, because those change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deepaas_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("uuid", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("finished", sa.Double),
        sa.Column("cancel_requested", sa.Double),
        sa.Column("args", sa.LargeBinary),
        sa.Column("result", sa.LargeBinary),
        sa.Column("has_result", sa.Boolean, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("progress_step", sa.Double),
        sa.Column("progress_total", sa.Double),
        sa.Column("progress_message", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    for name, columns, unique in [
        ("deepaas_runs_uuid", ["uuid"], True),
        ("deepaas_runs_model", ["model", "id", "state"], False),
        ("deepaas_runs_model_state", ["model", "state", "id"], False),
        ("deepaas_runs_state", ["state", "place", "owner"], False),
        ("deepaas_runs_place", ["place", "finished", "id"], False),
    ]:
        op.create_index(name, "deepaas_runs", columns, unique=unique)
    op.create_table(
        "deepaas_hosts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("beats", sa.BigInteger, nullable=False),
    )
