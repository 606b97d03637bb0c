"""Validates inputs against their schema, with the messages of Cog's server."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from deepaas.protocols.cog.schema import TENSOR, Json, for_checking

if TYPE_CHECKING:
    import jsonschema_rs

MAX_FAULTS_COUNT = 100
MAX_CHARACTERS = 64 * 1024
ITEM_CHARACTERS = 64
"""An item of a list counts as this much text."""

MAX_DEPTH = 64
LARGE = "the value does not match its schema in /openapi.json, and is too large to say where"


class Checker:
    """Validates inputs against a schema of OpenAPI 3.0."""

    def __init__(self, schema: Json) -> None:
        properties = schema["properties"]
        self.names = frozenset(properties)
        self._required: list[str] = schema.get("required", [])
        self._nullable = frozenset(
            name for name, told in properties.items() if told.get("nullable")
        )
        # Null is handled here, so that messages only name the other types.
        self._validators = {
            name: _validator({key: part for key, part in told.items() if key != "nullable"})
            for name, told in properties.items()
        }

    def known(self, given: Json) -> Json:
        """An input without unknown names."""
        return {name: value for name, value in given.items() if name in self.names}

    def faults(self, given: Any) -> list[Json]:
        """The errors of an input, in the format of Cog's ``detail``; empty if it is valid."""
        if not isinstance(given, dict):
            said = f'{_text(given)} is not of type "object"' if _is_small(given) else LARGE
            return [fault(["input", "__root__"], said)]
        found: list[tuple[tuple[bool, str, str], Json]] = []
        for name, validator in self._validators.items():
            value = given.get(name)
            if name not in given or (value is None and name in self._nullable):
                continue
            if not validator.is_valid(value):
                found += _faults(name, validator, value)
        missing = [
            fault(["input", name], "Field required", "value_error.missing")
            for name in self._required
            if name not in given
        ]
        if not found:
            return missing[:MAX_FAULTS_COUNT]
        # Cog lists missing inputs last, and the others by name.
        told = [one for _, one in sorted(found, key=lambda one: one[0])]
        return (told + missing)[:MAX_FAULTS_COUNT]


def _validator(schema: Json) -> jsonschema_rs.Draft202012Validator:
    if TENSOR in schema:
        schema = {}  # The worker validates tensors, with better messages.
    return _compiled(_checkable(for_checking(schema)))


def _compiled(schema: Json) -> jsonschema_rs.Draft202012Validator:
    # Imported with the first request: it takes 3 MB, which a host that serves no Cog client saves.
    import jsonschema_rs

    # Only regular expressions that run in linear time: this is the host's event loop.
    return jsonschema_rs.Draft202012Validator(schema, pattern_options=jsonschema_rs.RegexOptions())


def _checkable(schema: Any) -> Any:
    """A schema without the regular expressions that need Python: workers check those."""
    if isinstance(schema, list):
        return [_checkable(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _checkable(part)
        for key, part in schema.items()
        if key != "pattern" or not isinstance(part, str) or _is_readable(part)
    }


def _is_readable(pattern: str) -> bool:
    try:
        _compiled({"pattern": pattern})
    except ValueError:
        return False
    return True


def _is_small(value: Any) -> bool:
    """Whether all errors of a value can be reported, with the invalid parts.

    The library copies those parts, and makes all errors at once, which blocks the event loop.
    """
    room = MAX_CHARACTERS
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, str):
                room -= len(one)
            elif isinstance(one, (list, dict)):
                room -= len(one) * ITEM_CHARACTERS
            if room < 0:
                return False
            if isinstance(one, list):
                inner += one
            elif isinstance(one, dict):
                inner += [*one, *one.values()]
        if not inner:
            return True
        level = inner
    return False


def _faults(
    name: str, validator: jsonschema_rs.Draft202012Validator, value: Any
) -> Iterator[tuple[tuple[bool, str, str], Json]]:
    if not _is_small(value):
        yield (False, name, ""), fault(["input", name], LARGE)
        return
    for error in itertools.islice(validator.iter_errors(value), MAX_FAULTS_COUNT):
        keyword = _keyword(error)
        yield (keyword == "required", name, keyword), _fault(name, error, keyword)


def fault(where: list[str], message: str, kind: str = "value_error") -> Json:
    return {"loc": ["body", *where], "msg": message, "type": kind}


def argument_faults(fields: Mapping[str, Any]) -> Iterator[Json]:
    """Errors that the model itself has found in its arguments, by name."""
    for name, messages in fields.items():
        if isinstance(messages, dict):  # By item, or by name in an object.
            inner = {f"{name}/{key}": message for key, message in messages.items()}
            yield from argument_faults(inner)
            continue
        for message in messages if isinstance(messages, list) else [messages]:
            yield fault(["input", name], str(message))


def _fault(name: str, error: jsonschema_rs.ValidationError, keyword: str) -> Json:
    where = "/".join([name, *(str(step) for step in error.instance_path)])
    if keyword == "required":
        missing = json.loads(error.message.partition(" is a required")[0])
        return fault(["input", f"{where}/{missing}"], "Field required", "value_error.missing")
    return fault(["input", where], _message(error, keyword))


def _message(error: jsonschema_rs.ValidationError, keyword: str) -> str:
    kind: Any = error.kind
    given = _text(error.instance)
    if keyword == "enum":
        return f"{given} is not one of {_text(kind.options)}"
    if keyword in ("minimum", "maximum"):
        said = "less than the minimum" if keyword == "minimum" else "greater than the maximum"
        return f"{given} is {said} of {_text(kind.limit)}"
    return error.message


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _keyword(error: jsonschema_rs.ValidationError) -> str:
    return str(error.schema_path[-1]) if error.schema_path else ""
