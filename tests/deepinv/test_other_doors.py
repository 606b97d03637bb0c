"""The same model gives the same by each protocol of the host."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from oip.wire import infer
from support.host import Host

from deepaas.client import Client
from deepaas.tensors.dtypes import SIZES

from .wire import array_in, ask, npy, send


def by_v2(host: Host, model: str, array: np.ndarray) -> np.ndarray:
    url = f"data:application/x-npy;base64,{base64.b64encode(npy(array)).decode()}"
    body = json.dumps({"y": url}).encode()
    headers = {"Content-Type": "application/json"}
    said = send(host, f"/v2/models/{model}/predict/", body, headers)
    assert said.status == 200, said.body
    lists = json.loads(said.body)["predictions"]
    if array.dtype.kind == "c":
        pairs = np.asarray(lists, np.float64)
        return (pairs[..., 0] + 1j * pairs[..., 1]).astype(array.dtype)
    return np.asarray(lists, array.dtype)


def by_oip(host: Host, model: str, array: np.ndarray) -> np.ndarray:
    names = {"float16": "FP16", "float32": "FP32", "float64": "FP64"}
    datatype = names.get(array.dtype.name, array.dtype.name.upper())
    given = {
        "name": "y",
        "shape": list(array.shape),
        "datatype": datatype,
        "parameters": {"binary_data_size": array.nbytes},
    }
    parameters = {"binary_data_output": True}
    said = infer(host, given, behind=array.tobytes(), model=model, parameters=parameters)
    assert said.status == 200, said.body
    head = int(said.headers["Inference-Header-Content-Length"])
    (output,) = json.loads(said.body[:head])["outputs"]
    assert output["datatype"] == datatype
    found = np.frombuffer(said.body[head:], array.dtype)
    return np.reshape(found, output["shape"])


def by_cog(host: Host, model: str, array: np.ndarray) -> np.ndarray:
    url = f"data:application/x-npy;base64,{base64.b64encode(npy(array)).decode()}"
    body = json.dumps({"input": {"y": url}}).encode()
    headers = {"Content-Type": "application/json"}
    said = send(host, f"/cog/{model}/predictions", body, headers)
    told = json.loads(said.body)
    assert told["status"] == "succeeded", told
    return np.asarray(told["output"], array.dtype)


def by_client(host: Host, model: str, array: np.ndarray) -> np.ndarray:
    with Client(host.url) as client:
        found: np.ndarray = client.predict(model, y=array)
        return found


def by_command(host: Host, model: str, array: np.ndarray, folder: Path) -> np.ndarray:
    given, result = folder / "y.npy", folder / "x.npy"
    np.save(given, array)
    words = ["--url", host.url, "--model-name", model, "--output", str(result)]
    command = Path(sys.executable).with_name("deepaas-cli")
    subprocess.run([command, *words, "predict", "--y", f"@{given}"], check=True)
    found: np.ndarray = np.load(result)
    return found


@pytest.mark.parametrize("dtype", [name for name in SIZES if name != "bfloat16"])
def test_the_same_by_each(host: Host, dtype: str, tmp_path: Path) -> None:
    array = np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
    found = ask(host, "same", array).array
    assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())
    assert np.array_equal(by_v2(host, "same", array), found)
    others = [by_client(host, "same", array)]
    if dtype in ("float32", "complex64"):
        others.append(by_command(host, "same", array, tmp_path))
    for other in others:
        assert (other.dtype, other.tolist()) == (found.dtype, found.tolist())
    if not dtype.startswith("complex"):
        assert np.array_equal(by_oip(host, "same", array), found)
    if dtype in ("float32", "float64", "int64", "bool"):
        assert np.array_equal(by_cog(host, "same", array), found)


def test_the_same_of_several_outputs(host: Host) -> None:
    y = np.random.default_rng(7).random((1, 1, 4, 6), np.float32)
    said = ask(host, "denoise", y)
    body = json.dumps({"y": y.tolist()}).encode()
    headers = {"Content-Type": "application/json"}
    others = send(host, "/v2/models/denoise/predict/", body, headers)
    told = json.loads(others.body)["predictions"]
    assert np.array_equal(np.asarray(told.pop("x_hat"), np.float32), said.array)
    metadata = said.metadata
    residual = array_in(metadata.pop("residual"))
    assert np.array_equal(np.asarray(told.pop("residual"), np.float32), residual)
    assert told == metadata
