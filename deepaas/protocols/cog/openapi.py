"""The door's part of the host's OpenAPI document: merges the documents of all models."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from deepaas.protocols.cog.schema import Json
from deepaas.protocols.cog.served import Served

_SCHEMAS = "#/components/schemas/"


def part(below: str, models: Iterable[tuple[str, Served]], is_on: Callable[[str], bool]) -> Json:
    """``paths`` below a path, and ``components``, with names that are unique for each model.

    ``is_on`` says for "predict" and "train" whether they are enabled.
    """
    told: Json = {"tags": [], "paths": {}, "components": {"schemas": {}}}
    marks: set[str] = set()
    for name, served in models:
        mark = _mark(name, marks)
        marks.add(mark)
        tag = f"cog: {name}"
        told["tags"].append({"name": tag})
        own = _renamed(served.document, mark)
        for path, item in own["paths"].items():
            if not _works(path, served, is_on):
                continue
            for operation in item.values():
                operation["operationId"] = f"{mark}_{operation['operationId']}"
                operation["tags"] = [tag]
            told["paths"][f"{below}/{quote(name, safe='')}{path}"] = item
        for schema, content in own["components"]["schemas"].items():
            told["components"]["schemas"][f"{mark}_{schema}"] = content
    return told


def _works(path: str, served: Served, is_on: Callable[[str], bool]) -> bool:
    if path.startswith("/predictions"):
        return served.description.predict is not None and is_on("predict")
    if path.startswith("/trainings"):
        return is_on("train")
    return True


def _mark(name: str, taken: Collection[str]) -> str:
    """The prefix for names of a model: OpenAPI allows letters, digits and few other characters."""
    mark = "cog_" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    numbers = ("", *map(str, range(2, len(taken) + 2)))
    return next(one for number in numbers if (one := f"{mark}{number}") not in taken)


def _renamed(document: Json, mark: str) -> dict[str, Any]:
    """A copy whose references to schemas have this prefix."""
    text = msgspec.json.encode(document).decode()
    copy: dict[str, Any] = msgspec.json.decode(text.replace(f'"{_SCHEMAS}', f'"{_SCHEMAS}{mark}_'))
    return copy
