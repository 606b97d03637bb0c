"""One function for each rule by which Cog's command-line tool writes schemas."""

# mypy: ignore-errors
# ruff: noqa: N803, B006, B008, UP006, UP007, UP035, UP045, RUF013
from typing import Any, Dict, Iterator, List, Optional, TypedDict, Union

import pydantic
from cog import BaseModel, ConcatenateIterator, File, Input, Path, Secret


def titles(
    plain: str, two_words: str, numSteps: int, top_k2x: int, URL: str, a1_b: str, _odd__one_: str
) -> str: ...


def nullable(
    optional: Optional[str],
    declared: Optional[str] = Input(default=None, description="d"),
    piped: str | None = None,
    valued: Optional[int] = Input(default=3, ge=1, le=9),
    listed: Optional[List[str]] = Input(default=None),
    table: Optional[dict] = Input(default=None),
) -> str: ...


def never_null(
    seed: int = Input(default=None),
    text: str = Input(description="no default"),
    bare: str = None,
    items: List[str] = Input(default=None),
) -> str: ...


def secrets(
    needed: Secret,
    spared: Secret = Input(default=None),
    optional: Optional[Secret] = Input(default=None),
) -> str: ...


def unions(
    two: Union[int, str],
    piped: int | str,
    lists: list[int] | list[float],
    null: int | str | None,
    null_default: Union[int, str, None] = Input(default=None),
    valued: Union[int, str] = Input(default=3),
    table: dict | str = Input(default="x", description="d"),
) -> str: ...


def choices(
    text: str = Input(choices=["a", "b"]),
    number: int = Input(choices=[1, 2], default=2, description="d"),
    spared: Optional[str] = Input(choices=["a"], default=None),
) -> str: ...


def files(
    path: Path,
    image: Path = Input(accept="image/*,.png"),
    opened: File = Input(accept=".txt", description="d"),
    spared: Optional[Path] = Input(accept="a/b", default=None),
    many: List[Path] = Input(accept="image/*"),
) -> Path: ...


def limits(
    number: float = Input(ge=0.5, le=2),
    whole: int = Input(ge=-3, le=3, default=-1),
    text: str = Input(min_length=1, max_length=9, regex="^a.*$"),
    old: bool = Input(default=True, deprecated=True),
) -> float: ...


def defaults(
    words: List[str] = Input(default=["a", "b"]),
    table: Dict[str, int] = Input(default={"a": 1}),
    none: List[int] = [],
    share: float = 1,
) -> List[float]: ...


class Point(BaseModel):
    left_side: int
    note: Optional[str]
    label: str = "a"
    Wide: float | None = None


class Tagged(pydantic.BaseModel):
    name: str
    tags: List[str] = []
    spared: Optional[int] = None


class Tree(BaseModel):
    name: str
    children: List["Tree"]


class Row(TypedDict):
    a_b: int
    c: Optional[str]


class Half(TypedDict, total=False):
    a: int


class Outer(BaseModel):
    point: Point
    row: Row
    half: Half
    table: Dict[str, Point]
    anything: Any
    where: Path


def returns_point() -> Point: ...


def returns_tagged() -> Tagged: ...


def returns_points() -> List[Point]: ...


def returns_tree() -> Tree: ...


def returns_row() -> Row: ...


def returns_half() -> Half: ...


def returns_outer() -> Outer: ...


def returns_table() -> Dict[str, Dict[str, List[int]]]: ...


def returns_plain_table() -> dict: ...


def yields_points() -> Iterator[Point]: ...


def yields_text() -> ConcatenateIterator[str]: ...


def yields_tables() -> Iterator[Dict[str, int]]: ...
