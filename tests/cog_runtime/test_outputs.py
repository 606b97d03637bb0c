"""What predictors return and yield, and what the documents say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deepaas.runtime.json_values import BadResult
from deepaas.web.as_json import as_json

from .served import serve, serving

PREFIX = """
import asyncio, dataclasses, datetime, enum, io, pathlib
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Annotated, Any, Dict, List, Optional, Tuple, TypedDict, Union

import cog
import pydantic

TMP = pathlib.Path({tmp!r})

class Size(enum.Enum):
    SMALL = "s"

class Box(cog.BaseModel):
    left: int
    name: Optional[str] = None

class Found(cog.BaseModel):
    label: str
    boxes: List[Box]
    best: Box
    chart: Optional[cog.Path] = None

class Scored(pydantic.BaseModel):
    score: float = pydantic.Field(description="how sure it is")
    inner: Optional["Scored"] = None

@dataclasses.dataclass
class Plain:
    a: int

class Typed(TypedDict):
    a: int

@dataclasses.dataclass
class Noted:
    boxes: list[Annotated[Optional[Annotated[Box, "x"]], ["not", "hashable"]]]

class Moment(datetime.datetime):
    pass

def written(name, content=b"text"):
    (TMP / name).write_bytes(content)
    return cog.Path(TMP / name)
"""

TEXT_URL = "data:text/plain;base64,dGV4dA=="

RETURNED: list[tuple[str, str, Any]] = [
    ("str", "'a'", "a"),
    ("int", "1", 1),
    ("float", "float('nan')", None),
    ("bool", "True", True),
    ("None", "None", None),
    ("Any", "{1: (2, {3})}", {"1": [2, [3]]}),
    ("Any", "{True: 1, None: 2, 2.5: 3}", {"true": 1, "null": 2, "2.5": 3}),
    ("dict", "{Size.SMALL: {False: 1}, (1, 2): 3}", {"s": {"false": 1}, "(1, 2)": 3}),
    ("Any", "{'at': Moment(2026, 1, 31)}", {"at": "2026-01-31T00:00:00"}),
    ("Size", "Size.SMALL", "s"),
    ("Optional[str]", "None", None),
    ("Union[int, str]", "'a'", "a"),
    ("list[Size]", "[Size.SMALL]", ["s"]),
    ("Dict[str, Any]", "{'a': Plain(1)}", {"a": {"a": 1}}),
    ("Tuple[int, str]", "(1, 'a')", [1, "a"]),
    ("Typed", "{'a': 1}", {"a": 1}),
    ("Plain", "Plain(1)", {"a": 1}),
    ("Box", "Box(left=1)", {"left": 1, "name": None}),
    ("list[Box]", "[Box(left=1)]", [{"left": 1, "name": None}]),
    ("Optional[Box]", "None", None),
    ("Optional[Box]", "Box(left=1)", {"left": 1, "name": None}),
    ("dict[str, Box]", "{'a': Box(left=1)}", {"a": {"left": 1, "name": None}}),
    (
        "Found",
        "Found(label='cat', boxes=[Box(left=1)], best=Box(left=2), chart=written('a.txt'))",
        {
            "label": "cat",
            "boxes": [{"left": 1, "name": None}],
            "best": {"left": 2, "name": None},
            "chart": TEXT_URL,
        },
    ),
    (
        "Scored",
        "Scored(score=1, inner=Scored(score=2))",
        {"score": 1.0, "inner": {"score": 2.0, "inner": None}},
    ),
    ("Annotated[list[Annotated[int, {'a': 1}]], 'x']", "[1]", [1]),
    ("Noted", "Noted(boxes=[None, Box(left=1)])", {"boxes": [None, {"left": 1, "name": None}]}),
    ("list[cog.Path]", "[written('a.txt')]", [TEXT_URL]),
    ("cog.Secret", "cog.Secret('pw')", "pw"),
    ("Any", "__import__('numpy').arange(2)", [0, 1]),
]


@pytest.mark.parametrize(("annotation", "value", "answer"), RETURNED)
def test_what_is_returned(annotation: str, value: str, answer: Any, tmp_path: Path) -> None:
    source = PREFIX.format(tmp=str(tmp_path)) + f"def run() -> {annotation}: return {value}"
    assert serve(source, tmp_path / "spool").returned() == answer


@pytest.mark.parametrize("annotation", ["cog.Path", "pathlib.Path", "Optional[cog.Path]"])
def test_one_file_is_sent_as_it_is(annotation: str, tmp_path: Path) -> None:
    source = PREFIX.format(tmp=str(tmp_path)) + (
        f"def run(size: int = 3) -> {annotation}: return written('a.png', b'x' * size)"
    )
    (tmp_path / "spool").mkdir()
    served = serve(source, tmp_path / "spool")
    for size in (3, 300_000):
        told = served.call(size=size)
        assert (told.answer.media_type, told.body()) == ("image/png", b"x" * size)
    assert served.signature.result.media_types == ["*/*"]
    assert served.output["format"] == "uri"


NO_JSON = "{not\njson"
NO_JSON_URL = "data:application/json;base64,e25vdApqc29u"


@pytest.mark.parametrize("annotation", ["Any", "cog.Path", "str"])
def test_a_file_of_json_is_a_file(annotation: str, tmp_path: Path) -> None:
    source = PREFIX.format(tmp=str(tmp_path)) + (
        f"def run() -> {annotation}: return written('a.json', {NO_JSON.encode()!r})\n"
        f"def each() -> Iterator[{annotation}]: yield written('a.json', {NO_JSON.encode()!r})"
    )
    answer = serve(source, tmp_path).call().answer
    assert (answer.is_file, answer.media_type, answer.body) == (
        True,
        "application/json",
        NO_JSON.encode(),
    )
    assert as_json(answer).whole() == f'"{NO_JSON_URL}"'.encode()
    each = serve(source, tmp_path, "each")
    assert each.returned() == [NO_JSON_URL]
    (part,) = each.call(streamed=True).parts
    assert as_json(part).whole() == f'"{NO_JSON_URL}"'.encode()


def test_a_text_is_none(tmp_path: Path) -> None:
    source = PREFIX.format(tmp=str(tmp_path)) + "def run() -> cog.Path: return 'a.json'"
    answer = serve(source, tmp_path).call().answer
    assert as_json(answer).whole() == b'"a.json"'


def test_opened_file_becomes_a_data_url(tmp_path: Path) -> None:
    source = PREFIX.format(tmp=str(tmp_path)) + (
        "def run() -> cog.File:\n    return open(written('a.txt'), 'rb')"
    )
    assert serve(source, tmp_path).returned() == TEXT_URL


def test_file_that_is_not_there_is_a_failure_of_the_call(tmp_path: Path) -> None:
    source = (
        PREFIX.format(tmp=str(tmp_path)) + "def run() -> cog.Path: return cog.Path('/no/a.png')"
    )
    with pytest.raises(FileNotFoundError):
        serve(source, tmp_path).call()


def test_object_that_json_does_not_know(tmp_path: Path) -> None:
    source = PREFIX.format(tmp=str(tmp_path)) + "def run() -> Any: return object()"
    with pytest.raises(BadResult):
        serve(source, tmp_path).call()


ITERATORS = [
    "def run() -> Iterator[int]:\n    yield 1\n    yield 2",
    "def run() -> Iterator[int]:\n    return iter([1, 2])",
    "def run() -> Iterable[int]:\n    return [1, 2]",
    "def run() -> list[int]:\n    yield 1\n    yield 2",
    "def run() -> Annotated[Iterator[Annotated[int, 'x']], 'x']:\n    yield 1\n    yield 2",
    "async def run() -> AsyncIterator[int]:\n    yield 1\n    yield 2",
    "async def run() -> Iterator[int]:\n    return iter([1, 2])",
    """
