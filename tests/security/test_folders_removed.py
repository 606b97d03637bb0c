"""Somebody removes the store, or a folder of the host, while it runs: it is noticed, and told."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from support.client import Upload
from support.host import Host, start_host
from support.removal import remove_tree
from support.shape import assert_failure
from support.trainings import Client
from support.waiting import wait_until

How = Callable[[Path], None]
LOST = "was removed or replaced while the host was running"


@contextmanager
def started() -> Iterator[Host]:
    with start_host(["trains", "large"], "--no-ui") as host:
        assert Client(host).list() == [], "this waits until the store is open"
        yield host
        assert "Traceback" not in host.log()


@pytest.fixture(scope="module")
def shared() -> Iterator[Host]:
    with started() as host:
        yield host


@pytest.fixture
def host(shared: Host) -> Iterator[Host]:
    """All is put back in the end."""
    store = state(shared) / "trainings.sqlite"
    kept = store.with_name("kept")
    os.link(store, kept)
    yield shared
    kept.replace(store)
    # If it is the same already, this leaves both names.
    kept.unlink(missing_ok=True)
    wait_until(lambda: trainings(shared)["status"] == "ready", "the store is there again")


def state(host: Host) -> Path:
    return host.home / "state" / "deepaas"


def trainings(host: Host) -> dict[str, Any]:
    told: dict[str, Any] = host.get("/readyz").json()["trainings"]
    return told


def assert_refused(host: Host) -> None:
    for method, path in (("POST", "?how=returns"), ("GET", ""), ("GET", "a" * 32)):
        answer = Client(host).send(method, path)
        message = assert_failure(answer, 503)
        # A training needs the folder first, if that has gone as well.
        assert LOST in message or "the state directory was removed" in message
        assert "restart the host" in message
        assert str(host.home) not in answer.body.decode()
        assert answer.headers["retry-after"]


def remove(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").rename(path)


def remove_all(path: Path) -> None:
    remove_tree(path.parent)


@pytest.mark.parametrize("how", [remove, replace])
def test_store_is_lost(host: Host, how: How) -> None:
    assert_noticed(host, how)


def test_store_is_lost_with_its_folder() -> None:
    with started() as host:
        assert_noticed(host, remove_all)


def assert_noticed(host: Host, how: How) -> None:
    assert trainings(host) == {"status": "ready", "reason": ""}
    logged = len(host.log())
    client = Client(host)
    client.wait(client.begin(), "done")
    how(state(host) / "trainings.sqlite")
    assert_refused(host)
    wait_until(lambda: trainings(host)["status"] == "unavailable", "the heart notices")
    told = host.get("/readyz")
    assert told.status == 200, "predictions are made"
    assert "was removed or replaced" in told.json()["trainings"]["reason"]
    assert str(host.home) not in told.body.decode()
    assert host.predict("trains", text="x").status == 200
    lines = [line for line in host.log()[logged:].splitlines() if str(state(host)) in line]
    assert any(
        "was removed or replaced while the host was running: put it back" in one for one in lines
    )
    # It is not made again by whoever asks next, to be lost with the next restart.
    assert how is replace or not (state(host) / "trainings.sqlite").exists()


def test_store_is_put_back(host: Host) -> None:
    path = state(host) / "trainings.sqlite"
    client = Client(host)
    run = client.begin()
    client.wait(run, "done")
    path.rename(path.with_name("away"))
    assert_refused(host)
    path.with_name("away").rename(path)
    assert client.get(run)["status"] == "done"
    client.wait(client.begin(), "done")
    wait_until(lambda: trainings(host)["status"] == "ready", "the heart notices")


def test_predictions_of_cog_that_are_not_kept_are_told_in_the_log(host: Host) -> None:
    """They are made all the same, as when a database is away."""
    logged = len(host.log())
    (state(host) / "trainings.sqlite").unlink()
    connection = HTTPConnection("127.0.0.1", host.port, timeout=20)
    body = json.dumps({"input": {"text": "x"}})
    headers = {"Content-Type": "application/json", "Prefer": "respond-async"}
    connection.request("POST", "/cog/trains/predictions", body, headers)
    answer = connection.getresponse()
    told = answer.read().decode()
    connection.close()
    assert answer.status == 202, told
    wait_until(lambda: LOST in host.log()[logged:], "the loss is in the log")
    assert not (state(host) / "trainings.sqlite").exists()


def test_the_folder_of_runs_is_removed(host: Host) -> None:
    client = Client(host)
    going = client.begin("waits", text="runs")
    client.wait_running(going, "runs")
    remove_tree(state(host) / "runs")
    host.touch("go-runs")
    assert client.wait(going)["status"] == "done"
    assert client.send("GET", f"{going}/files/").json()["files"] == []
    assert client.log(going) == ""
    run = client.begin("writes", text="again")
    assert client.wait(run)["status"] == "done"
    assert client.files(run) == {"0.txt": b"again"}
    assert (state(host) / "runs").stat().st_mode & 0o077 == 0, "as private as it was"


def test_the_temporary_folder_is_removed(host: Host) -> None:
    """As cleaners of /tmp do: the next upload and the next large answer make it again."""
    logged = len(host.log())
    (folder,) = host.tmp.glob("deepaas-host-*")
    remove_tree(folder)
    answer = host.predict("large", upload=Upload(200_000), size_bytes=300_000)
    assert (answer.status, answer.size > 200_000) == (200, True), answer.body[:300]
    again = host.predict("large", size_bytes=300_000)
    assert again.status == 200
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "uploads").stat().st_mode & 0o077 == 0
    host.wait_for_log("created it again", logged)


def test_the_temporary_folder_is_somebody_elses_by_now(host: Host) -> None:
    """Who can write to /tmp gets no uploads by making the folder that was removed."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder of another user's")
    (folder,) = host.tmp.glob("deepaas-host-*")
    remove_tree(folder)
    (folder / "uploads").mkdir(parents=True)
    os.chown(folder, 12345, 12345)
    remove_tree(folder / "uploads")
    answer = host.predict("large", upload=Upload(200_000), size_bytes=10)
    assert answer.status == 500
    assert not list(folder.rglob("*"))
    remove_tree(folder)
    again = host.predict("large", upload=Upload(200_000), size_bytes=10)
    assert again.status == 200, "it is made as soon as nobody else has it"
