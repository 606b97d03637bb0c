"""Arguments decoded and checked in one pass, by a type that is made of their fields.

What msgspec takes is what marshmallow would have made of it. A field without an exact type gets
its value by itself, as JSON has it, and everything that is refused goes to marshmallow, which
writes the message.

A class of fields may say as what JSON of an argument of it is decoded: ``checked_as``, an attribute
of the class or of the instance, a type of msgspec's. Its ``deserialize`` is called with that, and
also with plain JSON, where something else in the body was refused or the value came elsewhere. With
``msgspec.Raw`` it sees ``null`` too, and answers for texts that are not UTF-8 and for numbers that
are too large.
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


class _Argument(msgspec.Struct, frozen=True):  # Made in a fraction of a data class's time.
    """``name`` is the client's, ``key`` the author's; ``exact`` whether its type says all."""

    name: str
    key: str
    field: fields.Field
    kind: Any
    exact: bool
    has_structs: bool


class CompiledChecker:
    """Checks what a schema of arguments says; ``may_hold`` tells which of them a body may have."""

    def __init__(
        self, schema: marshmallow.Schema, may_hold: Callable[[fields.Field], bool]
    ) -> None:
        """``Inexact`` if marshmallow has to check all of them."""
        if schema.load_fields.keys() != schema.fields.keys():
            raise Inexact
        self._arguments = [_argument(name, field) for name, field in schema.fields.items()]
        held = [one for one in self._arguments if may_hold(one.field)]
        self._names = [one.name for one in held]
        self._type = struct([(one.name, maybe(one.kind), msgspec.UNSET) for one in held])
        try:
            self._decode = msgspec.json.Decoder(self._type).decode
        except TypeError:  # What a field says of itself is no type, or not beside others.
            raise Inexact from None
        self._made_of_structs = [place for place, one in enumerate(held) if one.has_structs]

    def of_json(self, body: bytes, others: Mapping[str, Any] = _NO_OTHERS) -> dict[str, Any] | None:
        """The arguments in a body and in ``others``, as yet unchecked, which win; None if the body
        is refused. ValidationError where a field refuses that is asked alone."""
        try:
            values: Sequence[Any] = msgspec.structs.astuple(self._decode(body))
            if self._made_of_structs:
                values = self._without_structs(values)
        except _REFUSED:
            return None
        return self._loaded(values, others)

    def of_values(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The same of values that are decoded already."""
        if self._made_of_structs:  # There may be bytes within, which would become text.
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
    """None if marshmallow has to check all of them."""
    try:
        return CompiledChecker(schema, may_hold)
    except Inexact:
        return None


def _argument(name: str, field: fields.Field) -> _Argument:
    said = name if field.data_key is None else field.data_key
    key = field.attribute or name
    if "." in key or not said:  # The first would be a place within a dict.
        raise Inexact
    kind = getattr(field, AS, None)
    if kind is not None:
        if field.allow_none and kind is not msgspec.Raw:  # Which stands beside nothing else.
            kind = Optional[kind]  # noqa: UP045
        return _Argument(said, key, field, kind, exact=False, has_structs=False)
    try:
        kind = exact_type(field)
    except Inexact:
        # What is no list may be the only value of one: that depends on where it stands.
        kind = list[Any] if isinstance(field, fields.List) else Any
        return _Argument(said, key, field, kind, exact=False, has_structs=False)
    return _Argument(said, key, field, kind, exact=True, has_structs=has_structs(field))
