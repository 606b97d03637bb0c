"""Physics from strings, over HTTP: documents, and what clients are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from support.command_lines import run_cli
from support.host import MODELS, Host, start_host
from support.waiting import wait_until

TYPED = """
from typing import Optional

import numpy as np
from deepaas.model.v2 import InvalidArgument
from physics import PHYSICS


def run(
    y: np.ndarray, physics: PHYSICS.annotation = "denoising", mask: Optional[np.ndarray] = None
) -> dict:
    return {k: v for k, v in PHYSICS.build(physics, y, mask=mask).items() if k != "mask"}
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("typed")
    (folder / "typed.py").write_text(TYPED)
    (folder / "physics.py").write_text((MODELS / "physics.py").read_text())
    with start_host(["physics"], "--model-name", f"typed={folder / 'typed.py'}:run") as host:
        yield host


def ask(host: Host, path: str, body: Any) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"}
    request = Request(f"{host.url}{path}", json.dumps(body).encode(), headers)
    try:
        with urlopen(request) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def predict(host: Host, model: str = "physics", **arguments: Any) -> tuple[int, Any]:
    body = {"y": [[1, 2]], **arguments}
    return ask(host, f"/v2/models/{model}/predict/", body)


def test_built(host: Host) -> None:
    status, told = predict(host, sigma=0.5)
    assert (status, told["predictions"]) == (200, {"name": "denoising", "sigma": 0.5})
    status, told = predict(host, physics="inpainting", mask=[1, 0])
    assert told["predictions"] == {"name": "inpainting", "mask": [1, 2], "sigma": 0}
    assert predict(host, "typed", physics="inpainting", mask=[1, 0])[0] == 200


REFUSED = [
    ({"physics": "denoisin"}, "physics", "Unknown physics 'denoisin'. Did you mean denoising? "),
    ({"mask": [1, 0]}, "mask", "Not a parameter of the physics 'denoising'. It has: sigma."),
    ({"physics": "inpainting"}, "mask", "Missing: the physics 'inpainting' needs it."),
    ({"physics": "inpainting", "mask": [1, 1, 1]}, "mask", "The shape [3] does not fit the "),
    ({"sigma": -1}, "sigma", "Must be greater than or equal to 0."),
]


@pytest.mark.parametrize(("arguments", "name", "said"), REFUSED)
def test_refused(host: Host, arguments: dict[str, Any], name: str, said: str) -> None:
    before = len(host.log())
    status, told = predict(host, **arguments)
    assert status == 422
    assert list(told) == [name]
    assert told[name][0].startswith(said)
    assert "Traceback" not in host.log()[before:]


def test_refused_by_the_model_itself(host: Host) -> None:
    assert predict(host, y=[[None]]) == (422, {"y": ["It contains NaN."]})


def test_refused_through_other_doors(host: Host) -> None:
    body = {"input": {"y": [[1, 2]], "mask": [1, 0]}}
    status, told = ask(host, "/cog/physics/predictions", body)
    assert (status, told["detail"][0]["loc"]) == (422, ["body", "input", "mask"])
    assert told["detail"][0]["msg"].startswith("Not a parameter of the physics")
    y = {"name": "y", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}
    mask = {"name": "mask", "datatype": "FP32", "shape": [2], "data": [1, 0]}
    status, told = ask(host, "/oip/v2/models/physics/infer", {"inputs": [y, mask]})
    assert status == 400
    assert "mask" in told["error"] and "Not a parameter" in told["error"]


def test_a_training_that_refuses(host: Host) -> None:
    _, run = ask(host, "/v2/models/physics/train/", {})
    path = f"/v2/models/physics/train/{run['uuid']}"
    wait_until(lambda: host.get(path).json()["status"] != "running", "the run has ended")
    told = host.get(path).json()
    assert told["status"] == "error"
    assert "Too small for this model." in json.dumps(told)


def test_choices_in_the_documents(host: Host) -> None:
    names = ["denoising", "inpainting"]
    swagger = host.get("/swagger.json").json()
    parameters = swagger["paths"]["/v2/models/physics/predict/"]["post"]["parameters"]
    assert json.dumps(names) in json.dumps(parameters)
    openapi = json.dumps(host.get("/openapi.json").json())
    assert openapi.count(json.dumps(names)) >= 2


def test_from_a_shell(tmp_path: Path) -> None:
    words = ["--model-name", str(MODELS / "physics.py"), "predict", "--y", "[[1, 2]]"]
    done = run_cli(*words, "--mask", "[1]", folder=tmp_path)
    assert done.returncode == 2
    assert "--mask: Not a parameter of the physics 'denoising'. It has: sigma." in done.stderr
    assert "Traceback" not in done.stderr
