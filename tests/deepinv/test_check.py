"""``deepaas-cli check`` tells how DeepInverse's client calls a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepaas.check import check
from deepaas.cli.check_command import lines

TENSOR = """
from typing import Annotated
import numpy as np
from deepaas.model.v2 import Tensor

Y = Annotated[np.ndarray, Tensor("float32", (-1, -1))]

def predict(y: Y, sigma: float = 0.1) -> np.ndarray:
    return y * np.float32(sigma)
"""

PACKAGE = """
from webargs import fields

def get_metadata():
    return {"name": "sizes", "summary": "Tells how large an image is"}

def get_predict_args():
    return {"image": fields.Field(
        required=True, metadata={"type": "file", "location": "form", "description": "An image"}
    )}

def predict(image):
    return {"bytes": len(open(image.filename, "rb").read())}
"""

TEXT = """
def predict(text: str) -> str:
    return text
"""


@pytest.mark.parametrize(
    ("file", "code", "expected"),
    [
        (
            "tensor.py",
            TENSOR,
            "file is y (float32 of shape [-1, -1]), metadata: sigma (number)",
        ),
        ("api.py", PACKAGE, "file is image (a PNG image: "),
        ("text.py", TEXT, ""),
    ],
)
def test_the_mapping(tmp_path: Path, file: str, code: str, expected: str) -> None:
    path = tmp_path / file
    path.write_text(code)
    report = check(str(path))
    assert report.errors == []
    told = {door: text for doors in report.doors.values() for door, text in doors.items()}
    assert told.keys() == ({"deepinv"} if expected else set())
    assert told.get("deepinv", "").startswith(expected)
    shown = [str(line) for line in lines(report) if str(line).startswith("deepinv: ")]
    assert shown == [f"deepinv: {text}" for text in told.values()]
