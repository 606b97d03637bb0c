"""Asynchronous predictions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deepaas_predictions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("prediction_id", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("completed", sa.Double),
        sa.Column("document", sa.LargeBinary),
        sa.Column("file", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    for name, columns, unique in [
        ("deepaas_predictions_id", ["model", "prediction_id"], True),
        ("deepaas_predictions_model", ["model", "id"], False),
        ("deepaas_predictions_owner", ["owner", "completed"], False),
        ("deepaas_predictions_place", ["place", "completed", "id"], False),
    ]:
        op.create_index(name, "deepaas_predictions", columns, unique=unique)
