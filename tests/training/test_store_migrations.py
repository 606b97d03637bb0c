"""The tables of the store: made new, brought up to date, or left alone."""

from __future__ import annotations

import asyncio
import fcntl
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from deepaas.errors import ConfigError, StoreUnavailable
from deepaas.training.migrate import HEAD, MIGRATIONS
from deepaas.training.runs import State
from deepaas.training.store import Store
from deepaas.training.store_database import Database
from deepaas.training.tables import METADATA, VERSION_TABLE

from .examples import MODEL, added, execute, run_in, sqlite_url


def test_head_is_that_of_alembic() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


@pytest.mark.parametrize("first", [None, "0001", "0002", "0003"])
async def test_the_tables_are_those_of_the_code(database_url: str, first: str | None) -> None:
    """Those of a new database, and those of an older one after the migrations."""
    if first is not None:
        await _make_as_of(database_url, first)
    await (await Store.open(database_url)).close()
    found = await execute(database_url, f"SELECT version_num FROM {VERSION_TABLE}")
    assert found == [(HEAD,)]

    def differences(connection: Connection) -> object:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, METADATA)

    database = Database(database_url)
    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def _make_as_of(database_url: str, revision: str) -> None:
    """The tables of an earlier version."""

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    database = Database(database_url)
    async with database.writing() as connection:
        await connection.run_sync(upgrade)
    await database.close()


async def test_many_open_an_empty_database_at_once(database_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(database_url) for _ in range(5)))
    run = await added(stores[0])
    for store in stores:
        assert await store.get(MODEL, run.uuid) == run
        await store.close()
    assert await execute(database_url, f"SELECT version_num FROM {VERSION_TABLE}") == [(HEAD,)]


def test_many_processes_open_an_empty_database_at_once(database_url: str) -> None:
    code = (
        "import asyncio, sys\n"
        "from deepaas.training.store import Store\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "store = asyncio.run(Store.open(sys.argv[1]))\n"
    )
    hosts = [
        subprocess.Popen(
            [sys.executable, "-c", code, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for host in hosts:
        assert host.stdout and host.stdout.readline() == "ready\n"
    for host in hosts:
        assert host.stdin
        host.stdin.write("\n")
        host.stdin.flush()
    for host in hosts:
        _, said = host.communicate(timeout=60)
        assert (host.returncode, said) == (0, "")


async def test_what_was_stored_is_there_after_reopening(database_url: str) -> None:
    store = await Store.open(database_url)
    run = await run_in(store, State.DONE)
    await store.close()
    store = await Store.open(database_url)
    assert await store.list(MODEL) == [run]
    await store.close()


def test_who_opens_a_store_imports_neither_alembic_nor_an_orm(database_url: str) -> None:
    code = (
        "import asyncio, sys\n"
        "from deepaas.training.store import Store\n"
        "async def main():\n"
        "    await (await Store.open(sys.argv[1])).close()\n"
        "asyncio.run(main())\n"
        "print({'alembic', 'sqlalchemy.orm'} & sys.modules.keys())\n"
    )
    for _ in ("the first opens it", "the second finds it"):
        command = [sys.executable, "-c", code, database_url]
        assert subprocess.check_output(command, text=True).strip() == "set()"


async def test_a_newer_database_is_left_alone(database_url: str) -> None:
    store = await Store.open(database_url)
    run = await added(store)
    await store.close()
    await execute(database_url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(ConfigError, match=r"created by a newer version of DEEPaaS.*'9999'"):
        await Store.open(database_url)
    await execute(database_url, f"UPDATE {VERSION_TABLE} SET version_num = '{HEAD}'")
    store = await Store.open(database_url)
    assert await store.list(MODEL) == [run]
    await store.close()


async def test_what_cannot_be_made_leaves_nothing(database_url: str) -> None:
    """One of the tables is there already: what was made before it is undone."""
    await execute(database_url, "CREATE TABLE deepaas_hosts (id INTEGER)")
    with pytest.raises(StoreUnavailable) as raised:
        await Store.open(database_url)
    assert "deepaas_hosts" in raised.value.details
    await execute(database_url, "DROP TABLE deepaas_hosts")
    store = await Store.open(database_url)
    await added(store)
    await store.close()


async def test_a_migration_that_breaks_changes_nothing(database_url: str) -> None:
    """The second of two fails, and the first is undone."""
    await _make_as_of(database_url, "0001")
    await execute(database_url, "ALTER TABLE deepaas_runs ADD COLUMN name TEXT")
    with pytest.raises(StoreUnavailable) as raised:
        await Store.open(database_url)
    assert "name" in raised.value.details
    assert await execute(database_url, f"SELECT version_num FROM {VERSION_TABLE}") == [("0001",)]
    await execute(database_url, "ALTER TABLE deepaas_runs DROP COLUMN name")
    store = await Store.open(database_url)
    await added(store)
    await store.close()


async def test_one_host_at_a_time_opens_a_file(tmp_path: Path) -> None:
    with (tmp_path / "trainings.sqlite.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        opening = asyncio.create_task(Store.open(sqlite_url(tmp_path / "trainings.sqlite")))
        await asyncio.wait([opening], timeout=0.3)
        assert not opening.done()
    await (await opening).close()


async def test_sqlite_is_as_durable_as_it_can_be(tmp_path: Path) -> None:
    store = await Store.open(sqlite_url(tmp_path / "100%.sqlite"))
    for kind in (store._database.reading, store._database.writing):
        async with kind() as connection:
            for pragma, value in [("journal_mode", "wal"), ("synchronous", 2)]:
                found = await connection.execute(text(f"PRAGMA {pragma}"))
                assert found.scalar_one() == value
    await store.close()
    assert not (tmp_path / "100%.sqlite-wal").exists()
