"""What a predictor's function takes, read from its signature; all faults of it at once."""

from __future__ import annotations

import contextlib
import inspect
import re
import types as types_module
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from deepaas.kinds.cog.worker import types
from deepaas.kinds.cog.worker.source import omits_default
from deepaas.kinds.cog.worker.types import Type, Unsupported
from deepaas.messages import TensorDetails
from deepaas.runtime.failures import CannotBeServed
from deepaas.tensors.dtypes import BadTensor

MISSING: Any = inspect.Parameter.empty

_LIMITS = ("ge", "le", "gt", "lt", "min_length", "max_length")
_ORDERED = ("integer", "number")


@dataclass(frozen=True)
class Parameter:
    """One input.

    Attributes:
        default: ``MISSING`` if there is none.
        limits: ``ge``, ``le``, ``gt``, ``lt`` (of numbers), ``min_length``, ``max_length`` (of
            texts), as far as declared.
        pattern: regular expression that must be found in a text.
        accept: which files are wanted, as HTML's attribute of this name has it.
        examples: values that would do, of ``pydantic.Field``.
    """

    name: str
    type: Type
    default: Any = MISSING
    description: str = ""
    limits: dict[str, float] = None  # type: ignore[assignment]
    pattern: str = ""
    choices: tuple[Any, ...] = ()
    deprecated: bool = False
    accept: str = ""
    examples: tuple[Any, ...] = ()

    @property
    def required(self) -> bool:
        """Where there is no default, and None is none either.

        Of several alternatives one must be given, says Cog, even if None is among them.
        """
        return self.default is MISSING and (not self.type.nullable or self.type.kind == "union")


class Faults(CannotBeServed):
    """What is wrong with a predictor, all of it, one sentence for each."""

    def __init__(self, where: str, faults: list[str]) -> None:
        listed = [f"What is wrong with {where}:", *(f"  - {fault}" for fault in faults)]
        details = "\n".join(listed) if len(faults) > 1 else ""
        super().__init__(f"{where}: {'; '.join(faults)}", details)
        self.faults = faults


def parameters(
    function: Callable[..., Any], hints: dict[str, Any], faults: list[str]
) -> list[Parameter]:
    """In order; of a method that is bound. What is wrong is added to the faults."""
    said = called(function)
    found = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
            faults.append(f"{said} must name its inputs: {stars}{parameter.name} cannot be")
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            faults.append(f"{said}: the input {parameter.name!r} must be passable by its name")
        elif parameter.annotation is parameter.empty:
            faults.append(
                f"{said}: the input {parameter.name!r} has no type; "
                f"write for instance {parameter.name}: str"
            )
        elif parameter.name in hints:
            found.append(_parameter(function, parameter, hints[parameter.name], faults))
    return [one for one in found if one is not None]


def called(function: Callable[..., Any]) -> str:
    return f"{getattr(inspect.unwrap(function), '__name__', 'predict')}()"


def type_hints(function: Callable[..., Any], faults: list[str]) -> dict[str, Any]:
    """Those that are texts are read; what is wrong is added to the faults."""
    written = inspect.unwrap(function)
    with contextlib.suppress(Exception):
        return typing.get_type_hints(written, include_extras=True)
    names = getattr(written, "__globals__", {})
    hints: dict[str, Any] = {}
    for name, annotation in inspect.get_annotations(written).items():
        one = types_module.SimpleNamespace(__annotations__={name: annotation})
        try:
            hints |= typing.get_type_hints(one, names, include_extras=True)
        except Exception as error:
            what = "what it returns" if name == "return" else f"the input {name!r}"
            faults.append(f"{called(function)}: the type of {what} cannot be read: {error}")
            hints[name] = Any
    return hints


def _parameter(
    function: Callable[..., Any],
    parameter: inspect.Parameter,
    annotation: Any,
    faults: list[str],
) -> Parameter | None:
    where = f"{called(function)}: the input {parameter.name!r}"
    try:
        kind = types.read(annotation)
    except Unsupported as error:
        faults.append(f"{where}: {error}")
        return None
    if parameter.default is None:
        kind = replace(kind, nullable=True)
    found = Parameter(parameter.name, kind, limits={}, choices=kind.choices)
    for info in (*_annotated(annotation), parameter.default):
        found = _informed(found, info)
    if found.default is None and not kind.nullable:
        if kind.kind == "secret" and not omits_default(function, parameter.name):
            # Cog's one exception: a key that need not be given is written like this everywhere.
            found = replace(found, type=replace(found.type, nullable=True))
        else:
            # Input() has no other way to say that there is no default.
            found = replace(found, default=MISSING)
    wrong = [f"{where}: {fault}" for fault in _faults(found)]
    faults += wrong
    return None if wrong else found


def _annotated(annotation: Any) -> Iterator[Any]:
    if typing.get_origin(annotation) is typing.Annotated:
        yield from _annotated(typing.get_args(annotation)[0])
        yield from (extra for extra in annotation.__metadata__ if _is_info(extra))
    elif typing.get_origin(annotation) is not typing.Literal:
        for inner in typing.get_args(annotation):
            yield from _annotated(inner)


