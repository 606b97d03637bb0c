"""Reads the inputs of a predictor's function from its signature, and collects all faults."""

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
from deepaas.kinds.cog.worker.faults import FaultList
from deepaas.kinds.cog.worker.source import omits_default
from deepaas.kinds.cog.worker.types import Type, Unsupported, UnsupportedType
from deepaas.messages import TensorDetails
from deepaas.tensors.dtypes import BadTensor

MISSING: Any = inspect.Parameter.empty

_LIMITS = ("ge", "le", "gt", "lt", "min_length", "max_length")
_ORDERED = ("integer", "number")
_EXAMPLES = {
    "string": "'text'",
    "integer": "3",
    "number": "0.5",
    "boolean": "True",
    "object": "{}",
}
_CHANGE = "change the default, or what is declared"


@dataclass(frozen=True)
class Parameter:
    """One input.

    Attributes:
        default: ``MISSING`` if there is none.
        limits: those declared of ``ge``, ``le``, ``gt``, ``lt`` (numbers), ``min_length``,
            ``max_length`` (strings).
        pattern: regular expression that must match somewhere in a string.
        accept: accepted types of files, as in HTML's attribute ``accept``.
        examples: valid values, from ``pydantic.Field``.
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
        """Whether it has no default and cannot be None.

        As in Cog, a union is required even if None is one of its types.
        """
        return self.default is MISSING and (not self.type.nullable or self.type.kind == "union")


def parameters(
    function: Callable[..., Any], hints: dict[str, Any], faults: FaultList
) -> list[Parameter]:
    """Return the inputs of a function or bound method. Problems are added to ``faults``."""
    said = called(function)
    found = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
            problem = f"{said}: {stars}{parameter.name} is not supported"
            fix = "list its inputs, each with a type, for example text: str, count: int = 3"
            faults.add(problem, fix, function, parameter.name)
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            problem = f"{said}: the input {parameter.name!r} must not be positional-only"
            faults.add(problem, "remove the / from the parameters", function, parameter.name)
        elif parameter.annotation is parameter.empty:
            faults.add(
                f"{said}: the input {parameter.name!r} has no type",
                f"add one, for example {parameter.name}: str",
                function,
                parameter.name,
            )
        elif parameter.name in hints:
            found.append(_parameter(function, parameter, hints[parameter.name], faults))
    return [one for one in found if one is not None]


def called(function: Callable[..., Any]) -> str:
    return f"{getattr(inspect.unwrap(function), '__name__', 'predict')}()"


def type_hints(function: Callable[..., Any], faults: FaultList) -> dict[str, Any]:
    """Return the type hints; strings are evaluated. Problems are added to ``faults``."""
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
            what = "return type" if name == "return" else f"type of the input {name!r}"
            problem = f"{called(function)}: the {what} is invalid: {error}"
            faults.add(problem, "import the name, or correct it", function, name)
            hints[name] = Any
    return hints


def _parameter(
    function: Callable[..., Any],
    parameter: inspect.Parameter,
    annotation: Any,
    faults: FaultList,
) -> Parameter | None:
    where = f"{called(function)}: the input {parameter.name!r}"
    try:
        kind = types.read(annotation)
    except Unsupported as error:
        fix = error.fix
        if isinstance(error, UnsupportedType):
            fix = f"write for example {parameter.name}: {error.instead}, or {fix}"
        faults.add(f"{where}: {error}", fix, function, parameter.name)
        return None
    if parameter.default is None:
        kind = replace(kind, nullable=True)
    found = Parameter(parameter.name, kind, limits={}, choices=kind.choices)
    for info in (*_annotated(annotation), parameter.default):
        found = _informed(found, info)
    if found.default is None and not kind.nullable:
        if kind.kind == "secret" and not omits_default(function, parameter.name):
            # Cog's one exception: this is how everybody writes an optional key.
            found = replace(found, type=replace(found.type, nullable=True))
        else:
            # Input() has no other way to say that there is no default.
            found = replace(found, default=MISSING)
    wrong = list(_faults(found))
    for problem, fix in wrong:
        faults.add(f"{where}: {problem}", fix, function, parameter.name)
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
    """Whether it is the result of ``cog.Input`` or ``pydantic.Field``, or a single constraint."""
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


def _faults(parameter: Parameter) -> Iterator[tuple[str, str]]:
    """Problems, and what to do about each."""
    kind = parameter.type.inner[0] if parameter.type.kind == "array" else parameter.type
    numbers = [key for key in parameter.limits if "length" not in key]
    lengths = [key for key in parameter.limits if "length" in key]
    if numbers and kind.kind not in _ORDERED:
        yield (
            f"{'/'.join(numbers)}: only for numbers, not for {kind.kind}",
            "remove it, or declare int or float",
        )
    if lengths and parameter.type.kind not in ("string", "secret", "array"):
        yield (
            f"{'/'.join(lengths)}: only for strings and lists, not for {kind.kind}",
            "remove it, or declare str",
        )
    if parameter.pattern:
        if kind.kind != "string":
            yield (
                f"a regular expression is only for strings, not for {kind.kind}",
                "remove it, or declare str",
            )
        try:
            re.compile(parameter.pattern)
        except re.error as error:
            yield f"invalid regular expression {parameter.pattern!r}: {error}", "correct it"
    if parameter.accept and not parameter.type.is_file:
        yield f"accept is only for files, not for {kind.kind}", "remove it, or declare Path"
    if parameter.choices:
        yield from _faults_of_choices(parameter, kind)
    yield from _faults_of_default(parameter, kind)


def _faults_of_choices(parameter: Parameter, kind: Type) -> Iterator[tuple[str, str]]:
    wanted = {"string": str, "integer": int}.get(kind.kind)
    if wanted is None:
        yield f"choices are only for strings and integers, not for {kind.kind}", "remove them"
    elif not all(type(choice) is wanted for choice in parameter.choices):
        yield f"all choices must be of the type {wanted.__name__}", "correct the others"
    if parameter.limits:
        yield f"choices cannot be combined with {'/'.join(parameter.limits)}", "remove one of them"


def _faults_of_default(parameter: Parameter, kind: Type) -> Iterator[tuple[str, str]]:
    default = parameter.default
    if default is MISSING or default is None:
        return
    if kind.tensor is not None:
        yield from _faults_of_tensor(kind.tensor, parameter)
        return
    if parameter.type.kind == "array" and not isinstance(default, (list, tuple)):
        yield f"the default {default!r} is not a list", f"use a list, for example [{default!r}]"
        return
    for key, limit in parameter.limits.items():
        if "length" in key and not _within(key, default, limit):
            yield f"the default {default!r} violates {key}={limit}", _CHANGE
    for value in default if isinstance(default, (list, tuple)) else [default]:
        if not _fits(kind, value):
            yield f"the default {value!r} is not of the type {kind.kind}", _of_type(kind)
            return
        if parameter.choices and value not in parameter.choices:
            yield f"the default {value!r} is not one of the choices", "use one of them, or add it"
        for key, limit in parameter.limits.items():
            if "length" not in key and not _within(key, value, limit):
                yield f"the default {value!r} violates {key}={limit}", _CHANGE
        if parameter.pattern and not re.search(parameter.pattern, value):
            yield f"the default {value!r} does not match {parameter.pattern!r}", _CHANGE


def _faults_of_tensor(wanted: TensorDetails, parameter: Parameter) -> Iterator[tuple[str, str]]:
    from deepaas.tensors import given  # Imports NumPy, which is installed: an input has its type.

    default = parameter.default
    try:
        for one in default if parameter.type.kind == "array" else [default]:
            given.array(one, wanted, "")
    except BadTensor as error:
        yield f"the default does not match the declaration: {error}", _CHANGE


def _of_type(kind: Type) -> str:
    example = _EXAMPLES.get(kind.kind)
    return f"use one that is{f', for example {example}' if example else ''}, or another type"


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
