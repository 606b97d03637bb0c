"""Names that clients give to runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deepaas_runs", sa.Column("name", sa.Text, nullable=False, server_default=""))
