"""The state directory: what is made in it, and what is removed."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from deepaas.errors import ConfigError
from deepaas.messages import RawRequest, Upload
from deepaas.training.place import STRAY_SECONDS, Place, label
from deepaas.training.runs import Run, State


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "state")


def age(path: Path) -> None:
    long_ago = time.time() - 2 * STRAY_SECONDS
    os.utime(path, (long_ago, long_ago))


def run(uuid: str = "a" * 32) -> Run:
    return Run(uuid, "model", "place", State.RUNNING, 1e9, b"{}")


@pytest.mark.usefixtures("place")
def test_nobody_else_can_look_into_it(tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_two_hosts_give_it_one_name(place: Place, tmp_path: Path) -> None:
    assert Place(tmp_path / "state").id == place.id
    assert Place(tmp_path / "other").id != place.id


def test_a_file_is_no_state_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="--state-dir"):
        Place(tmp_path / "file")


def test_a_folder_gets_its_name_when_the_store_has_the_run(place: Place, tmp_path: Path) -> None:
    upload = tmp_path / "1.png"
    upload.write_bytes(b"content")
    with place.new_folder("a" * 32) as folder:
        folder.store_inputs(
            RawRequest(form=[("image", Upload(str(upload), "my.png", "image/png"))])
        )
    assert not place.folder("a" * 32).path.exists()
    inputs = place.settle("a" * 32).load_inputs()
    assert isinstance(inputs, RawRequest)
    ((name, moved),) = inputs.form
    assert name == "image" and isinstance(moved, Upload)
    assert Path(moved.path).read_bytes() == b"content"
    assert not upload.exists()
    assert place.settle("a" * 32).path.is_dir()


def test_nothing_is_left_of_a_folder_that_could_not_be_made(place: Place, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), place.new_folder("a" * 32):
        raise RuntimeError
    assert list((tmp_path / "state" / "runs").iterdir()) == []


def test_the_sweep_leaves_alone_what_another_store_may_have(place: Place) -> None:
    for uuid in ("a" * 32, "b" * 32, "c" * 32):
        with place.new_folder(uuid):
            pass
    known, unknown = place.settle("a" * 32), place.settle("b" * 32)
    making = place.folder("c" * 32).path.with_name(".new-" + "c" * 32)
    for path in (known.path, unknown.path):
        age(path)
    assert place.sweep({"a" * 32}, {"a" * 32}) == []
    assert making.exists()
    age(making)
    assert place.sweep({"a" * 32}, {"a" * 32}) == [making.name]
    assert unknown.path.exists() and unknown.inputs.exists()
    # Of those that have ended nobody needs the request any more.
    assert known.path.exists() and not known.inputs.exists()


def test_links_for_tensorboard_survive_a_move(place: Place, tmp_path: Path) -> None:
    with place.new_folder("a" * 32) as folder:
        (folder.files / "events").touch()
    place.settle("a" * 32)
    place.show(run())
    (tmp_path / "state").rename(tmp_path / "moved")
    moved = Place(tmp_path / "moved")
    assert (moved.tensorboard / label(run()) / "events").exists()
    moved.remove("a" * 32)
    assert list(moved.tensorboard.iterdir()) == []
    assert list((tmp_path / "moved" / "runs").iterdir()) == []


def test_a_host_lives_as_long_as_its_lock(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "state")
    assert not other.lives("host")
    place.enter("host")
    assert other.lives("host")
    place.leave("host")
    assert not other.lives("host")
