"""What is odd about a result that is sent nonetheless: its type is not the declared one, ``None``
that looks like a forgotten ``return``, and numbers that JSON does not have."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import Any

LOOK_COUNT = 10
"""So many items of a list are compared with their declaration."""

SEARCH_COUNT = 10_000
"""So many values are searched for NaN, if the JSON has any null at all."""

RETURNED_NONE = "predict returned None, so the client gets null: is a 'return' missing?"

NO_NUMBER = (
    "the result contains NaN or Infinity, which JSON does not have: the client gets null. "
    "Return another number, or None (in a schema: allow_none=True)"
)

_PYTHON = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
}
_CLASSES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}


class ExpectedResults:
    """Compares results with what is declared: `output` is its schema (OpenAPI 3.0), empty if only
    None is odd, and None if nothing is."""

    def __init__(self, output: Mapping[str, Any] | None) -> None:
        self._output = output
        self._item = (output or {}).get("items", {})
        self._right = _right(output or {})

    def whole(self, result: Any) -> str:
        """What is odd about a returned value, as a sentence; empty if nothing is."""
        if self._output is None or type(result) in self._right:
            return ""
        if not self._output:
            return RETURNED_NONE if result is None else ""
        return _said("returned", result, self._output)

    def item(self, result: Any) -> str:
        """The same for a yielded value."""
        if not self._output:
            return ""
        if "x-cog-array-type" not in self._output:
            wanted = _declared(self._output)
            return f"predict yields values, but declares {wanted}: declare Iterator[{wanted}]"
        return _said("yielded", result, self._item)


def _right(schema: Mapping[str, Any]) -> frozenset[type]:
    """The classes of which every value is as declared: to look no further saves time."""
    if not schema:
        return frozenset([str, int, float, bool, dict, list])
    kind = schema.get("type", "")
    plain = kind in ("string", "integer", "number", "boolean") and "enum" not in schema
    return frozenset(_CLASSES[kind] if plain and not _is_file(schema) else ())


def _said(did: str, result: Any, schema: Mapping[str, Any]) -> str:
    found = _difference(result, schema, "")
    if found is None:
        return ""
    name, value, wanted = found
    told = f"predict {did} {_kind(value)}{f' as {name}' if name else ''}, but declares {wanted}"
    return f"{told}: is a 'return' missing?" if result is None and did == "returned" else told


def _difference(value: Any, schema: Mapping[str, Any], name: str) -> tuple[str, Any, str] | None:
    """The first value that is not as declared: where it is, itself, and what is declared."""
    if value is None:
        odd = bool(schema.get("type") or schema.get("anyOf")) and not schema.get("nullable")
        return (name, value, _declared(schema)) if odd else None
    if among := schema.get("anyOf"):
        fits = any(_difference(value, {"nullable": True, **one}, "") is None for one in among)
        return None if fits else (name, value, _declared(schema))
    kind = schema.get("type")
    if kind is None or _is_unknown(value):
        return None
    if _is_file(schema) != _is_path(value) and not (_is_file(schema) and _is_url(value)):
        return name, value, _declared(schema)
    if not _is_path(value) and not _fits(value, kind):
        return name, value, _declared(schema)
    if "enum" in schema and value not in schema["enum"]:
        return name, value, "only other choices"
    if kind == "array":
        items = schema.get("items", {})
        looked = (
            _difference(one, items, f"an item of {name or 'the list'}")
            for one in value[:LOOK_COUNT]
        )
        return next((one for one in looked if one is not None), None)
    if kind == "object":
        within = f" of {name}" if name else ""
        for key, inner in schema.get("properties", {}).items():
            if key in value and (found := _difference(value[key], inner, f"{key!a}{within}")):
                return found
    return None


def _fits(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return kind not in _CLASSES or isinstance(value, _CLASSES[kind])


def _is_unknown(value: Any) -> bool:
    """Whether it is of another class, which may become any JSON."""
    known = (str, int, float, list, tuple, dict)
    return not (isinstance(value, known) or _is_path(value))


def _is_path(value: Any) -> bool:
    return hasattr(value, "__fspath__")


def _is_file(schema: Mapping[str, Any]) -> bool:
    return schema.get("format") == "uri"


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and ":" in value[:10]


def _declared(schema: Mapping[str, Any]) -> str:
    if among := schema.get("anyOf"):
        return " or ".join(map(_declared, among))
    if _is_file(schema):
        return "Path"
    kind = str(schema.get("type", ""))
    return _PYTHON.get(kind, kind)


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if _is_path(value):
        return "a file (Path)"
    name = ascii(type(value).__name__)[1:-1]  # For a header.
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def has_no_number(value: Any) -> bool:
    """Whether NaN or Infinity is in a value, of which it is known that its JSON has a null.

    Of large values only the beginning is searched.
    """
    waiting, left = [value], SEARCH_COUNT
    while waiting and left:
        left -= 1
        one = waiting.pop()
        if isinstance(one, float):
            if not math.isfinite(one):
                return True
        elif isinstance(one, Mapping):
            waiting += itertools.islice(one.values(), left)
        elif isinstance(one, (list, tuple)):
            waiting += one[:left]
        elif dataclasses.is_dataclass(one):
            waiting += [getattr(one, field.name) for field in dataclasses.fields(one)]
        elif getattr(one, "dtype", None) is not None and hasattr(one, "tolist"):
            # An array. Large ones are not copied: their nulls come from nothing else.
            if getattr(one, "nbytes", 0) > SEARCH_COUNT * 8:
                return True
            waiting.append(one.tolist())
    return False
