"""A state directory that cannot be used."""

import shutil
from pathlib import Path

import pytest
from support.host import run_host, start_host
from support.trainings import Client, Ground
from support.waiting import wait_until


@pytest.fixture
def blocked(tmp_path: Path) -> Path:
    """A path under which nothing can be made, not even by root."""
    file = tmp_path / "file"
    file.write_text("not a directory")
    return file / "state"


def test_one_that_was_named(blocked: Path) -> None:
    ended = run_host(["trains"], "--state-dir", str(blocked))
    assert ended.returncode == 1
    assert f"state-dir {str(blocked)!r} cannot be used: Not a directory" in ended.output
    assert "Traceback" not in ended.output


def test_the_usual_one(blocked: Path) -> None:
    """A read-only container, say: trainings work, until the host ends."""
    with start_host(["trains"], state=blocked) as host:
        client = Client(host)
        run = client.begin("writes", text="x")
        assert client.wait(run)["status"] == "done"
        assert client.files(run) == {"0.txt": b"x"}
        assert "trainings are kept until this host ends" in host.log()


def test_a_database_that_cannot_be() -> None:
    ended = run_host(["trains"], "--database-url", "mysql://somebody:secret@nowhere/x")
    assert ended.returncode == 1
    assert "database-url 'mysql://somebody:***@nowhere/x' has another driver" in ended.output
    assert "Traceback" not in ended.output
    assert "secret" not in ended.output


def test_a_folder_of_a_run_that_is_lost(sqlite_ground: Ground) -> None:
    """Somebody has removed it: what is in the store is told, the rest is not there."""
    with sqlite_ground.host() as host:
        client = Client(host)
        run = client.begin("writes", text="x")
        client.wait(run, "done")
        large = client.begin("large", count=200_000)
        client.wait(large, "done")
        running = client.begin("waits", text="a")
        client.wait_running(running, "a")
        waiting = client.begin("writes", text="b")
        for lost in (run, large, waiting):
            shutil.rmtree(sqlite_ground.folder / "runs" / lost)
        assert client.get(run)["status"] == "done"
        assert client.get(large)["result"]["output"] is None
        assert client.files(run) == {}
        assert client.log(run) == ""
        host.touch("go-a")
        assert client.wait(running)["status"] == "done"
        # Its turn comes, and there is nothing to run it with.
        assert "cannot be started" in client.wait(waiting, "error")["message"]
        wait_until(lambda: client.wait(client.begin())["status"] == "done", "the host goes on")
