"""The connection to the database: what its URL may be, transactions, and what can go wrong."""

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

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from deepaas.errors import ConfigError, StorageFull, StoreUnavailable

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"

LOCKED_SECONDS = 30.0
"""So long a writer waits for another one (SQLite)."""

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 10.0
"""A server that says nothing for so long is taken for lost (PostgreSQL)."""

NO_SPACE_BYTES = 128 * 1024
"""With less than this free, an input/output error of SQLite is taken for a full disk."""


LOST = (
    "was removed or replaced while this host ran: put it back where it was, "
    "or restart the host, which begins with what lies there then"
)

_log = logging.getLogger(__name__)


class Database:
    """`path` is the file of an SQLite database, `name` the URL without its password, for people."""

    def __init__(self, text: str) -> None:
        """``ConfigError``: the URL names no database that can be used, or its driver is missing."""
        url = _checked(text)
        self.name = url.render_as_string(hide_password=True)
        self.path = Path(url.database or "") if url.drivername == SQLITE else None
        self.engine = _engine(url)
        self._identity: tuple[int, int] | None = None
        self._lost = False
        # SQLite has one writer at a time. Those of this process wait here, in order, instead of
        # asking again and again whether the file is still locked.
        self._turn = asyncio.Lock() if self.path else contextlib.nullcontext()
        # One statement reads what was there at one moment: no transaction is needed around it.
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

            # SQLAlchemy passes on as they are those that come while it connects.
            self._failures += (asyncpg.PostgresError, asyncpg.InterfaceError)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for questions, each by itself. Raises ``StoreUnavailable``."""
        with self.translated():
            self._look()
            async with self._reader.connect() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: all or nothing, on disk when it is left.

        Raises ``StorageFull``, and ``StoreUnavailable``, which ``is_undecided`` when the connection
        was lost at the very end.
        """
        is_ending = False
        try:
            with self.translated():
                self._look()
                async with self._turn, self.engine.begin() as connection:
                    yield connection
                    is_ending = True
        except StoreUnavailable as error:
            error.is_undecided = is_ending
            raise

    def remember(self) -> None:
        """Note which file it is, once it is there (else ``OSError``): no other is taken for it."""
        if self.path is not None:
            self._identity = _identity(self.path)

    def _look(self) -> None:
        """SQLite goes on writing into a file that has gone: raises ``StoreUnavailable`` then."""
        if self.path is None or self._identity is None:
            return
        try:
            found = _identity(self.path)
        except FileNotFoundError:
            found = (0, 0)
        if found == self._identity:
            if self._lost:
                _log.info("%s is there again", self.path)
            self._lost = False
            return
        if not self._lost:
            _log.error("%s %s", self.path, LOST)
        self._lost = True
        raise StoreUnavailable(f"its file {LOST}", details=f"{self.name}: {LOST}")

    async def close(self) -> None:
        with self.translated():
            await self.engine.dispose()

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
                raise StorageFull("the store of trainings", details=details) from error
            raise StoreUnavailable(reason, details=details) from error

    def _is_full(self, error: BaseException) -> bool:
        cause = _cause(error)
        if isinstance(cause, OSError):
            return cause.errno in (errno.ENOSPC, errno.EDQUOT)
        if isinstance(cause, sqlite3.Error):
            if "disk is full" in str(cause):
                return True
            # What SQLite says when the index of its log cannot grow.
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
    hint = f"write {SQLITE}:////path/to/file or {POSTGRESQL}://user:password@host:5432/database"
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        # Without its text: there may be a password in it.
        raise ConfigError(f"database-url cannot be read as a URL: {hint}") from None
    shown = url.render_as_string(hide_password=True)
    if url.drivername not in (SQLITE, POSTGRESQL):
        raise ConfigError(f"database-url {shown!r} has another driver than those that work: {hint}")
    if url.drivername == SQLITE:
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise ConfigError(f"database-url {shown!r} does not name a file: {hint}")
        if url.host:
            raise ConfigError(f"database-url {shown!r} lacks a slash: {hint}")
    return url


def _engine(url: URL) -> AsyncEngine:
    options: dict[str, Any] = {
        "hide_parameters": True,  # Arguments of trainings do not belong into messages.
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
        engine = create_async_engine(url, **options)
    except ImportError as error:
        package = url.drivername.partition("+")[2]
        install = "'deepaas[postgresql]'" if package == "asyncpg" else package
        message = (
            f"database-url {shown!r} needs the Python package {package}: pip install {install}"
        )
        raise ConfigError(message) from error
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise ConfigError(f"database-url {shown!r} has options that do not work") from error
    if url.drivername == SQLITE:
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Every new connection: transactions begin where we say, and a commit is on the disk."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the lock for writing at once: a transaction that reads first could not get it later."""
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
    """One line for clients, without SQL and addresses, and one for the log where that has more."""
    cause = _cause(error)
    if isinstance(cause, asyncio.TimeoutError):
        return "the database does not answer in time", ""
    if isinstance(cause, PoolTimeout):
        return "all connections to the database are busy", ""
    if isinstance(cause, OSError):
        # Python's own text has the address in it.
        known = cause.errno is not None and cause.errno > 0
        if known and cause.errno:
            return f"no connection to the database ({os.strerror(cause.errno)})", ""
        return "no connection to the database", str(cause.strerror or cause)
    noted = " ".join(str(cause).split()) or type(cause).__name__
    return "the database does not do what it is asked to", noted
