"""The shipped weights are as good as promised, and new ones can be trained and used at once."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from demo_app.data import augment, augmented, load_split
from demo_app.evaluate import as_photos
from demo_app.fit import accuracy
from marshmallow import Schema, ValidationError

from demo_app import api, weights


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder and no run directory of its own for each test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DEEPAAS_RUN_DIR", raising=False)
    monkeypatch.delenv("DEEPAAS_RUN_CONTROL", raising=False)
    return tmp_path / "home" / "demo_app"


def train(**given: Any) -> dict[str, Any]:
    """A short training, as the host starts it."""
    given = {"epochs": 2, "copies": 0} | given
    return api.train(**Schema.from_dict(api.get_train_args())().load(given))


def test_the_shipped_weights_reach_the_promised_accuracy() -> None:
    network = weights.load(weights.SHIPPED)
    _, held_back = load_split()
    assert accuracy(network, held_back) >= 0.975
    assert accuracy(network, as_photos(held_back.take(np.arange(150)))) >= 0.96


def test_the_shipped_weights_are_small_and_harmless() -> None:
    path = Path(weights.__file__).parent / "weights" / "digits.pt"
    assert path.stat().st_size < 20_000
    torch.load(path, weights_only=True)


def test_a_training_learns_and_its_weights_are_listed(home: Path) -> None:
    found = train(name="mine", epochs=12)
    json.dumps(found, allow_nan=False)
    assert found["accuracy"] > 0.85
    assert [epoch["epoch"] for epoch in found["history"]] == list(range(1, 13))
    assert found["history"][-1]["loss"] < found["history"][0]["loss"]
    assert found["file"] == str(home / "mine.pt")
    assert api.get_metadata()["weights"] == ["digits", "mine"]
    assert accuracy(weights.load("mine"), load_split()[1]) == pytest.approx(
        found["accuracy"], abs=0.01
    )


def test_the_same_seed_gives_the_same_weights() -> None:
    files = [
        Path(train(name=name, seed=seed)["file"]) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    one, same, other = (file.read_bytes() for file in files)
    assert one == same
    assert one != other


def test_replaced_weights_are_loaded_afresh() -> None:
    train(name="mine", seed=1)
    before = weights.load("mine")
    assert weights.load("mine") is before
    train(name="mine", seed=2)
    assert weights.load("mine") is not before


@pytest.mark.parametrize(
    "given",
    [{"name": n} for n in ("", "../x", "a/b", "digits", ".hidden", "x\n", "x" * 65)]
    + [{"epochs": 0}, {"validation_split": 1}, {"learning_rate": 0}, {"seed": -1}, {"copies": 99}],
    ids=str,
)
def test_wrong_arguments_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        train(**given)


def test_augmentation_keeps_the_digits_and_adds_to_them() -> None:
    known, _ = load_split()
    few = known.take(np.arange(40))
    more = augment(few, 2, np.random.default_rng(0))
    assert len(more) == 40 * 3 + 2 * (80 // 20) == augmented(40, 2)
    assert np.array_equal(more.grids[:40], few.grids)
    assert np.array_equal(more.labels[40:80], few.labels)
    assert more.grids.min() >= 0
    assert more.grids.max() <= 16.001


def test_nothing_held_back_is_trained_on() -> None:
    known, held_back = load_split()
    assert len(known) + len(held_back) == 1797
    assert not {g.tobytes() for g in known.grids} & {g.tobytes() for g in held_back.grids}
