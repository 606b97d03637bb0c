"""Tests that call the model like its users do, on a real host.

`deepaas_client` is a pytest fixture from deepaas.
"""

from pathlib import Path
from random import Random

import pytest
from deepaas.client import Client, ClientError

from {{ cookiecutter.__package }} import data, store


@pytest.fixture(params=data.LABELS)
def shape(request: pytest.FixtureRequest) -> str:
    return request.param


def picture(folder: Path, label: str) -> Path:
    path = folder / "picture.png"
    data.draw(label, Random(7), side=200).save(path)
    return path


def test_metadata(deepaas_client: Client) -> None:
    about = deepaas_client.metadata()
    assert about["version"]
    assert about["weights"][0] == store.SHIPPED
    assert all(example["image"].startswith("data:image/jpeg") for example in about["examples"])


def test_predict(deepaas_client: Client, tmp_path: Path, shape: str) -> None:
    answer = deepaas_client.predict(image=picture(tmp_path, shape), top=2)
    assert answer["labels"][0] == shape
    assert len(answer["probabilities"]) == 2


def test_what_is_no_image_is_refused(deepaas_client: Client) -> None:
    with pytest.raises(ClientError, match="is not an image"):
        deepaas_client.predict(image=("notes.txt", b"no pixels"))


def test_train(deepaas_client: Client, tmp_path: Path) -> None:
    training = deepaas_client.train(name="test", epochs=2, pictures=100).wait(timeout=120)
    assert training.state == "done", training.error
    assert [step for step, _ in training.metrics()["accuracy/validation"]] == [1, 2]
    answer = deepaas_client.predict(image=picture(tmp_path, "star"), weights="test", top=4)
    assert set(answer["labels"]) == set(data.LABELS)


def test_cancelling(deepaas_client: Client) -> None:
    training = deepaas_client.train(name="unfinished", epochs=100, pictures=100)
    for now in training.watch():
        if now.progress is not None:
            break
    training.cancel()
    assert training.wait(timeout=60).state == "cancelled"
    assert training.result["cancelled"] is True
    assert "unfinished" not in deepaas_client.metadata()["weights"]
