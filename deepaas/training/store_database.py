"""The connection to the database: URL, transactions and errors."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from deepaas.errors import ConfigError, StorageFull, StoreUnavailable
from deepaas.training.store_connection import StoreConnection, connected, dispose, transaction

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"

LOCKED_SECONDS = 30.0
"""How long a writer waits for another one (SQLite)."""

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 10.0
"""Timeout for a response of the server (PostgreSQL)."""

NO_SPACE_BYTES = 128 * 1024
"""With less free space than this, an I/O error of SQLite is reported as a full disk."""


LOST = (
    "was removed or replaced while the host was running: put it back, or restart the host to "
    "use what is there now"
)

_log = logging.getLogger(__name__)


class Database:
    """`path` is the file of an SQLite database, `name` the URL without the password."""

    def __init__(self, text: str) -> None:
        """``ConfigError``: the URL is not supported, or the driver is not installed."""
        url = _checked(text)
        self.name = url.render_as_string(hide_password=True)
        self.path = Path(url.database or "") if url.drivername == SQLITE else None
        self.engine = _engine(url)
        self._identity: tuple[int, int] | None = None
        self._lost = False
        # SQLite has one writer at a time. Writers of this process wait here, in order, instead of
        # polling the lock of the file.
        self._turn = asyncio.Lock() if self.path else contextlib.nullcontext()
        # A single statement reads a consistent state, so it needs no transaction.
        options = {"reads": True} if self.path else {"isolation_level": "AUTOCOMMIT"}
        self._reader = self.engine.execution_options(**options)
        self._failures: tuple[type[BaseException], ...] = (
            SQLAlchemyError,
            OSError,
            asyncio.TimeoutError,  # Not an OSError before Python 3.11.
            sqlite3.Error,
        )
        if not self.path:
            import asyncpg

            # SQLAlchemy does not wrap errors during connecting.
            self._failures += (asyncpg.PostgresError, asyncpg.InterfaceError)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[StoreConnection]:
        """A connection for independent queries. Raises ``StoreUnavailable``."""
        with self.translated():
            self._look()
            async with connected(self._reader) as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[StoreConnection]:
        """A transaction, written to disk at the end of the block.

        Raises ``StorageFull``, and ``StoreUnavailable``, with ``is_undecided`` if the connection
        was lost during the commit.
        """
        is_ending = False
        try:
            with self.translated():
                self._look()
                async with self._turn, transaction(self.engine) as connection:
                    yield connection
                    is_ending = True
        except StoreUnavailable as error:
            error.is_undecided = is_ending
            raise

    def remember(self) -> None:
        """Remember which file it is, to notice a replacement. ``OSError`` if it does not exist."""
        if self.path is not None:
            self._identity = _identity(self.path)

    def _look(self) -> None:
        """Raises ``StoreUnavailable`` if the file was removed: SQLite would still write to it."""
        if self.path is None or self._identity is None:
            return
        try:
            found = _identity(self.path)
        except FileNotFoundError:
            found = (0, 0)
        if found == self._identity:
            if self._lost:
                _log.info("%s is available again", self.path)
            self._lost = False
            return
        if not self._lost:
            _log.error("%s %s", self.path, LOST)
        self._lost = True
        raise StoreUnavailable(f"its file {LOST}", details=f"{self.name}: {LOST}")

    async def close(self) -> None:
        with self.translated():
            await dispose(self.engine)

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except StoreUnavailable:
            raise
        except self._failures as error:
            reason, noted = _reason(error)
            details = f"{self.name}: {type(error).__name__}: {noted or reason}"
            if self._is_full(error):
                raise StorageFull("the database of training runs", details=details) from error
            raise StoreUnavailable(reason, details=details) from error

    def _is_full(self, error: BaseException) -> bool:
        cause = _cause(error)
        if isinstance(cause, OSError):
            return cause.errno in (errno.ENOSPC, errno.EDQUOT)
        if isinstance(cause, sqlite3.Error):
            if "disk is full" in str(cause):
                return True
            # SQLite reports this if the index of its log cannot grow.
            return "disk I/O error" in str(cause) and self._no_space()
        return getattr(cause, "sqlstate", None) == "53100"

    def _no_space(self) -> bool:
        assert self.path
        try:
            stat = os.statvfs(self.path.parent)
        except OSError:
            return False
        return stat.f_bavail * stat.f_frsize < NO_SPACE_BYTES


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _checked(text: str) -> URL:
    hint = f"use {SQLITE}:////path/to/file or {POSTGRESQL}://user:password@host:5432/database"
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        # Without its value, which may contain a password.
        raise ConfigError(f"database-url is not a valid URL: {hint}") from None
    shown = url.render_as_string(hide_password=True)
    if url.drivername not in (SQLITE, POSTGRESQL):
        raise ConfigError(f"database-url {shown!r} has an unsupported driver: {hint}")
    if url.drivername == SQLITE:
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise ConfigError(f"database-url {shown!r} does not name a file: {hint}")
        if url.host:
            raise ConfigError(f"database-url {shown!r} lacks a slash: {hint}")
    return url


def _engine(url: URL) -> Engine:
    options: dict[str, Any] = {
        "hide_parameters": True,  # Arguments of runs must not appear in messages.
        "pool_size": 5,
        "max_overflow": 0,
        "pool_timeout": STATEMENT_SECONDS,
    }
    if url.drivername == SQLITE:
        options["connect_args"] = {"timeout": LOCKED_SECONDS}
    else:
        options["isolation_level"] = "READ COMMITTED"
        options["pool_pre_ping"] = True
        options["connect_args"] = {
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS,
            "server_settings": {"application_name": "deepaas"},
        }
    shown = url.render_as_string(hide_password=True)
    try:
        engine = create_engine(url, **options)
    except ImportError as error:
        package = url.drivername.partition("+")[2]
        install = "'deepaas[postgresql]'" if package == "asyncpg" else package
        message = (
            f"database-url {shown!r} requires the Python package {package}: pip install {install}"
        )
        raise ConfigError(message) from error
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise ConfigError(f"database-url {shown!r} has invalid options") from error
    if url.drivername == SQLITE:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Set up new connections: explicit transactions, and commits that are written to disk."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first may not get it later."""
    if not connection.get_execution_options().get("reads"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _cause(error: BaseException) -> BaseException:
    cause: BaseException = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig
        if not isinstance(cause, sqlite3.Error) and cause.__cause__ is not None:
            cause = cause.__cause__
    return cause


def _reason(error: BaseException) -> tuple[str, str]:
    """A message for clients, without SQL and addresses, and one with more details for the log."""
    cause = _cause(error)
    if isinstance(cause, asyncio.TimeoutError):
        return "the database does not respond", ""
    if isinstance(cause, PoolTimeout):
        return "all connections to the database are busy", ""
    if isinstance(cause, OSError):
        # Python's own message contains the address.
        known = cause.errno is not None and cause.errno > 0
        if known and cause.errno:
            return f"no connection to the database ({os.strerror(cause.errno)})", ""
        return "no connection to the database", str(cause.strerror or cause)
    noted = " ".join(str(cause).split()) or type(cause).__name__
    return "the database reports an error", noted
