"""Examples of authors: arrays in data URLs become files, as the page needs them."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np

from deepaas.client.description import Argument, Model, TensorForm
from deepaas.client.examples import read

Y = Argument("y", "tensor", tensor=TensorForm("float32", (-1, 1, -1, -1)))


def url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def npy(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array))
    return file.getvalue()


def test_tensors(tmp_path: Path) -> None:
    examples = [
        {"y": url("application/x-npy", npy([[1.5]]))},
        {"y": url("application/x-npz", b"PK")},
        {"y": [[1, 2]]},
        {"y": url("application/x-npy", bytes(300 * 1024))},
    ]
    model = Model("m", "m", predict=(Y,), metadata={"examples": examples})
    first, second, third = read(model, tmp_path)
    assert first == {"y": str(tmp_path / "y-1.npy")}
    assert np.load(first["y"]).tolist() == [[1.5]]
    assert Path(second["y"]).name == "y-2.npz"
    assert third == {"y": "[\n  [\n    1,\n    2\n  ]\n]"}
