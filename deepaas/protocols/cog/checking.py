"""Whether an input fits its schema, in the words of Cog's server."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import msgspec

from deepaas.protocols.cog.schema import Json, for_checking

MAX_FAULTS_COUNT = 100


class Checker:
    """Checks the inputs of one model.

    Args:
        schema: of its inputs, as OpenAPI 3.0 has it.
    """

    def __init__(self, schema: Json) -> None:
        properties = schema["properties"]
        self.names = frozenset(properties)
        self._nullable = frozenset(
            name for name, told in properties.items() if told.get("nullable")
        )
        # What may be null is seen to here, so that faults say what else it may be.
        plain = {
            name: {key: part for key, part in told.items() if key != "nullable"}
            for name, told in properties.items()
        }
        checked = for_checking({**schema, "properties": plain})
        self._validator = jsonschema_rs.Draft202012Validator(checked)

    def faults(self, given: Any) -> list[Json]:
        """What is wrong with an input, empty for nothing; the shape is Cog's ``detail``."""
        if self._validator.is_valid(given):
            return []
        errors = (one for one in self._validator.iter_errors(given) if not self._is_null(one))
        first = itertools.islice(errors, MAX_FAULTS_COUNT)
        return [_fault(error) for error in sorted(first, key=_order)]

    def _is_null(self, error: jsonschema_rs.ValidationError) -> bool:
        """Whether it is about a null where null may be."""
        path = error.instance_path
        return error.instance is None and len(path) == 1 and path[0] in self._nullable


def _order(error: jsonschema_rs.ValidationError) -> tuple[bool, str, str]:
    """Cog tells of what is missing last, of the rest by name."""
    keyword = _keyword(error)
    return keyword == "required", str(next(iter(error.instance_path), "")), keyword


def fault(where: list[str], message: str, kind: str = "value_error") -> Json:
    """One fault of a request."""
    return {"loc": ["body", *where], "msg": message, "type": kind}


def argument_faults(fields: Mapping[str, Any]) -> Iterator[Json]:
    """What the model itself has found wrong with its arguments, by name."""
    for name, messages in fields.items():
        for message in messages if isinstance(messages, list) else [messages]:
            yield fault(["input", name], str(message))


def _fault(error: jsonschema_rs.ValidationError) -> Json:
    where = "/".join(str(step) for step in error.instance_path)
    keyword = _keyword(error)
    if keyword == "required":
        name = str(json.loads(error.message.partition(" is a required")[0]))
        place = f"{where}/{name}" if where else name
        return fault(["input", place], "Field required", "value_error.missing")
    return fault(["input", where or "__root__"], _message(error, keyword))


def _message(error: jsonschema_rs.ValidationError, keyword: str) -> str:
    kind: Any = error.kind
    given = msgspec.json.encode(error.instance).decode()
    if keyword == "enum":
        return f"{given} is not one of {msgspec.json.encode(kind.options).decode()}"
    if keyword in ("minimum", "maximum"):
        said = "less than the minimum" if keyword == "minimum" else "greater than the maximum"
        return f"{given} is {said} of {float(kind.limit)}"
    return error.message


def _keyword(error: jsonschema_rs.ValidationError) -> str:
    return str(error.schema_path[-1]) if error.schema_path else ""