async def numbers():
    await asyncio.sleep(0)
    yield 1
    yield 2
def run() -> AsyncIterator[int]:
    return numbers()
""",
    """
async def numbers():
    yield 1
    yield 2
async def run() -> AsyncIterator[int]:
    return numbers()
""",
]


@pytest.mark.parametrize("function", ITERATORS)
def test_iterators_of_every_form(function: str, tmp_path: Path) -> None:
    with serving(PREFIX.format(tmp=str(tmp_path)) + function, tmp_path) as served:
        assert served.signature.result.streams
        assert served.returned() == [1, 2]
        told = served.call(streamed=True)
        assert [part.body for part in told.parts] == [b"1", b"2"]
        assert told.body() == b""


@pytest.mark.parametrize(
    "function",
    [
        "def run() -> cog.ConcatenateIterator[str]:\n    yield 'a'\n    yield 'b'",
        "def run() -> cog.ConcatenateIterator[Annotated[str, 'x']]:\n    yield 'a'\n    yield 'b'",
        "async def run() -> cog.AsyncConcatenateIterator[str]:\n    yield 'a'\n    yield 'b'",
        "@cog.streaming\ndef run() -> cog.ConcatenateIterator[str]:\n    yield 'a'\n    yield 'b'",
    ],
)
def test_concatenated_texts(function: str, tmp_path: Path) -> None:
    with serving(PREFIX.format(tmp=str(tmp_path)) + function, tmp_path) as served:
        output = served.output
        assert output["x-cog-array-display"] == "concatenate"
        assert served.returned() == ["a", "b"]


def test_files_that_are_yielded(tmp_path: Path) -> None:
    source = PREFIX.format(tmp=str(tmp_path)) + (
        "def run() -> Iterator[cog.Path]:\n    yield written('a.txt')\n    yield written('b.png')"
    )
    served = serve(source, tmp_path)
    assert served.returned()[0] == TEXT_URL
    parts = served.call(streamed=True).parts
    assert [part.media_type for part in parts] == ["text/plain", "image/png"]


@pytest.mark.parametrize(
    "function",
    ["async def run(s: str) -> str:\n    await asyncio.sleep(0)\n    return s + '!'"],
)
def test_coroutine(function: str, tmp_path: Path) -> None:
    with serving(PREFIX.format(tmp=str(tmp_path)) + function, tmp_path) as served:
        assert served.returned(s="a") == "a!"


def test_named_fields_are_the_definition_of_the_answer(tmp_path: Path) -> None:
    source = PREFIX.format(tmp=str(tmp_path)) + "def run() -> Found: ...\ndef one() -> Scored: ..."
    served = serve(source, tmp_path)
    described = served.model.describe()
    assert described.response == "#/definitions/Found"
    found = described.definitions["Found"]["properties"]
    assert found["label"]["type"] == "string"
    assert found["boxes"] == {
        "type": "array",
        "items": {"$ref": "#/definitions/Box"},
        "x-nullable": True,
    }
    assert described.definitions["Box"]["properties"]["left"]["type"] == "integer"
    output = served.output
    assert output["required"] == ["label", "boxes", "best"]
    assert output["properties"]["boxes"]["items"]["properties"]["left"] == {"type": "integer"}
    assert output["properties"]["chart"] == {"type": "string", "format": "uri", "nullable": True}
    # A class may have itself as a field.
    tree = serve(source, tmp_path, "one").output
    assert tree["properties"]["score"]["description"] == "how sure it is"
    assert tree["properties"]["inner"]["type"] == "object"
    json.dumps(tree)


OPAQUE = """
from typing import Annotated, Iterator, List, Optional
from cog import BaseModel, Opaque

