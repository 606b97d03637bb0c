"""Inputs of every type: what the predictor gets, what is refused, what the documents say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import marshmallow
import pytest

from .served import serve, upload

TYPES = """
import enum, os, pathlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Dict, List, Literal, Optional, TypedDict, Union

import cog
import pydantic


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Box(TypedDict):
    left: int


def run(x: {annotation}) -> str:
    return f"{{type(x).__name__}} {{x!r}}"
"""

TAKEN: list[tuple[str, Any, str]] = [
    ("str", "a", "str 'a'"),
    ("int", 3, "int 3"),
    ("int", "3", "int 3"),
    ("float", 1, "float 1.0"),
    ("bool", True, "bool True"),
    ("Any", {"a": [None]}, "dict {'a': [None]}"),
    ("dict", {"a": 1}, "dict {'a': 1}"),
    ("Dict[str, int]", {"a": 1}, "dict {'a': 1}"),
    ("Mapping[str, Any]", {}, "dict {}"),
    ("Box", {"left": 1}, "dict {'left': 1}"),
    ("list", [1, "a"], "list [1, 'a']"),
    ("List[int]", [1, 2], "list [1, 2]"),
    ("list[list[float]]", [[1]], "list [[1.0]]"),
    ("Sequence[str]", ["a"], "list ['a']"),
    ("list[Optional[int]]", [1, None], "list [1, None]"),
    ("list[dict]", [{"a": 1}], "list [{'a': 1}]"),
    ("Optional[int]", None, "NoneType None"),
    ("int | None", 4, "int 4"),
    ("Union[int, str]", 4, "int 4"),
    ("Union[int, str]", "four", "str 'four'"),
    ("Union[str, list[str]]", ["a"], "list ['a']"),
    ("list[int] | list[float]", [1], "list [1]"),
    ("list[float] | list[int]", [1], "list [1]"),
    ("list[int] | list[float]", [1, 2.5], "list [1.0, 2.5]"),
    ("list[list[int]] | list[list[float]]", [[1]], "list [[1]]"),
    ("list[str] | list[int]", ["3"], "list ['3']"),
    ("list[int | str]", ["3", 3], "list ['3', 3]"),
    ("float | int", 3, "int 3"),
    ("int | float", 2.5, "float 2.5"),
    ("int | bool", True, "bool True"),
    ("Union[dict, list[int]]", {"a": 1}, "dict {'a': 1}"),
    ("Union[str, Literal[1, 2]]", 2, "int 2"),
    ("int | float", "3", "int 3"),
    ("int | list[int]", "[3]", "list [3]"),
    ("Literal['a', 'b']", "b", "str 'b'"),
    ("Literal[1, 2]", 2, "int 2"),
    ("Size", "l", "Size <Size.LARGE: 'l'>"),
    ("Level", 2, "Level <Level.HIGH: 2>"),
    ("Optional[Size]", None, "NoneType None"),
    ("list[Size]", ["s"], "list [<Size.SMALL: 's'>]"),
    ("cog.Secret", "pw", "Secret Secret(**********)"),
    ("pydantic.SecretStr", "pw", "SecretStr SecretStr('**********')"),
    ("Annotated[int, 'of something']", 1, "int 1"),
    ("pydantic.PositiveInt", 1, "int 1"),
    ("Annotated[str, pydantic.StringConstraints(min_length=2)]", "ab", "str 'ab'"),
]


@pytest.mark.parametrize(("annotation", "sent", "got"), TAKEN)
def test_predictor_gets_the_declared_type(
    annotation: str, sent: Any, got: str, tmp_path: Path
) -> None:
    assert serve(TYPES.format(annotation=annotation), tmp_path).returned(x=sent) == got


REFUSED: list[tuple[str, Any]] = [
    ("int", "three"),
    ("int", 2.5),
    ("int", None),
    ("str", 1),
    ("float", "much"),
    ("dict", [1]),
    ("list[int]", ["a"]),
    ("list[int]", [None]),
    ("Union[int, list[int]]", "a"),
    ("list[int] | list[float]", ["3"]),
    ("list[int] | list[float]", [True]),
    ("list[int] | list[str]", [1, "a"]),
    ("int | list[int]", '["3"]'),
    ("int | float", True),
    ("Union[dict, list[int]]", [{}]),
    ("Union[str, Literal[1, 2]]", 3),
    ("Literal['a', 'b']", "c"),
    ("Size", "m"),
    ("pydantic.PositiveInt", 0),
    ("Annotated[str, pydantic.StringConstraints(min_length=2)]", "a"),
    ("Optional[Annotated[int, pydantic.Field(ge=1)]]", 0),
    ("list[Annotated[int, pydantic.Field(le=9)]]", [1, 10]),
    ("Annotated[list[int], pydantic.Field(min_length=2)]", [1]),
    ("cog.Path", "/etc/passwd"),
]


@pytest.mark.parametrize(("annotation", "sent"), REFUSED)
def test_other_values_are_refused(annotation: str, sent: Any, tmp_path: Path) -> None:
    served = serve(TYPES.format(annotation=annotation), tmp_path)
    with pytest.raises(marshmallow.ValidationError) as refused:
        served.call(x=sent)
    assert list(refused.value.messages_dict) == ["x"]


DOCUMENTED: list[tuple[str, dict[str, Any]]] = [
    ("str", {"type": "string", "required": True, "in": "query"}),
    ("int", {"type": "integer"}),
    ("float", {"type": "number"}),
    ("bool", {"type": "boolean"}),
    ("Optional[int]", {"type": "integer", "required": False, "x-nullable": True}),
    ("list[int]", {"type": "array", "items": {"type": "integer", "format": "int32"}}),
    ("Size", {"type": "string", "enum": ["s", "l"]}),
    ("Level", {"type": "integer", "enum": [1, 2]}),
    ("Literal['a']", {"type": "string", "enum": ["a"]}),
    ("cog.Secret", {"type": "string", "format": "password"}),
    ("cog.Path", {"type": "file", "in": "formData"}),
    ("pathlib.Path", {"type": "file", "in": "formData"}),
    ("os.PathLike", {"type": "file", "in": "formData"}),
    ("cog.File", {"type": "file", "in": "formData"}),
    ("list[cog.Path]", {"type": "file", "in": "formData"}),
    ("Optional[cog.Path]", {"type": "file", "required": False}),
    ("pydantic.PositiveInt", {"minimum": 0}),
]


@pytest.mark.parametrize(("annotation", "described"), DOCUMENTED)
def test_documents_tell_the_type(
    annotation: str, described: dict[str, Any], tmp_path: Path
) -> None:
    (found,) = serve(TYPES.format(annotation=annotation), tmp_path).parameters.values()
    assert {name: found.get(name) for name in described} == described


FILES = """
import pathlib
from typing import Optional
import cog

