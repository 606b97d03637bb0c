"""Brings the tables of a database to what this version of the code expects.

An empty database gets them as they are today. Those of an older version are changed by Alembic,
which hosts let a process of its own do: they would have to keep it in memory afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import importlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    select,
    text,
)

from deepaas.errors import ConfigError
from deepaas.training.store_database import Database
from deepaas.training.tables import METADATA, VERSION_TABLE

HEAD = "0004"

MIGRATIONS = Path(__file__).parent / "migrations"

_VERSION = Table(
    VERSION_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
)

PG_LOCK = 0x6465_6570_6161_7300
"""The advisory lock (PostgreSQL) of those who migrate: ``deepaas`` in ASCII."""


async def migrate(database: Database) -> None:
    """Hosts that start at the same moment wait for each other.

    Raises ``ConfigError`` (newer code has made the tables), ``StoreUnavailable``, ``StorageFull``.
    """
    async with _alone(database):
        async with database.reading() as connection:
            revision = await connection.run_sync(_revision)
            if revision == HEAD:
                return
            if database.path:
                # Stays with the file, and cannot be changed inside a transaction.
                await connection.execute(text("PRAGMA journal_mode = WAL"))
        if revision is not None:
            await asyncio.to_thread(importlib.import_module, "alembic.command")
        async with database.writing() as connection:
            if not database.path:
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({PG_LOCK})"))
            await connection.run_sync(_bring, database.name)


async def migrate_apart(database: Database, url: str) -> None:
    """``migrate`` finds out whether the other process could. Raises ``StoreUnavailable``."""
    async with database.reading() as connection:
        if await connection.run_sync(_revision) in (None, HEAD):
            return
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=subprocess.PIPE,  # Not an argument: there may be a password in it.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    await process.communicate(url.encode())


@contextlib.asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[None]:
    """The lock beside the file (SQLite); PostgreSQL has locks of its own."""
    if database.path is None:
        yield
        return
    path = database.path.with_name(f"{database.path.name}.lock")
    with database.translated():
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with database.translated():
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(select(_VERSION.c.version_num))
    return found


def _bring(connection: Connection, name: str) -> None:
    revision = _revision(connection)  # Somebody else may have had the lock before.
    if revision is None:
        METADATA.create_all(connection, checkfirst=False)
        _VERSION.create(connection)
        connection.execute(_VERSION.insert().values(version_num=HEAD))
    elif revision != HEAD:
        _upgrade(connection, name, revision)


def _upgrade(connection: Connection, name: str, revision: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    # The option is read with interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in known:
        raise ConfigError(
            f"the database {name!r} was made by a newer version of DEEPaaS (its revision is "
            f"{revision!r}, this version knows up to {HEAD!r}): use that version or another "
            "database"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


if __name__ == "__main__":
    asyncio.run(migrate(Database(sys.stdin.read())))
