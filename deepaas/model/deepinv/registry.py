"""A registry of physics: how each is built, and from which parameters."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from marshmallow import ValidationError, fields, missing, validate

from deepaas.messages import TensorDetails
from deepaas.model.deepinv.shapes import like
from deepaas.model.v2 import InvalidArgument
from deepaas.model.v2.fields import Tensor
from deepaas.near_names import did_you_mean

Build = Callable[..., Any]
"""``build(y, **parameters)``: the physics that has produced the measurement ``y``."""

ARGUMENT = "physics"


@dataclass(frozen=True)
class _Registered:
    build: Build
    parameters: Mapping[str, fields.Field]


class PhysicsRegistry:
    """Physics by name. Names from clients are only looked up, and never evaluated.

    Each parameter of a physics is declared as a field, as arguments are. Parameters of the same
    name must be of the same type, because they are one argument of ``predict``.
    """

    def __init__(self) -> None:
        self._entries: dict[str, _Registered] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all physics, in the order in which they were added."""
        return tuple(self._entries)

    @property
    def annotation(self) -> Any:
        """The type of the argument ``physics`` of a typed predictor: a ``Literal`` of the names."""
        return Literal[self.names]

    def add(self, name: str, build: Build, /, **parameters: fields.Field) -> None:
        """Add a physics, or replace one::

            registry.add("tomography", tomography, angles=fields.Int(load_default=180))

        Args:
            build: called as ``build(y, **parameters)``, with all parameters, validated. Tensors
                are PyTorch tensors on the device of ``y`` if ``y`` is one, else NumPy arrays. It
                can raise ``InvalidArgument``.
            parameters: marshmallow fields; ``load_default`` is the default.

        Raises:
            ValueError: a parameter has another type in another physics, or a reserved name.
        """
        for parameter, field in parameters.items():
            if parameter == ARGUMENT:
                raise ValueError(f"{name}: the parameter {parameter!r} needs another name")
            for other, entry in self._entries.items():
                known = entry.parameters.get(parameter)
                if other != name and known is not None and type(known) is not type(field):
                    raise ValueError(
                        f"the parameter {parameter!r} of {name!r} is a {type(field).__name__}, "
                        f"that of {other!r} is a {type(known).__name__}: give it another name"
                    )
        self._entries[name] = _Registered(build, parameters)

    def arguments(self, *, default: str | None = None) -> dict[str, fields.Field]:
        """Declare the arguments of ``predict``: ``physics``, and all parameters, each optional.

        Args:
            default: the physics if a client names none; without it, ``physics`` is required.

        Raises:
            ValueError: there is no physics of that name.
        """
        if default is not None and default not in self._entries:
            raise ValueError(self._unknown(default))
        metadata = {"description": f"How the measurement was made: {self._listed()}"}
        given = {"required": True} if default is None else {"load_default": default}
        choice = fields.Str(validate=_OneOf(self), metadata=metadata, **given)
        return {ARGUMENT: choice, **dict(self._parameters())}

    def build(self, physics: str, y: Any, /, **parameters: Any) -> Any:
        """Build the physics of a measurement.

        Args:
            physics: its name.
            y: the measurement, a NumPy array or a PyTorch tensor.
            parameters: None stands for one that was not given.

        Raises:
            InvalidArgument: unknown physics, or a parameter that is missing, invalid, or none of
                this physics. The client gets the message.
        """
        entry = self._entries.get(physics)
        if entry is None:
            raise InvalidArgument(ARGUMENT, self._unknown(physics))
        given = {name: value for name, value in parameters.items() if value is not None}
        for name in given:
            if name not in entry.parameters:
                raise InvalidArgument(name, self._foreign(physics, name))
        values = {
            name: like(y, _loaded(physics, name, field, given.get(name, missing)))
            for name, field in entry.parameters.items()
        }
        return entry.build(y, **values)

    def _parameters(self) -> Iterator[tuple[str, fields.Field]]:
        for name in dict.fromkeys(one for e in self._entries.values() for one in e.parameters):
            users = {
                physics: entry.parameters[name]
                for physics, entry in self._entries.items()
                if name in entry.parameters
            }
            yield name, _merged(users)

    def _unknown(self, physics: object) -> str:
        near = did_you_mean(str(physics), self._entries)
        return f"Unknown physics {physics!r}{near or '.'} Available: {', '.join(self._entries)}."

    def _foreign(self, physics: str, name: str) -> str:
        own = self._entries[physics].parameters
        near = did_you_mean(name, own)
        has = f"It has: {', '.join(own)}." if own else "It has none."
        return f"Not a parameter of the physics {physics!r}{near or '.'} {has}"

    def _listed(self) -> str:
        return ", ".join(
            f"{name} ({', '.join(entry.parameters)})" if entry.parameters else name
            for name, entry in self._entries.items()
        )


class _OneOf(validate.OneOf):
    """Documents list the choices, and the message suggests the nearest one."""

    def __init__(self, registry: PhysicsRegistry) -> None:
        super().__init__(registry.names)
        self._registry = registry

    def _format_error(self, value: Any) -> str:
        return self._registry._unknown(value)


def _loaded(physics: str, name: str, field: fields.Field, value: Any) -> Any:
    if value is missing and field.required:
        raise InvalidArgument(name, f"Missing: the physics {physics!r} needs it.")
    try:
        # A typed predictor, or a notebook, has validated nothing yet.
        loaded = field.deserialize(value, name)
    except ValidationError as error:
        raise InvalidArgument(name, _first(error.messages)) from None
    return None if loaded is missing else loaded


def _first(messages: Any) -> str:
    while isinstance(messages, (dict, list)) and messages:
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages))
    return str(messages)


def _merged(users: Mapping[str, fields.Field]) -> fields.Field:
    """One optional argument for a parameter of several physics: limits that all share are kept,
    and :meth:`PhysicsRegistry.build` checks those of each."""
    first, *others = users.values()
    field = copy.deepcopy(first)
    field.required, field.allow_none, field.load_default = False, True, None
    if any(_told(other) != _told(first) for other in others):
        field.validators = []
    tensors = [user.wanted for user in users.values() if isinstance(user, Tensor)]
    if isinstance(field, Tensor) and any(wanted != field.wanted for wanted in tensors):
        field.wanted = TensorDetails()
    field.metadata = {**field.metadata, "description": _description(users)}
    return field


def _told(field: fields.Field) -> list[str]:
    return [repr(validator) for validator in field.validators]


def _description(users: Mapping[str, fields.Field]) -> str:
    """What the parameter is, and for which physics, those with the same default together."""
    said = next((text for f in users.values() if (text := f.metadata.get("description"))), "")
    notes: dict[str, list[str]] = {}
    for physics, field in users.items():
        default = field.load_default
        plain = isinstance(default, (bool, int, float, str))
        note = " (required)" if field.required else f" (default {default})" if plain else ""
        notes.setdefault(note, []).append(physics)
    purpose = "For " + "; ".join(f"{', '.join(names)}{note}" for note, names in notes.items())
    return f"{said.rstrip('.')}. {purpose}" if said else purpose
