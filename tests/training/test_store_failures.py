"""The store when things go wrong: URLs, lost connections, full disks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from support.postgres import server

from deepaas.errors import ConfigError, StorageFull, StoreUnavailable
from deepaas.training.runs import RunOutcome, State
from deepaas.training.store import Store

from .examples import HOST, MODEL, PLACE, a_run, added, run_in, sqlite_url

QUICK_SECONDS = 10.0


# --- URLs ---


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "not a valid URL"),
        ("trainings.sqlite", "not a valid URL"),
        ("postgresql+asyncpg://u:secret@host:port/db", "not a valid URL"),
        ("mysql+aiomysql://u:secret@host/db", "unsupported driver"),
        ("postgresql://u:secret@host/db", r"unsupported driver.*postgresql\+asyncpg://"),
        ("postgresql+psycopg://u:secret@host/db", "unsupported driver"),
        ("sqlite:///file", r"unsupported driver.*sqlite\+aiosqlite://"),
        ("sqlite+aiosqlite://", "does not name a file"),
        ("sqlite+aiosqlite:///:memory:", "does not name a file"),
        ("sqlite+aiosqlite://folder/file", "lacks a slash"),
        ("postgresql+asyncpg://u:secret@localhost/db?sslmode=require", "sslmode"),
    ],
)
async def test_urls_that_do_not_work(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        await Store.open(url)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("package", "url", "words"),
    [
        ("asyncpg", "postgresql+asyncpg://u:secret@host/db", r"'deepaas\[postgresql\]'"),
        ("aiosqlite", "sqlite+aiosqlite:////tmp/file", "pip install aiosqlite"),
    ],
)
async def test_a_missing_driver(
    monkeypatch: pytest.MonkeyPatch, package: str, url: str, words: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=words) as caught:
        await Store.open(url)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://u:secret@127.0.0.1:1/db",
        "postgresql+asyncpg://u:secret@/db?host=/nowhere",
        "postgresql+asyncpg://u:secret@host.invalid/db",
        "sqlite+aiosqlite:////nowhere/file",
        "sqlite+aiosqlite:////proc/file",
    ],
)
async def test_databases_that_are_not_there(url: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await asyncio.wait_for(Store.open(url), 10)
    assert "secret" not in caught.value.message + caught.value.details
    assert "127.0.0.1" not in caught.value.message  # Clients may see it.
    assert caught.value.details


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("something else " * 1000)
    with pytest.raises(StoreUnavailable) as raised:
        await Store.open(sqlite_url(file))
    assert "not a database" in raised.value.details  # For the log: clients get our own words.
    assert file.read_text() == "something else " * 1000


# --- the connection is lost ---


@contextlib.contextmanager
def no_server(signal: str) -> Iterator[None]:
    server().stop(signal)
    try:
        yield
    finally:
        server().start()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("signal", ["INT", "QUIT"])
async def test_a_server_that_goes_and_comes_back(database_url: str, signal: str) -> None:
    store = await Store.open(database_url)
    run = await run_in(store, State.RUNNING)
    # Several connections that do not know yet that they are lost.
    await asyncio.gather(*(store.count() for _ in range(5)))
    with no_server(signal):
        begun = time.monotonic()
        for work in (
            lambda: store.list(MODEL),
            lambda: store.add(a_run()),
            lambda: store.claim(HOST, PLACE, [MODEL], 2.0),
            lambda: store.beat(HOST),
        ):
            with pytest.raises(StoreUnavailable):
                await work()
        with pytest.raises(StoreUnavailable):
            await Store.open(database_url)
        assert time.monotonic() - begun < QUICK_SECONDS
    # No reopening: the first question works.
    assert await store.get(MODEL, run.uuid) == run
    assert await store.finish(run.uuid, HOST, RunOutcome(State.DONE, 3.0))
    await store.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_restart_that_nobody_sees(database_url: str) -> None:
    store = await Store.open(database_url)
    await asyncio.gather(*(store.count() for _ in range(5)))
    with no_server("INT"):
        pass
    await added(store)
    await store.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_connection_that_is_cut_in_the_middle(database_url: str) -> None:
    store = await Store.open(database_url)
    with pytest.raises(StoreUnavailable):
        async with store._database.writing() as connection:
            await connection.execute(text("DELETE FROM deepaas_hosts"))
            server().run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'deepaas'"
            )
            await connection.execute(text("SELECT 1"))
    await added(store)
    await store.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_closed_server_does_not_hinder_closing(database_url: str) -> None:
    store = await Store.open(database_url)
    with no_server("QUIT"):
        await store.close()


# --- no space ---


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[bool]:
    """Mount a small disk at a folder; whether that was possible."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)


def grow(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=16m", folder], check=True)


@pytest.mark.parametrize("limit", ["disk", "pages"])
async def test_a_full_disk(tmp_path: Path, limit: str) -> None:
    """A small disk; a limit on the pages of the file stands for it where none can be mounted."""
    with small_disk(tmp_path, "4m") if limit == "disk" else contextlib.nullcontext() as mounted:
        store = await Store.open(sqlite_url(tmp_path / "trainings.sqlite"))
        running = await run_in(store, State.RUNNING)
        kept = [running]
        if not mounted:
            await pragma(store, "max_page_count = 100")
        with pytest.raises(StorageFull, match="database of training runs"):
            while len(kept) < 200:
                run = await added(store, args=b"x" * 50_000)
                kept.append(run)
        for _ in range(3):
            with pytest.raises(StorageFull):
                await store.add(a_run(args=b"x" * 1_000_000))
        # Reading goes on, and nothing is there by halves.
        assert await store.list(MODEL) == kept
        if mounted:
            await asyncio.to_thread(grow, tmp_path)
        else:
            await pragma(store, "max_page_count = 1000000")
        kept.append(await added(store, args=b"x" * 1_000_000))
        assert await store.finish(running.uuid, HOST, RunOutcome(State.DONE, 3.0))
        assert [run.uuid for run in await store.list(MODEL)] == [run.uuid for run in kept]
        await store.close()


async def pragma(store: Store, setting: str) -> None:
    """Set it on the one connection that a store has which never does two things at once."""
    async with store._database.reading() as connection:
        await connection.execute(text(f"PRAGMA {setting}"))


async def test_no_space_for_the_store_itself(tmp_path: Path) -> None:
    with small_disk(tmp_path, "4k") as mounted:
        if not mounted:
            pytest.skip("only root can mount a small disk")
        (tmp_path / "ballast").write_bytes(b"x" * 4096)
        with pytest.raises(StorageFull):
            await Store.open(sqlite_url(tmp_path / "trainings.sqlite"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_full_disk_of_the_server(database_url: str) -> None:
    """What the server answers then, raised by itself: it is shared with other tests."""
    store = await Store.open(database_url)
    with pytest.raises(StorageFull):
        async with store._database.writing() as connection:
            await connection.execute(
                text("DO $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$")
            )
    await added(store)
    await store.close()


async def test_another_process_holds_the_file_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepaas.training.store_database.LOCKED_SECONDS", 0.2)
    url = sqlite_url(tmp_path / "trainings.sqlite")
    store = await Store.open(url)
    with contextlib.closing(sqlite3.connect(tmp_path / "trainings.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable) as raised:
            await store.add(a_run())
        assert "locked" in raised.value.details
        assert await store.list(MODEL) == []
    await added(store)
    await store.close()
