"""The state directory: what is made in it, and what is removed."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from deepaas.errors import ConfigError
from deepaas.messages import RawRequest, Upload
from deepaas.training.runs import State, TrainingRun
from deepaas.training.state_directory import STRAY_SECONDS, StateDirectory, label


@pytest.fixture
def directory(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


def age(path: Path) -> None:
    long_ago = time.time() - 2 * STRAY_SECONDS
    os.utime(path, (long_ago, long_ago))


def run(uuid: str = "a" * 32) -> TrainingRun:
    return TrainingRun(uuid, "model", "place", State.RUNNING, 1e9, b"{}")


@pytest.mark.usefixtures("directory")
def test_nobody_else_can_look_into_it(tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_two_hosts_give_it_one_name(directory: StateDirectory, tmp_path: Path) -> None:
    assert StateDirectory(tmp_path / "state").id == directory.id
    assert StateDirectory(tmp_path / "other").id != directory.id


def test_a_file_is_no_state_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="--state-dir"):
        StateDirectory(tmp_path / "file")


def test_a_folder_gets_its_name_when_the_store_has_the_run(
    directory: StateDirectory, tmp_path: Path
) -> None:
    upload = tmp_path / "1.png"
    upload.write_bytes(b"content")
    with directory.new_folder("a" * 32) as folder:
        folder.store_inputs(
            RawRequest(form=[("image", Upload(str(upload), "my.png", "image/png"))])
        )
    assert not directory.folder("a" * 32).path.exists()
    inputs = directory.settle("a" * 32).load_inputs()
    assert isinstance(inputs, RawRequest)
    ((name, moved),) = inputs.form
    assert name == "image" and isinstance(moved, Upload)
    assert Path(moved.path).read_bytes() == b"content"
    assert not upload.exists()
    assert directory.settle("a" * 32).path.is_dir()


def test_nothing_is_left_of_a_folder_that_could_not_be_made(
    directory: StateDirectory, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError), directory.new_folder("a" * 32):
        raise RuntimeError
    assert list((tmp_path / "state" / "runs").iterdir()) == []


def test_the_sweep_leaves_alone_what_another_store_may_have(directory: StateDirectory) -> None:
    for uuid in ("a" * 32, "b" * 32, "c" * 32):
        with directory.new_folder(uuid):
            pass
    known, unknown = directory.settle("a" * 32), directory.settle("b" * 32)
    making = directory.folder("c" * 32).path.with_name(".new-" + "c" * 32)
    for path in (known.path, unknown.path):
        age(path)
    assert directory.sweep({"a" * 32}, {"a" * 32}) == []
    assert making.exists()
    age(making)
    assert directory.sweep({"a" * 32}, {"a" * 32}) == [making.name]
    assert unknown.path.exists() and unknown.inputs.exists()
    # Of those that have ended nobody needs the request any more.
    assert known.path.exists() and not known.inputs.exists()


def test_links_for_tensorboard_survive_a_move(directory: StateDirectory, tmp_path: Path) -> None:
    with directory.new_folder("a" * 32) as folder:
        (folder.files / "events").touch()
    directory.settle("a" * 32)
    directory.show(run())
    (tmp_path / "state").rename(tmp_path / "moved")
    moved = StateDirectory(tmp_path / "moved")
    assert (moved.tensorboard / label(run()) / "events").exists()
    moved.remove("a" * 32)
    assert list(moved.tensorboard.iterdir()) == []
    assert list((tmp_path / "moved" / "runs").iterdir()) == []


def test_a_host_lives_as_long_as_its_lock(directory: StateDirectory, tmp_path: Path) -> None:
    other = StateDirectory(tmp_path / "state")
    assert not other.lives("host")
    directory.enter("host")
    assert other.lives("host")
    directory.leave("host")
    assert not other.lives("host")
