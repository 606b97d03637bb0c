"""Creates or upgrades the tables of a database for this version of the code.

An empty database gets the current tables. Those of an older version are upgraded by Alembic, in a
separate process, because Alembic would stay in the host's memory.
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
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0004"

MIGRATIONS = Path(__file__).parent / "migrations"

_VERSION = Table(
    VERSION_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
)

PG_LOCK = 0x6465_6570_6161_7300
"""The advisory lock for migrations (PostgreSQL): ``deepaas`` in ASCII."""


async def migrate(database: Database) -> None:
    """Create or upgrade the tables. Hosts that start at the same time wait for each other.

    Raises ``ConfigError`` (the tables are from a newer version), ``StoreUnavailable`` and
    ``StorageFull``.
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
    """Upgrade in another process; ``migrate`` checks the result. Raises ``StoreUnavailable``."""
    async with database.reading() as connection:
        if await connection.run_sync(_revision) in (None, HEAD):
            return
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=subprocess.PIPE,  # Not an argument, because it may contain a password.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    await process.communicate(url.encode())


async def look_at(url: str) -> None:
    """Check that a database can be used, and change nothing.

    Raises ``ConfigError`` (its URL, or its tables are from a newer version) and
    ``StoreUnavailable``.
    """
    database = Database(url)
    try:
        async with database.reading() as connection:
            revision = await connection.run_sync(_revision)
    finally:
        await database.close()
    if revision not in (None, HEAD):
        await asyncio.to_thread(_checked_config, database.name, revision)


def _checked_config(name: str, revision: str) -> Config:
    """Alembic's; ``ConfigError`` if it does not know the revision."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    # % is special in the option.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in known:
        raise ConfigError(
            f"the database {name!r} was created by a newer version of DEEPaaS (its revision is "
            f"{revision!r}, this version supports up to {HEAD!r}): use the newer version or "
            "another database"
        )
    return config


@contextlib.asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[None]:
    """Hold the lock next to the file (SQLite); PostgreSQL has its own locks."""
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
    revision = _revision(connection)  # Another host may have migrated before.
    if revision is None:
        METADATA.create_all(connection, checkfirst=False)
        _VERSION.create(connection)
        connection.execute(_VERSION.insert().values(version_num=HEAD))
    elif revision != HEAD:
        _upgrade(connection, name, revision)


def _upgrade(connection: Connection, name: str, revision: str) -> None:
    from alembic import command

    config = _checked_config(name, revision)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


if __name__ == "__main__":
    asyncio.run(migrate(Database(sys.stdin.read())))
