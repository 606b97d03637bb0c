"""Tests that call the model like its users do, on a real host.

`deepaas_client` is a pytest fixture from deepaas.
"""

from typing import Any

import numpy as np
import pytest
import torch
from deepaas.client import Client, ClientError

from {{ cookiecutter.__package }} import data, examples, store
from {{ cookiecutter.__package }}.training import psnr


def reconstructed(client: Client, **arguments: Any) -> torch.Tensor:
    return torch.from_numpy(client.predict(**arguments))


def test_metadata(deepaas_client: Client) -> None:
    about = deepaas_client.metadata()
    assert about["version"]
    assert about["weights"][0] == store.SHIPPED
    assert [example["physics"] for example in about["examples"]] == [
        "denoising",
        "inpainting",
        "blur",
    ]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_predict(deepaas_client: Client, number: int) -> None:
    picture, example = examples.pictures()[number], examples.measurements()[number]
    x_hat = reconstructed(deepaas_client, **example)
    assert x_hat.shape == example["y"].shape
    assert psnr(x_hat[0], picture) > psnr(example["y"][0], picture) + 3


def test_any_size_and_several_pictures(deepaas_client: Client) -> None:
    y = torch.rand(2, 1, 33, 50)
    assert reconstructed(deepaas_client, y=y).shape == y.shape


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"physics": "denoisin"}, "physics: .*Did you mean denoising"),
        ({"physics": "inpainting"}, "mask: .*needs it"),
        ({"physics": "inpainting", "mask": np.ones((3, 3))}, r"mask: .*does not fit"),
        ({"mask": np.ones((8, 8))}, "mask: Not a parameter of the physics 'denoising'"),
        ({"physics": "blur", "filter": np.zeros((3, 3), np.float32)}, "filter: .*greater than 0"),
        ({"weights": "nobody"}, "weights: .*not found"),
        ({"y": torch.full((1, 1, 8, 8), torch.nan)}, "y: .*NaN"),
    ],
)
def test_what_is_wrong_is_told(
    deepaas_client: Client, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        deepaas_client.predict(**{"y": torch.zeros(1, 1, 8, 8), **arguments})


def test_train(deepaas_client: Client) -> None:
    training = deepaas_client.train(name="test", epochs=2, pictures=32).wait(timeout=120)
    assert training.state == "done", training.error
    assert [step for step, _ in training.metrics()["psnr/validation"]] == [1, 2]
    y = torch.rand(1, 1, data.SIDE, data.SIDE)
    assert reconstructed(deepaas_client, y=y, weights="test").shape == y.shape


def test_cancelling(deepaas_client: Client) -> None:
    training = deepaas_client.train(name="unfinished", epochs=100, pictures=32)
    for now in training.watch():
        if now.progress is not None:
            break
    training.cancel()
    assert training.wait(timeout=60).state == "cancelled"
    assert training.result["cancelled"] is True
    assert "unfinished" not in deepaas_client.metadata()["weights"]
