"""Decodes and validates arguments in one pass, with a type generated from their fields.

If msgspec accepts a value, the result is the same as marshmallow's. Fields without an exact type
get their JSON value and deserialise it themselves. If anything is rejected, marshmallow validates
it again and writes the message.

A field class can choose the type to which its JSON is decoded: ``checked_as``, an attribute of the
class or instance, is a type for msgspec. Its ``deserialize`` is called with that type, and also
with plain JSON values, if something else in the body was rejected or the value is from another
place. With ``msgspec.Raw`` it also gets ``null``, and must reject text that is not UTF-8 and
numbers that are too large.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

import marshmallow
import msgspec
from marshmallow import ValidationError, fields, missing

from deepaas.runtime.exact_types import Inexact, exact_type, has_structs, maybe, struct

AS = "checked_as"

_NO_OTHERS: Mapping[str, Any] = {}
_REFUSED = (msgspec.MsgspecError, UnicodeError, RecursionError)


class _Argument(msgspec.Struct, frozen=True):  # Much faster to create than a data class.
    """``name`` is the client's, ``key`` the author's; ``exact``: the type validates everything."""

    name: str
    key: str
    field: fields.Field
    kind: Any
    exact: bool
    has_structs: bool


class CompiledChecker:
    """Validates arguments against a schema; ``may_hold`` tells which can be in a body."""

    def __init__(
        self, schema: marshmallow.Schema, may_hold: Callable[[fields.Field], bool]
    ) -> None:
        """``Inexact`` if marshmallow must validate all of them."""
        if schema.load_fields.keys() != schema.fields.keys():
            raise Inexact
        self._arguments = [_argument(name, field) for name, field in schema.fields.items()]
        held = [one for one in self._arguments if may_hold(one.field)]
        self._names = [one.name for one in held]
        self._type = struct([(one.name, maybe(one.kind), msgspec.UNSET) for one in held])
        try:
            self._decode = msgspec.json.Decoder(self._type).decode
        except TypeError:  # A field's own type is not valid, or not in combination.
            raise Inexact from None
        self._made_of_structs = [place for place, one in enumerate(held) if one.has_structs]

    def of_json(self, body: bytes, others: Mapping[str, Any] = _NO_OTHERS) -> dict[str, Any] | None:
        """The arguments in a body and in ``others``, which are not validated yet and take
        precedence; None if the body is rejected. ValidationError if a field rejects a value."""
        try:
            values: Sequence[Any] = msgspec.structs.astuple(self._decode(body))
            if self._made_of_structs:
                values = self._without_structs(values)
        except _REFUSED:
            return None
        return self._loaded(values, others)

    def of_values(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The same for decoded values."""
        if self._made_of_structs:  # They may contain bytes, which would become text.
            return None
        try:
            values = msgspec.structs.astuple(msgspec.convert(given, self._type))
        except _REFUSED:
            return None
        return self._loaded(values, _NO_OTHERS)

    def _without_structs(self, values: Sequence[Any]) -> Sequence[Any]:
        plain = list(values)
        for place in self._made_of_structs:
            if plain[place] is not msgspec.UNSET:
                plain[place] = msgspec.to_builtins(plain[place])
        return plain

    def _loaded(self, values: Sequence[Any], others: Mapping[str, Any]) -> dict[str, Any]:
        found = {
            name: value
            for name, value in zip(self._names, values, strict=True)
            if value is not msgspec.UNSET
        }
        found.update(others)
        loaded: dict[str, Any] = {}
        faults: dict[str, Any] = {}
        for one in self._arguments:
            value = found.get(one.name, missing)
            if not one.exact or value is missing or one.name in others:
                try:
                    value = one.field.deserialize(value, one.name, found)
                except ValidationError as error:
                    faults[one.name] = error.messages
                    continue
            if value is not missing:
                loaded[one.key] = value
        if faults:
            raise ValidationError(faults)
        return loaded


def checker_of(
    schema: marshmallow.Schema, may_hold: Callable[[fields.Field], bool]
) -> CompiledChecker | None:
    """None if marshmallow must validate all of them."""
    try:
        return CompiledChecker(schema, may_hold)
    except Inexact:
        return None


def _argument(name: str, field: fields.Field) -> _Argument:
    said = name if field.data_key is None else field.data_key
    key = field.attribute or name
    if "." in key or not said:  # A dot would mean a nested dict.
        raise Inexact
    kind = getattr(field, AS, None)
    if kind is not None:
        if field.allow_none and kind is not msgspec.Raw:  # Raw cannot be combined.
            kind = Optional[kind]  # noqa: UP045
        return _Argument(said, key, field, kind, exact=False, has_structs=False)
    try:
        kind = exact_type(field)
    except Inexact:
        # A single value may be accepted as a list, depending on its place.
        kind = list[Any] if isinstance(field, fields.List) else Any
        return _Argument(said, key, field, kind, exact=False, has_structs=False)
    return _Argument(said, key, field, kind, exact=True, has_structs=has_structs(field))
