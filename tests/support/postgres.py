"""A real PostgreSQL for tests: Debian's package, started here, gone with this process.

::

    with postgres_database() as url:
        ...                     # a database of its own, postgresql+asyncpg://…
    server().stop()             # the connections break
    server().start()

One server per process serves all its tests. It listens on a socket in its own folder only, so
that it meets no other server. A small shell waits beside it for the end of a pipe that this
process holds: when this process ends, even by ``kill -9``, the shell stops the server and removes
the folder.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

USER = "postgres"
START_SECONDS = 60.0

# With a word on its standard input it only stops the server; at the end of it, it cleans up.
WATCHER = """
"$@" >>log 2>&1 &
read -r word
kill -s "${word:-QUIT}" $!
wait
[ -n "$word" ] || rm -rf "$PWD"
"""

OPTIONS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "16MB",
    # These tests kill processes, they do not cut the power.
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}

EMPTY = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE;
CREATE SCHEMA public
"""

_numbers = itertools.count(1)


class Server:
    """One PostgreSQL server, in a temporary folder."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        # In /tmp, as the path of a socket has to be short.
        self._folder = Path(tempfile.mkdtemp(prefix="deepaas-postgres-", dir="/tmp"))
        self._as: dict[str, Any] = {"cwd": self._folder, "start_new_session": True}
        if os.geteuid() == 0:
            # PostgreSQL does not run as root; the package has made this user.
            account = pwd.getpwnam(USER)
            os.chown(self._folder, account.pw_uid, account.pw_gid)
            self._as |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self._watcher: subprocess.Popen[str] | None = None
        self._unused: list[str] = []
        try:
            self._run(
                "initdb",
                "--pgdata=data",
                f"--username={USER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            )
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        socket = self._folder / ".s.PGSQL.5432"
        options = [f"--{name}={value}" for name, value in OPTIONS.items()]
        self._watcher = subprocess.Popen(
            [
                "/bin/sh",
                "-c",
                WATCHER,
                "sh",
                self._binaries / "postgres",
                "-D",
                "data",
                "-k",
                self._folder,
                *options,
            ],
            stdin=subprocess.PIPE,
            text=True,
            **self._as,
        )
        until = time.monotonic() + START_SECONDS
        ready: list[str | Path] = [
            self._binaries / "pg_isready",
            "--quiet",
            f"--host={self._folder}",
        ]
        while subprocess.run(ready, check=False).returncode != 0:
            if time.monotonic() > until or self._watcher.poll() is not None:
                raise RuntimeError(f"PostgreSQL does not start: {self._log()}")
            time.sleep(0.02)
        assert socket.exists()

    def stop(self, signal: str = "INT") -> None:
        """Stop it: INT breaks the connections and tells why, QUIT just ends."""
        if self._watcher is not None:
            self._watcher.communicate(f"{signal}\n")
            self._watcher = None

    def close(self) -> None:
        """Stop it and remove its folder."""
        if self._watcher is not None:
            self._watcher.communicate()
            self._watcher = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, sql: str, database: str = "postgres") -> str:
        """Run one statement; what it prints."""
        return self._run(
            "psql",
            f"--host={self._folder}",
            f"--username={USER}",
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            f"--dbname={database}",
            f"--command={sql}",
        ).strip()

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """An empty database, as a URL; nobody is connected any more on leaving."""
        name = self._unused.pop() if self._unused else self._made()
        try:
            yield f"postgresql+asyncpg://{USER}@/{name}?host={self._folder}"
        finally:
            # To empty it takes a third of the time that it takes to make another.
            if self.run(EMPTY, name).splitlines()[0] == "0":
                self._unused.append(name)
            else:  # Whoever was connected might come back.
                self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def _made(self) -> str:
        name = f"test_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def _run(self, program: str, *arguments: str) -> str:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [self._binaries / program, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **self._as,
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
        return done.stdout

    def _log(self) -> str:
        log = self._folder / "log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else "no log"


@functools.cache
def server() -> Server:
    """The server of this process, started on first use."""
    made = Server(_binaries())
    atexit.register(made.close)
    return made


@contextlib.contextmanager
def postgres_database() -> Iterator[str]:
    """An empty database of the server of this process, as a ``postgresql+asyncpg://`` URL."""
    with server().database() as url:
        yield url


def _binaries() -> Path:
    """Where Debian's package has its programs, which are not in PATH."""
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    found = shutil.which("initdb")
    if not versions and found is None:
        pytest.skip("PostgreSQL is not installed: scripts/need-postgres")
    if not versions:
        assert found
        return Path(found).resolve().parent
    return max(versions, key=lambda path: float(path.parent.name))
