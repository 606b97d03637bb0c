"""The worker's half: makes a model of a file."""

from pathlib import Path
from typing import Any, ClassVar

from marshmallow import fields

from deepaas.runtime.failures import CannotBeServed
from deepaas.runtime.kinds import ModelLoader
from linear_models import read


class Linear:
    """What DEEPaaS's contract wants of a model."""

    schema: ClassVar = {"y": fields.Float()}

    def __init__(self, name: str, a: float, b: float) -> None:
        self.a, self.b = a, b
        self._name = name

    def get_metadata(self) -> dict[str, Any]:
        return {
            "name": self._name,
            "description": f"{self.a} x + {self.b}",
            "author": "Ada",
            "license": "MIT",
            "version": "1",
            "examples": [{"x": 1.0}],
        }

    def get_predict_args(self) -> dict[str, fields.Field]:
        return {"x": fields.Float(required=True, metadata={"description": "where"})}

    def predict(self, x: float) -> dict[str, float]:
        return {"y": self.a * x + self.b}


def load(source: str) -> Linear:
    table = read(Path(source)) or {}
    numbers = [table.get(name) for name in ("a", "b")]
    if not all(isinstance(number, (int, float)) for number in numbers):
        raise CannotBeServed(f"{source}: [linear] needs the numbers a and b")
    return Linear(Path(source).stem, *map(float, numbers))


KIND = ModelLoader(load)
