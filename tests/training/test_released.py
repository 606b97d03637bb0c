"""State directories of released versions, opened by this one.

``released/make.py`` makes one: a run that is done, one that has failed, one that was running when
its host was killed, and one that was waiting.
"""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest
from support.host import run_host
from support.trainings import Client, Ground
from support.waiting import wait_until

from deepaas.training.tables import VERSION_TABLE

RELEASED = sorted((Path(__file__).parent / "released").glob("*.tar.gz"))


def test_there_is_one() -> None:
    assert RELEASED


@pytest.mark.parametrize("archive", RELEASED, ids=lambda path: path.name)
def test_runs_of_a_released_version_are_there_and_the_queue_goes_on(
    archive: Path, tmp_path: Path
) -> None:
    ground = Ground(tmp_path)
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path)
    before = ground.rows()
    assert sorted(before.values()) == ["done", "error", "queued", "running"]
    done, failed, queued, running = sorted(before, key=lambda run: before[run])
    with ground.host("--no-ui") as host:
        trainings = Client(host)
        assert trainings.wait(queued, "done")["result"]["output"] == {"text": "second"}
        wait_until(lambda: trainings.status(running) == "interrupted", "its host is dead")
        assert {one["uuid"] for one in trainings.list()} == set(before)
        assert trainings.get(done)["status"] == "done"
        assert "on purpose" in str(trainings.get(failed))
        assert "waiting" in trainings.log(running)
        # What was interrupted can be asked for again.
        again = trainings.begin("waits", text="first")
        host.touch("go-first")
        trainings.wait(again, "done")
    ground.assert_whole()
    assert (ground.folder / "runs" / done / "files" / "0.txt").read_text() == "kept"


def test_an_older_host_refuses_a_newer_database_in_words_and_leaves_it_alone(
    tmp_path: Path,
) -> None:
    """Rollback: this version stands for the older one."""
    with tarfile.open(RELEASED[-1]) as packed:
        packed.extractall(tmp_path)
    database = tmp_path / "deepaas" / "trainings.sqlite"
    with sqlite3.connect(database) as store:
        store.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    store.close()
    shutil.copy(database, tmp_path / "before")
    ended = run_host(["trains"], "--state-dir", str(database.parent))
    assert ended.returncode == 1
    assert "was created by a newer version of DEEPaaS" in ended.output
    assert "Traceback" not in ended.output
    with sqlite3.connect(database) as after, sqlite3.connect(tmp_path / "before") as kept:
        assert list(after.iterdump()) == list(kept.iterdump())
