"""Outputs of every type."""

from typing import Any, Dict, List, Optional

import pydantic
from cog import BaseModel, BaseRunner, Input


class ReturnsNumber(BaseRunner):
    def run(self, i: int = 2) -> int:
        return i


class ReturnsShare(BaseRunner):
    def run(self, whole: bool = False) -> float:
        return 1 if whole else 0.5


class ReturnsTruth(BaseRunner):
    def run(self) -> bool:
        return True


class ReturnsList(BaseRunner):
    def run(self, count: int = 2) -> List[str]:
        return [str(number) for number in range(count)]


class ReturnsObject(BaseRunner):
    def run(self) -> Dict[str, Any]:
        return {"a": 1, "b": [1, 2], "c": None, "ä": "ü", "tuple": (1, 2)}


class ReturnsAnything(BaseRunner):
    def run(self, kind: str = "text") -> Any:
        values: dict[str, Any] = {
            "text": "x",
            "number": 1,
            "none": None,
            "list": [1, "a"],
            "true": True,
            "empty": {},
            "set": {1},
            "bytes": b"x",
            "large": 2**70,
            "nan": float("nan"),
        }
        return values[kind]


class ReturnsNothing(BaseRunner):
    def run(self) -> str:
        return None


class Box(BaseModel):
    left: int
    name: str = "box"


class Found(BaseModel):
    label: str
    score: float
    boxes: List[Box]
    note: Optional[str] = None


class ReturnsModel(BaseRunner):
    def run(self, score: float = Input(default=0.5)) -> Found:
        return Found(label="cat", score=score, boxes=[Box(left=1), Box(left=2, name="other")])


class Scored(pydantic.BaseModel):
    label: str
    scores: List[float] = [0.5]
    note: Optional[str] = None


class ReturnsPydantic(BaseRunner):
    def run(self) -> Scored:
        return Scored(label="dog")


class ReturnsOther(BaseRunner):
    def run(self) -> str:
        return 3


class Unknown:
    pass


class ReturnsUnknown(BaseRunner):
    def run(self) -> Any:
        return Unknown()
