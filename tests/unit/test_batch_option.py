"""What an operator can say about batches."""

from __future__ import annotations

import pytest

from deepaas.errors import ConfigError
from deepaas.messages import Batching
from deepaas.model.batches import batches

MODELS = ["resnet", "speech"]


@pytest.mark.parametrize(
    ("value", "batching"),
    [
        ("16", Batching(16, chosen=True)),
        ("16,5ms", Batching(16, 0.005, chosen=True)),
        ("16, 5 ms", Batching(16, 0.005, chosen=True)),
        ("8,0.01s", Batching(8, 0.01, chosen=True)),
        ("auto", Batching(32, automatic=True, chosen=True)),
        ("off", Batching(1, chosen=True)),
        ("1", Batching(1, chosen=True)),
    ],
)
def test_sizes_and_delays(value: str, batching: Batching) -> None:
    assert batches([f"resnet={value}"], MODELS) == {"resnet": batching}


def test_commas_of_an_environment_variable_also_separate_models() -> None:
    found = batches(["resnet=16", "5ms", "speech=auto"], MODELS)
    assert found == {
        "resnet": Batching(16, 0.005, chosen=True),
        "speech": Batching(32, automatic=True, chosen=True),
    }


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["resnet=16,5"], "the delay '5' needs a unit: 5ms or 5s."),
        (["resnet=16,soon"], "the delay 'soon' needs a unit, such as 5ms."),
        (["resnet=16,2m"], "the delay '2m' needs a unit"),
        (["resnet=16,90s"], "the delay is longer than 60 s"),
        (["resnet=auto,5ms"], "'auto' has no delay"),
        (["resnet=0"], "'0' is not a size"),
        (["resnet=many"], "'many' is not a size"),
        (["resnet="], "'' is not a size"),
        (["16"], "'16' is not NAME=SIZE"),
        (["resnt=16"], "model 'resnt' not found. Did you mean resnet?"),
        (["other=16"], "model 'other' not found. Models to serve: resnet, speech."),
        (["resnet=16", "resnet=8"], "model 'resnet' is set twice"),
    ],
)
def test_what_is_wrong_is_told(options: list[str], why: str) -> None:
    with pytest.raises(ConfigError) as told:
        batches(options, MODELS)
    assert str(told.value).startswith("--batch: ")
    assert why in str(told.value)
