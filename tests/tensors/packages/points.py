"""A package of DEEPaaS's contract, with NumPy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from webargs import fields

from deepaas.model.v2 import run
from deepaas.model.v2.fields import Tensor


def get_predict_args() -> dict[str, Any]:
    return {
        "points": Tensor("float32", (-1, 2), load_default=np.zeros((0, 2), np.float32)),
        "any": Tensor(load_default=None),
        "file": fields.Raw(load_default=None, metadata={"type": "file"}),
        "give": fields.Str(load_default=""),
    }


def predict(points: Any, any: Any, file: Any, give: str) -> Any:
    points += 1
    if file is not None:
        return [Path(file.filename).read_text(), file.original_filename]
    if give:
        return {
            "one": points,
            "two": {"a": points, "b": points.astype("c8")},
            "mixed": {"a": points, "b": "text"},
            "text": "text",
            "bytes": np.array([b"a"], object),
            "pid": os.getpid(),
        }[give]
    return [str(points.dtype), points.tolist(), None if any is None else str(any.dtype)]


def get_train_args() -> dict[str, Any]:
    return {
        "file": fields.Raw(required=True, metadata={"type": "file"}),
        "points": Tensor("int8", load_default=None),
    }


def train(file: Any, points: Any) -> Any:
    (run.directory() / "got").write_text(Path(file.filename).read_text())
    return json.dumps([Path(file.filename).read_text(), points.tolist()])
