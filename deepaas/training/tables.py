"""The tables of the store.

Whoever changes them writes a migration beside them (``migrations/versions``); a test compares both.
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
"""Where Alembic notes the revision. All names have a prefix: a database may be shared."""

RUNS = Table(
    "deepaas_runs",
    METADATA,
    # The order of adding, which is that of the queue. SQLite numbers only INTEGER by itself.
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
    # No progress has been told while there is no step.
    Column("progress_step", Double),
    Column("progress_total", Double),
    Column("progress_message", Text, nullable=False),
    # Its client's own name for it, if it has one.
    Column("name", Text, nullable=False, server_default=""),
    Index("deepaas_runs_uuid", "uuid", unique=True),
    # Lists of a model, of all states or of some: each by one walk along an index.
    Index("deepaas_runs_model", "model", "id", "state"),
    Index("deepaas_runs_model_state", "model", "state", "id"),
    # The few that wait or run.
    Index("deepaas_runs_state", "state", "place", "owner"),
    # Who has to go first.
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
    # The order of coming, which is that of lists.
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
    # Those that a dead host had going.
    Index("deepaas_predictions_owner", "owner", "completed"),
    # Who has to go first.
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
    # Without an index: it has only those that are still to be told.
    sqlite_autoincrement=True,
)
