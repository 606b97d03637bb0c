"""The tables of the store.

If you change them, add a migration in ``migrations/versions``; a test compares both.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

METADATA = MetaData()

VERSION_TABLE = "deepaas_version"
"""Alembic's table of the revision. All names have a prefix, because a database can be shared."""

RUNS = Table(
    "deepaas_runs",
    METADATA,
    # The order in the queue. SQLite only auto-increments INTEGER.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("uuid", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("finished", Double),
    Column("cancel_requested", Double),
    Column("args", LargeBinary),
    Column("result", LargeBinary),
    Column("has_result", Boolean, nullable=False),
    Column("message", Text, nullable=False),
    # Without a step there is no progress.
    Column("progress_step", Double),
    Column("progress_total", Double),
    Column("progress_message", Text, nullable=False),
    # The client's id for it, if any.
    Column("name", Text, nullable=False, server_default=""),
    Index("deepaas_runs_uuid", "uuid", unique=True),
    # Lists of a model, of all or some states: each uses one index.
    Index("deepaas_runs_model", "model", "id", "state"),
    Index("deepaas_runs_model_state", "model", "state", "id"),
    # The few queued or running ones.
    Index("deepaas_runs_state", "state", "place", "owner"),
    # The oldest, to be removed.
    Index("deepaas_runs_place", "place", "finished", "id"),
    sqlite_autoincrement=True,
)

HOSTS = Table(
    "deepaas_hosts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("machine", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("beats", BigInteger, nullable=False),
)

PREDICTIONS = Table(
    "deepaas_predictions",
    METADATA,
    # The order of requests and lists.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("model", Text, nullable=False),
    Column("prediction_id", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("completed", Double),
    Column("document", LargeBinary),
    Column("file", Text, nullable=False),
    Index("deepaas_predictions_id", "model", "prediction_id", unique=True),
    Index("deepaas_predictions_model", "model", "id"),
    # The running ones of a dead host.
    Index("deepaas_predictions_owner", "owner", "completed"),
    # The oldest, to be removed.
    Index("deepaas_predictions_place", "place", "completed", "id"),
    sqlite_autoincrement=True,
)

WEBHOOKS = Table(
    "deepaas_webhooks",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("place", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("address", LargeBinary, nullable=False),
    # Without an index: there are only a few unsent ones.
    sqlite_autoincrement=True,
)