def one(file: {kind}) -> str:
    return f"{{type(file).__name__}} {{file.name}} {{file.read_bytes().decode()}}"

def several(files: list[{kind}]) -> list[str]:
    return [f"{{file.name}} {{file.read_bytes().decode()}}" for file in files]

def opened(file: cog.File) -> str:
    return file.read().decode()

def perhaps(file: Optional[{kind}] = None) -> str:
    return repr(file)
"""


@pytest.mark.parametrize("kind", ["cog.Path", "pathlib.Path"])
def test_files_have_the_names_that_their_clients_gave_them(kind: str, tmp_path: Path) -> None:
    source = FILES.format(kind=kind)
    cat = upload(tmp_path / "1", b"cat", "cat.png", "image/png")
    # One that came without a name for it: libraries go by the ending.
    dog = upload(tmp_path / "2", b"dog", "", "image/jpeg")
    path_class = "Path" if kind == "cog.Path" else "PosixPath"
    one = serve(source, tmp_path, "one").call(files=[("file", cat)]).json()
    assert one == f"{path_class} cat.png cat"
    several = serve(source, tmp_path, "several").call(files=[("files", cat), ("files", dog)])
    assert several.json() == ["cat.png cat", "file.jpg dog"]
    opened = serve(source, tmp_path, "opened").call(files=[("file", cat)])
    assert opened.json() == "cat"
    assert serve(source, tmp_path, "perhaps").returned() == "None"


def test_what_was_made_for_a_call_is_gone_after_it(tmp_path: Path) -> None:
    source = """
    from pathlib import Path
    def run(file: Path) -> str:
        return str(file)
    """
    cat = upload(tmp_path / "1", b"cat", "cat.png")
    seen = Path(serve(source, tmp_path).call(files=[("file", cat)]).json())
    assert seen.name == "cat.png"
    assert not seen.parent.exists()