class Foreign:
    pass

class Answer(BaseModel):
    one: Annotated[Foreign, Opaque]
    all: Annotated[List[Foreign], Opaque]
    maybe: Annotated[Optional[Foreign], Opaque] = None

def named(one: Annotated[Foreign, Opaque], all: Annotated[List[Foreign], Opaque]) -> Answer:
    return Answer(one=one, all=all)

def alone(one: Annotated[Foreign, Opaque]) -> Annotated[Foreign, Opaque]:
    return one

def parts(one: Annotated[Foreign, Opaque]) -> Iterator[Annotated[list, Opaque]]:
    yield [one]
"""
OBJECT: dict[str, Any] = {"type": "object"}
OBJECTS = {"type": "array", "items": OBJECT}


@pytest.mark.parametrize(
    ("function", "values", "schema", "returned"),
    [
        (
            "named",
            {"one": {"a": 1}, "all": [{"b": 2}]},
            {
                "type": "object",
                "properties": {
                    "one": OBJECT,
                    "all": OBJECTS,
                    "maybe": {**OBJECT, "nullable": True},
                },
                "required": ["one", "all"],
            },
            {"one": {"a": 1}, "all": [{"b": 2}], "maybe": None},
        ),
        ("alone", {"one": {"a": 1}}, OBJECT, {"a": 1}),
        (
            "parts",
            {"one": {"a": 1}},
            {"type": "array", "items": OBJECTS, "x-cog-array-type": "iterator"},
            [[{"a": 1}]],
        ),
    ],
)
def test_opaque_outputs_are_passed_on_as_they_are(
    function: str, values: dict[str, Any], schema: dict[str, Any], returned: Any, tmp_path: Path
) -> None:
    with serving(OPAQUE, tmp_path, function) as served:
        assert served.output == {"title": "Output", **schema}
        assert served.returned(**values) == returned


def test_opaque_inputs_are_objects(tmp_path: Path) -> None:
    with serving(OPAQUE, tmp_path, "named") as served:
        told = served.parameters
    assert told["one"]["type"] == "object"
    assert (told["all"]["type"], told["all"]["items"]) == ("array", OBJECT)


def test_classes_that_have_the_one_before_twice_are_a_small_document(tmp_path: Path) -> None:
    levels = "".join(
        f"class L{n}(BaseModel):\n    a: L{n - 1}\n    b: L{n - 1}\n" for n in range(1, 25)
    )
    source = f"from pydantic import BaseModel\nclass L0(BaseModel):\n    x: int\n{levels}"
    served = serve(f"{source}def run() -> L24: ...\n", tmp_path)
    assert served.output["properties"]["a"]["type"] == "object"
    assert len(str(served.model.describe())) < 500_000
