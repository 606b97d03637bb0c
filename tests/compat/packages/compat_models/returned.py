"""What a model may answer: one kind for each value of the argument."""

import dataclasses
import datetime
import enum
from collections import OrderedDict, defaultdict

from webargs import fields

from deepaas.model.v2.wrapper import ReturnedFile



class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Text(str):
    pass


class Whole(int):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: int


ANSWERS = {
    "dict": {"labels": ["a", "b"], "deep": {"er": [1, 2.5, None, True]}},
    "list": [1, "two", 3.0],
    "text": "a line\nand \"another\" one: é ☃",
    "number": 3.5,
    "whole": 7,
    "true": True,
    "none": None,
    "empty": {},
    "tuple": (1, (2, 3)),
    "named tuple": ReturnedFile("a", "b"),
    "number keys": {1: "one", 2.5: "two and a half", None: "none"},
    "nan": [float("nan"), float("inf")],
    "enumerations": [Colour.RED, Level.HIGH, {Colour.RED: Level.HIGH}],
    "subclasses": [Text("text"), Whole(7), OrderedDict(b=1, a=2), defaultdict(list, c=[3])],
    "half a character": "\ud800",
    "floats": [0.1, 1e16, 1e22, 1.5e-300, -0.0, 123456789.123456789],
    "tuple keys": {(1, 2): 3},
    "generator": "made for the call",
    "date": datetime.date(2020, 1, 2),
    "data class": Point(1, 2),
    "bytes": b"bytes",
    "set": {1, 2},
    "object": object,
    "big": ["x" * 1000] * 100,
    "large number": 2**70,
}


def get_predict_args():
    return {"kind": fields.Str(required=True)}


def predict(kind):
    if kind.startswith("raise"):
        raise {"raise ValueError": ValueError, "raise KeyError": KeyError}[kind]("nothing to see")
    if kind == "generator":
        return (number for number in range(3))
    return ANSWERS[kind]
