"""A typed predictor, with NumPy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, TypedDict

import numpy as np

from deepaas.model.v2 import Tensor


class Out(TypedDict):
    points: np.ndarray
    twice: Annotated[np.ndarray, Tensor("float32")]


async def run(points: Annotated[np.ndarray, Tensor("float32", (-1, 2))]) -> Out:
    return {"points": points, "twice": points * 2}


def reads(file: Path) -> str:
    return f"{file.name} {file.read_text()}"


def alone(value: Any) -> np.ndarray:
    return np.array([value])


def writes() -> Path:
    path = Path(os.environ["DEEPAAS_TEST_DIR"], "a.txt")
    path.write_text("a text")
    return path
