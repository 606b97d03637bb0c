"""A training as a run of a host: what it tells, how it is cancelled, how it goes on, what stays."""

import json
import runpy
import shutil
import sys
import threading
import time
from collections import namedtuple
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from demo_app.data import load_split
from demo_app.fit import CheckpointError, Options
from marshmallow import Schema
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from deepaas.model.v2 import run as helpers
from demo_app import api, checkpoint, training, weights

SEVEN = Path(__file__).parents[2] / "docs" / "images" / "seven.png"
SHIPPED = Path(weights.__file__).parent / "weights" / "digits.pt"

Upload = namedtuple("Upload", ["name", "filename", "content_type", "original_filename"])


class Run(NamedTuple):
    """The folders of a run, as a host makes them."""

    files: Path
    control: Path

    def progress(self) -> dict[str, Any]:
        """What the training has told last."""
        told: dict[str, Any] = json.loads((self.control / "progress.json").read_text())
        return told

    def names(self) -> list[str]:
        """What the run has written, without the event files."""
        return sorted(p.name for p in self.files.iterdir() if "tfevents" not in p.name)

    def events(self) -> EventAccumulator:
        """What TensorBoard sees."""
        events = EventAccumulator(str(self.files))
        events.Reload()
        return events


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder of its own for each test, and an empty working directory."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home" / "demo_app"


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the folders of another run, and has the next training be that run."""
    numbers = count(1)

    def begin() -> Run:
        folder = tmp_path / "runs" / str(next(numbers))
        run = Run(folder / "files", folder / "control")
        for path in run:
            path.mkdir(parents=True)
        monkeypatch.setenv("DEEPAAS_RUN_DIR", str(run.files))
        monkeypatch.setenv("DEEPAAS_RUN_CONTROL", str(run.control))
        return run

    return begin


@pytest.fixture
def run(begin: Any) -> Run:
    """The folders of the run that the next training is."""
    made: Run = begin()
    return made


def train(**given: Any) -> dict[str, Any]:
    """A short training with few samples, as the host starts it."""
    file = given.pop("checkpoint", None)
    given = {"epochs": 3, "copies": 0, "validation_split": 0.8} | given
    if file is not None:
        given["checkpoint"] = Upload("checkpoint", str(file), "application/zip", "mine.pt")
    result = api.train(**Schema.from_dict(api.get_train_args())().load(given))
    json.dumps(result, allow_nan=False)
    return result


def predict(name: str) -> dict[str, Any]:
    given = {"image": Upload("image", str(SEVEN), "image/png", "7.png"), "weights": name}
    found = api.predict(**Schema.from_dict(api.get_predict_args())().load(given))
    assert isinstance(found, dict)
    return found


def stopping_after(asked: int) -> Any:
    """Something to ask whether to stop, which says so from the given question on."""
    numbers = count()
    return lambda: next(numbers) >= asked


def test_the_curves_and_pictures_are_in_tensorboard(run: Run) -> None:
    found = train(validation_split=0.1)  # It has to get better.
    events = run.events()
    told = {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }
    names = {
        "loss/training": "loss",
        "loss/validation": "validation_loss",
        "accuracy/validation": "validation_accuracy",
        "learning_rate": "learning_rate",
    }
    assert told == {
        name: [(e["epoch"], pytest.approx(e[key], abs=1e-6)) for e in found["history"]]
        for name, key in names.items()
    }
    assert found["history"][-1]["learning_rate"] == pytest.approx(0, abs=1e-9)
    pictures = events.Images("validation digits")
    assert [picture.step for picture in pictures] == [1, 3]
    assert (pictures[0].width, pictures[0].height) == (600, 600)
    assert pictures[0].encoded_image_string != pictures[1].encoded_image_string


def test_each_epoch_is_told_and_in_the_files_at_once(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    tell = helpers.progress

    def look(step: float, total: float | None = None, message: str = "") -> None:
        tell(step, total, message)
        scalars = run.events().Tags()["scalars"]
        curve = run.events().Scalars("loss/training") if scalars else []
        kept = (run.files / "checkpoint.pt").exists()
        seen.append((run.progress(), [event.step for event in curve], kept))

    monkeypatch.setattr(helpers, "progress", look)
    train(epochs=2)
    assert [(told["step"], told["total"], curve, kept) for told, curve, kept in seen] == [
        (0, 2, [], False),
        (1, 2, [1], True),
        (2, 2, [1, 2], True),
    ]
    assert seen[0][0]["message"] == "preparing the samples"
    assert seen[-1][0]["message"].startswith("validation accuracy 0.")


def test_a_finished_run_has_weights_and_no_checkpoint(run: Run) -> None:
    found = train()
    assert run.names() == ["trained.pt"]
    assert (found["cancelled"], found["epochs"], found["checkpoint"]) == (False, 3, None)
    assert (found["weights"], found["file"]) == ("trained", str(run.files / "trained.pt"))


def test_new_weights_are_used_at_once_and_vanish_with_their_run(run: Run) -> None:
    assert api.get_metadata()["weights"] == ["digits"]
    train(name="mine")
    assert api.get_metadata()["weights"] == ["digits", "mine"]
    assert predict("mine")["weights"] == "mine"
    shutil.rmtree(run.files)
    assert api.get_metadata()["weights"] == ["digits"]
    with pytest.raises(Exception, match="no weights 'mine'; available: digits"):
        predict("mine")


def test_weights_that_vanish_while_they_are_looked_up_are_unknown(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(name="mine", epochs=1)
    monkeypatch.setattr(weights, "available", lambda: ["digits", "mine"])
    shutil.rmtree(run.files)
    with pytest.raises(weights.UnknownWeightsError, match=r"available: digits$"):
        weights.load("mine")


def test_of_two_runs_with_one_name_the_later_has_it(begin: Any, models: Path) -> None:
    first = begin()
    train(name="mine", seed=1)
    second = begin()
    train(name="mine", seed=2)
    assert [path.name for path in models.iterdir()] == ["mine.pt"]
    assert (models / "mine.pt").resolve() == second.files / "mine.pt"
    assert first.names() == ["mine.pt"]
    # The name does not go back to the earlier one, whose file is still there.
    shutil.rmtree(second.files)
    assert weights.available() == ["digits"]
    # It is free, also for a training that is no run.
    weights.publish(weights.load("digits"), "mine", None)
    assert not (models / "mine.pt").is_symlink()
    assert weights.available() == ["digits", "mine"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "kept.pt"
    weights.write({"value": 1}, path)
    with pytest.raises(Exception, match="pickle"):
        weights.write({"value": threading.Lock()}, path)
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["kept.pt"]
    assert torch.load(path, weights_only=True) == {"value": 1}


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ({"copies": 30, "validation_split": 0.1}, 0),
        ({"batch_size": 1, "epochs": 500, "validation_split": 0.01}, 1),
    ],
    ids=["while the samples are prepared", "in a long epoch"],
)
def test_a_cancel_takes_effect_within_a_second(run: Run, given: dict[str, Any], step: int) -> None:
    load_split()  # What it needs is imported now: an import does not ask.
    asked = []

    def cancel() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if (run.control / "progress.json").exists() and run.progress()["step"] >= step:
                break
            time.sleep(0.01)
        (run.control / "cancelled").touch()
        asked.append(time.monotonic())

    thread = threading.Thread(target=cancel)
    thread.start()
    found = train(**given)
    ended = time.monotonic()
    thread.join()
    # Measured 0.01 to 0.03 s; the machine may be busy.
    assert ended - asked[0] < 2
    # The host then leaves it to this code to stop.
    assert (run.control / "polled").exists()
    assert found["cancelled"]
    assert found["epochs"] == len(found["history"]) >= step
    assert (found["weights"], found["file"]) == (None, None)
    assert found["checkpoint"] == str(run.files / "checkpoint.pt")
    assert run.names() == ["checkpoint.pt"]
    assert weights.available() == ["digits"]
    saved = torch.load(run.files / "checkpoint.pt", weights_only=True)
    assert saved["epoch"] == found["epochs"]
    assert {"network", "optimizer", "scheduler"} <= set(saved)


def test_a_cancelled_run_goes_on_in_another(begin: Any) -> None:
    first = begin()
    (first.control / "cancelled").touch()
    assert train(name="mine", epochs=2, seed=3)["epochs"] == 0
    second = begin()
    # The other arguments are those of the first run.
    found = train(name="mine", epochs=9, seed=9, checkpoint=first.files / "checkpoint.pt")
    assert (found["cancelled"], found["epochs"]) == (False, 2)
    assert second.names() == ["mine.pt"]
    begin()
    assert train(name="same", epochs=2, seed=3)["history"] == found["history"]


# 144 samples are 12 steps.
SHORT = Options(epochs=2, copies=0, validation_split=0.9, batch_size=13, seed=5)


@pytest.fixture(scope="module")
def whole() -> training.Outcome:
    """What comes of a training that is never stopped."""
    return training.train(SHORT, lambda _: None)


# At the start, in the first epoch, between the epochs, before the next step, before the last step.
@pytest.mark.parametrize("asked", [0, 7, 13, 14, 25])
def test_wherever_it_stops_it_goes_on_to_the_same_weights(
    whole: training.Outcome, asked: int, tmp_path: Path
) -> None:
    half = training.train(SHORT, lambda _: None, stopping_after(asked))
    assert half.stopped is not None
    checkpoint.save(half.stopped, tmp_path / "checkpoint.pt")
    start = checkpoint.load(tmp_path / "checkpoint.pt")
    assert (len(start["history"]), len(start["left"]) // 13) == {
        0: (0, 0),
        7: (0, 5),
        13: (1, 0),
        14: (1, 11),
        25: (1, 0),
    }[asked]
    rest = training.train(SHORT, lambda _: None, start=start)
    assert rest.stopped is None
    assert rest.history == whole.history
    assert rest.accuracy == whole.accuracy
    for one, other in zip(rest.network.parameters(), whole.network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_training_that_is_done_is_not_stopped_any_more() -> None:
    assert training.train(SHORT, lambda _: None, stopping_after(26)).stopped is None


@pytest.fixture(scope="module")
def state() -> dict[str, Any]:
    """What a checkpoint holds."""
    options = Options(epochs=2, copies=0)
    # Question 6 comes in the first epoch.
    stopped = training.train(options, lambda _: None, cancelling=stopping_after(6)).stopped
    assert stopped is not None
    assert len(stopped["left"])
    return stopped


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"options": {**asdict(Options()), "epochs": 10**9}},
            "options in the checkpoint are wrong",
        ),
        ({"options": {"epochs": 3}}, "its options are others"),
        ({"options": None}, "its options are others"),
        ({"network": {}}, "not a checkpoint of this model"),
        ({"network": None}, "not a checkpoint of this model"),
        ({"optimizer": {"state": {}, "param_groups": []}}, "not a checkpoint of this model"),
        ({"scheduler": 1}, "not a checkpoint of this model"),
        ({"history": [{"epoch": 1}]}, "not a checkpoint of this model"),
        ({"left": torch.tensor([10**6])}, "not a checkpoint of this model"),
        ({"left": torch.tensor([[1]])}, "not a checkpoint of this model"),
        ({"left": 3}, "not a checkpoint of this model"),
        ({"total": "x"}, "not a checkpoint of this model"),
        ({"random": torch.zeros(3, dtype=torch.uint8)}, "not a checkpoint of this model"),
        ({"format": "another"}, "the file is no checkpoint"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_changed_checkpoint_is_refused(
    state: dict[str, Any], change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "changed.pt"
    weights.write({"format": "demo_app checkpoint 1", **state, **change}, path)
    with pytest.raises(CheckpointError, match=message):
        train(checkpoint=path)


class Evil:
    """A pickle that does something when it is read."""

    def __reduce__(self) -> Any:
        return (Path.touch, (Path("touched"),))


def test_other_files_are_no_checkpoints(tmp_path: Path) -> None:
    whole = tmp_path / "whole.pt"
    weights.write({"a": torch.zeros(9)}, whole)
    contents = [
        b"",
        b"no checkpoint",
        np.random.default_rng(0).bytes(5000),
        whole.read_bytes()[:-200],
        SEVEN.read_bytes(),
        SHIPPED.read_bytes(),
    ]
    path = tmp_path / "other.pt"
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="the file is no checkpoint"):
            train(checkpoint=path)
    torch.save({"format": Evil()}, path)
    with pytest.raises(CheckpointError, match="the file is no checkpoint"):
        train(checkpoint=path)
    assert list(Path.cwd().iterdir()) == []


def test_without_a_host_the_working_directory_stays_empty(models: Path) -> None:
    found = train(epochs=1)
    assert found["file"] == str(models / "trained.pt")
    assert list(Path.cwd().iterdir()) == []


def test_the_command_writes_what_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out" / "mine.pt"
    curves = tmp_path / "curves"
    options = ["--epochs=1", "--copies=0", "--output", str(output), "--tensorboard", str(curves)]
    monkeypatch.setattr(sys, "argv", ["training", *options])
    # As `python -m` does, here: in a new process PyTorch takes longer than all these tests.
    monkeypatch.delitem(sys.modules, "demo_app.training")
    runpy.run_module("demo_app.training", run_name="__main__", alter_sys=True)
    assert [path.name for path in output.parent.iterdir()] == ["mine.pt"]
    assert len(list(curves.glob("events.out.tfevents.*"))) == 1
    assert list(Path.cwd().iterdir()) == []