def _informed(parameter: Parameter, info: Any) -> Parameter:
    if info is MISSING:
        return parameter
    if not _is_info(info):
        return replace(parameter, default=_sent(info))
    limits = dict(parameter.limits)
    pattern = ""
    for part in (info, *getattr(info, "metadata", ())):
        limits |= {key: v for key in _LIMITS if (v := getattr(part, key, None)) is not None}
        pattern = pattern or getattr(part, "regex", None) or getattr(part, "pattern", None) or ""
    choices = getattr(info, "choices", None)
    return replace(
        parameter,
        default=_default(info, parameter.default),
        description=getattr(info, "description", None) or parameter.description,
        limits=limits,
        pattern=pattern or parameter.pattern,
        choices=tuple(_sent(c) for c in choices) if choices else parameter.choices,
        deprecated=bool(getattr(info, "deprecated", False)) or parameter.deprecated,
        accept=getattr(info, "accept", None) or parameter.accept,
        examples=tuple(getattr(info, "examples", None) or ()) or parameter.examples,
    )


def _is_info(thing: Any) -> bool:
    """Whether it is what ``cog.Input`` or ``pydantic.Field`` gives, or a single constraint."""
    return type(thing).__name__ in ("FieldInfo", "StringConstraints") or (
        type(thing).__module__.partition(".")[0] == "annotated_types"
    )


def _default(info: Any, before: Any) -> Any:
    if not hasattr(info, "default"):
        return before
    default = info.default
    if default is ... or type(default).__name__ == "PydanticUndefinedType":
        factory = getattr(info, "default_factory", None)
        return before if factory is None else _sent(factory())
    return _sent(default)


def _sent(value: Any) -> Any:
    return value.value if hasattr(value, "value") and hasattr(value, "name") else value


def _faults(parameter: Parameter) -> Iterator[str]:
    kind = parameter.type.inner[0] if parameter.type.kind == "array" else parameter.type
    numbers = [key for key in parameter.limits if "length" not in key]
    lengths = [key for key in parameter.limits if "length" in key]
    if numbers and kind.kind not in _ORDERED:
        yield f"{'/'.join(numbers)} are for numbers, not for {kind.kind}"
    if lengths and parameter.type.kind not in ("string", "secret", "array"):
        yield f"{'/'.join(lengths)} are for texts and lists, not for {kind.kind}"
    if parameter.pattern:
        if kind.kind != "string":
            yield f"a regular expression is for texts, not for {kind.kind}"
        try:
            re.compile(parameter.pattern)
        except re.error as error:
            yield f"the regular expression {parameter.pattern!r} is none: {error}"
    if parameter.accept and not parameter.type.is_file:
        yield f"accept is for files, not for {kind.kind}"
    if parameter.choices:
        yield from _faults_of_choices(parameter, kind)
    yield from _faults_of_default(parameter, kind)


def _faults_of_choices(parameter: Parameter, kind: Type) -> Iterator[str]:
    wanted = {"string": str, "integer": int}.get(kind.kind)
    if wanted is None:
        yield f"choices are for texts and integers, not for {kind.kind}"
    elif not all(type(choice) is wanted for choice in parameter.choices):
        yield f"the choices must all be of the type {wanted.__name__}"
    if parameter.limits:
        yield f"choices and {'/'.join(parameter.limits)} exclude each other"


def _faults_of_default(parameter: Parameter, kind: Type) -> Iterator[str]:
    default = parameter.default
    if default is MISSING or default is None:
        return
    if kind.tensor is not None:
        yield from _faults_of_tensor(kind.tensor, parameter)
        return
    if parameter.type.kind == "array" and not isinstance(default, (list, tuple)):
        yield f"the default {default!r} is no list"
        return
    for key, limit in parameter.limits.items():
        if "length" in key and not _within(key, default, limit):
            yield f"the default {default!r} breaks {key}={limit}"
    for value in default if isinstance(default, (list, tuple)) else [default]:
        if not _fits(kind, value):
            yield f"the default {value!r} is no {kind.kind}"
            return
        if parameter.choices and value not in parameter.choices:
            yield f"the default {value!r} is none of the choices"
        for key, limit in parameter.limits.items():
            if "length" not in key and not _within(key, value, limit):
                yield f"the default {value!r} breaks {key}={limit}"
        if parameter.pattern and not re.search(parameter.pattern, value):
            yield f"the default {value!r} does not match {parameter.pattern!r}"


def _faults_of_tensor(wanted: TensorDetails, parameter: Parameter) -> Iterator[str]:
    from deepaas.tensors import given  # With NumPy, which is there: it is the type of the input.

    default = parameter.default
    try:
        for one in default if parameter.type.kind == "array" else [default]:
            given.array(one, wanted, "")
    except BadTensor as error:
        yield f"the default is not as declared: {error}"


def _fits(kind: Type, value: Any) -> bool:
    allowed: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
        "object": (dict,),
    }
    if isinstance(value, bool) and kind.kind in _ORDERED:
        return False
    return kind.kind not in allowed or isinstance(value, allowed[kind.kind])


def _within(key: str, value: Any, limit: float) -> bool:
    try:
        match key:
            case "ge":
                return bool(value >= limit)
            case "le":
                return bool(value <= limit)
            case "gt":
                return bool(value > limit)
            case "lt":
                return bool(value < limit)
            case "min_length":
                return len(value) >= limit
            case _:
                return len(value) <= limit
    except TypeError:
        return False
