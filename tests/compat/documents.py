"""Swagger documents compared operation by operation, and where ours may differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
Operation = dict[str, Any]


@dataclass(frozen=True)
class DocumentDifference:
    name: str
    reason: str
    forget: Callable[[str, Operation], None]
    """Takes out of an operation (of both documents) what may differ."""


def operations(document: Document) -> dict[str, Operation]:
    """Every operation by method and path, its references replaced by what they point at."""
    return {
        f"{method.upper()} {path}": _resolved(operation, document["definitions"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def unexplained(theirs: Document, ours: Document) -> dict[str, list[str]]:
    """By operation of theirs: where ours differs although no difference says so."""
    return _unexplained(theirs, ours, DIFFERENCES)


def stale_differences(theirs: Document, ours: Document) -> list[str]:
    """Differences without which these documents agree just as well."""
    explained = unexplained(theirs, ours)
    return [
        difference.name
        for difference in DIFFERENCES
        if _unexplained(theirs, ours, [each for each in DIFFERENCES if each != difference])
        == explained
    ]


def _unexplained(
    theirs: Document, ours: Document, differences: Sequence[DocumentDifference]
) -> dict[str, list[str]]:
    our_operations = operations(ours)
    found = {}
    for name, operation in operations(theirs).items():
        ours_here = our_operations.get(name)
        if ours_here is None:
            found[name] = ["missing"]
            continue
        for difference in differences:
            difference.forget(name, operation)
            difference.forget(name, ours_here)
        found[name] = list(_unequal(operation, ours_here))
    return found


def _unequal(theirs: Any, ours: Any, place: str = "") -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in theirs | ours:
            yield from _unequal(theirs.get(key), ours.get(key), f"{place}/{key}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for number, (their_item, our_item) in enumerate(zip(theirs, ours, strict=True)):
            yield from _unequal(their_item, our_item, f"{place}/{number}")
    elif theirs != ours:
        yield f"{place}: theirs {theirs!r}, ours {ours!r}"


def _resolved(value: Any, definitions: Document) -> Any:
    if isinstance(value, list):
        return [_resolved(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    resolved = {key: _resolved(item, definitions) for key, item in value.items() if key != "$ref"}
    if "$ref" in value:
        name = value["$ref"].removeprefix("#/definitions/")
        # Definitions of one name are numbered in the order in which they come.
        resolved["definition"] = re.sub(r"\d+$", "", name)
        resolved |= _resolved(definitions[name], definitions)
    return resolved


def _forget_cookies(_name: str, operation: Operation) -> None:
    operation["parameters"] = [
        parameter for parameter in operation.get("parameters", []) if parameter["in"] != "cookie"
    ]


def _forget_passwords(_name: str, operation: Operation) -> None:
    for parameter in operation.get("parameters", []):
        if parameter.get("format") == "password":
            parameter.pop("default", None)


def _forget_trainings(name: str, operation: Operation) -> None:
    if "/train/" in name:
        operation["responses"].pop("200", None)


def _forget_pages_of_lists(name: str, operation: Operation) -> None:
    if name.startswith("GET ") and name.endswith("/train/"):
        operation["parameters"] = [
            parameter
            for parameter in operation.get("parameters", [])
            if parameter["name"] not in {"status", "limit", "offset", "order"}
        ]


def _forget_errors(_name: str, operation: Operation) -> None:
    for status in list(operation["responses"]):
        if not status.startswith("2"):
            del operation["responses"][status]


def _forget_own_shapes(name: str, operation: Operation) -> None:
    """Of what the host itself answers. What a model answers is compared."""
    answer = operation["responses"].get("200", {})
    if "/predict/" not in name:
        answer.pop("schema", None)
    elif answer["schema"]["definition"] == "Prediction":
        del answer["schema"]["properties"]["predictions"]


def _forget_words(name: str, operation: Operation) -> None:
    for answer in operation["responses"].values():
        answer.pop("description", None)
    if name.endswith("/v2/models/") or "/train/" in name:
        operation.pop("description", None)
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter.pop("description", None)


def _forget_additions(_name: str, operation: Operation) -> None:
    operation.pop("operationId", None)
    operation.pop("consumes", None)
    operation.pop("x-implemented", None)


def _forget_places_of_files(_name: str, operation: Operation) -> None:
    for parameter in operation.get("parameters", []):
        if parameter.get("type") == "file":
            del parameter["in"]


def _forget_repetitions(_name: str, operation: Operation) -> None:
    if "produces" in operation:
        operation["produces"] = list(dict.fromkeys(operation["produces"] or []))


DIFFERENCES = (
    DocumentDifference(
        "cookies",
        "fault 38: `in: cookie`, which Swagger 2.0 does not know",
        _forget_cookies,
    ),
    DocumentDifference(
        "defaults of passwords",
        "fault 38: the default of a password argument is published",
        _forget_passwords,
    ),
    DocumentDifference(
        "trainings",
        "fault 38: `completed` documented, `done` sent; a list said to be an object; POST and "
        "DELETE without an answer",
        _forget_trainings,
    ),
    DocumentDifference(
        "pages of trainings",
        "improvement: a list of trainings can be asked for in pages, by status, newest first",
        _forget_pages_of_lists,
    ),
    DocumentDifference(
        "error answers",
        "improvement: the errors that there are, in their shape; DEEPaaS knows 400 only",
        _forget_errors,
    ),
    DocumentDifference(
        "shapes of the host's own answers",
        "improvement: what is sent; DEEPaaS documents `predictions` as a string, the list of "
        "models as one model, links as an object with a type and a full URL",
        _forget_own_shapes,
    ),
    DocumentDifference(
        "words",
        "improvement: answers and identifiers have a description; a typing error less",
        _forget_words,
    ),
    DocumentDifference(
        "additions",
        "improvement: operation ids for generated clients; the media types that are read",
        _forget_additions,
    ),
    DocumentDifference(
        "files without a location",
        "improvement: in the form, where Swagger 2.0 wants files; DEEPaaS has them in the query",
        _forget_places_of_files,
    ),
    DocumentDifference(
        "media types given twice",
        "improvement: `*/*` once, also where the package offers it itself",
        _forget_repetitions,
    ),
)
