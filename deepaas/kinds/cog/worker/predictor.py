"""Adapts a typed predictor to the contract that workers expect of all models."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from marshmallow import fields

from deepaas.author_files.contents import METHODS
from deepaas.kinds.cog.worker import examples, inputs, outputs, scope
from deepaas.kinds.cog.worker.faults import FaultList, Faults
from deepaas.kinds.cog.worker.fields import field
from deepaas.kinds.cog.worker.outputs import OutputType
from deepaas.kinds.cog.worker.plain import plain
from deepaas.kinds.cog.worker.signature import Parameter, called, parameters, type_hints
from deepaas.kinds.cog.worker.source import reveal
from deepaas.kinds.cog.worker.trained import kept
from deepaas.model.v2.batches import ATTRIBUTE as BATCHED
from deepaas.runtime.batching.ways import OPTIONS, declared_on, is_no_plain_function
from deepaas.runtime.calling import without_arguments
from deepaas.runtime.signatures import misspelt
from deepaas.runtime.traits import ATTRIBUTE, Scope, Take, Traits, traits_of

_STARRED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
"""The parameters of a function decorated without ``functools.wraps``; none is required."""

UNWELL = "Healthcheck failed: user-defined healthcheck returned False"


class Predictor:
    """A model that implements DEEPaaS's contract from type hints. Raises ``Faults`` with them all.

    `target` is the class (not an instance) or the function; `concurrency` is set outside its code.
    """

    def __init__(
        self, target: Any, train: Callable[..., Any] | None = None, concurrency: int = 1
    ) -> None:
        faults = FaultList()
        self._owner: Any = _made(target) if inspect.isclass(target) else None
        function = _function(target, self._owner, faults)
        written = inspect.unwrap(function) if function else None
        self._documented = _documentation(written, target)
        self._exemplary = [one for one in (written, target) if one is not None]
        self._taken: list[Parameter] = []
        _check_setup(self._owner, faults)
        if function is not None:
            self._take(function, concurrency, faults)
        if train is not None:
            self._take_train(train, faults)
        if faults.found:
            raise Faults(getattr(target, "__qualname__", repr(target)), faults.found)

    def warm(self) -> Any:
        """The predictor's ``setup``, to be awaited if it is a coroutine."""
        setup = getattr(self._owner, "setup", None)
        if setup is None:
            return None
        if "weights" in inspect.signature(setup).parameters:
            return setup(weights=os.environ.get("COG_WEIGHTS") or None)
        return setup()

    def near_names(self) -> Iterator[tuple[str, Any]]:
        """Methods that nobody calls, but that may be misspelt: what to say, and the method."""
        return _near_names(self._owner)

    def get_metadata(self) -> dict[str, Any]:
        summary, _, _ = self._documented.partition("\n\n")
        told: dict[str, Any] = {"description": self._documented}
        if self._documented:
            told["summary"] = " ".join(summary.split())
        if found := examples.read(self._exemplary, self._taken):
            told["examples"] = found
        return told

    def _take(self, function: Callable[..., Any], concurrency: int, faults: FaultList) -> None:
        hints = type_hints(function, faults)
        taken = self._taken = parameters(function, hints, faults)
        output = outputs.read(function, hints, faults)
        written = inspect.unwrap(function)
        asynchronous = output.asynchronous or any(map(_is_asynchronous, (function, written)))
        declared = getattr(written, "__cog_concurrent_max__", 1)
        concurrency = max(concurrency, declared)
        if concurrency > 1 and not asynchronous:
            problem = f"{called(function)} must be async to process several calls at a time"
            fix = f"write async def {called(function)[:-2]}(…), or allow one call at a time"
            faults.add(problem, fix, function)
        if output.response is not None:
            self.schema = output.response
        self.get_predict_args = _declared(taken)
        streams = output.in_parts or _yields(function) or _yields(written)
        self.predict = _predict(function, taken, asynchronous, streams)
        if (declared := declared_on(function)) is not None:
            setattr(self.predict, BATCHED, declared)
        if (together := getattr(self._owner, "predict_batch", None)) is not None:
            self.predict_batch = _predict_batch(together, taken)
        for option in OPTIONS:
            if hasattr(self._owner, option):
                setattr(self, option, getattr(self._owner, option))
        setattr(
            self,
            ATTRIBUTE,
            Traits(
                concurrency=concurrency,
                cancelled=_cancelled(),
                around=_Around,
                health=self._health if hasattr(self._owner, "healthcheck") else None,
                output=_titled(output),
                is_file=output.is_file,
                needs_warm=True,
                tensors=output.tensors,
                take={"predict": inputs.Take(taken)},
                written=function,
                remarks=[remark for remark, _ in self.near_names()],
            ),
        )

    def _take_train(self, train: Callable[..., Any], faults: FaultList) -> None:
        taken = parameters(train, type_hints(train, faults), faults)
        self.get_train_args = _declared(taken)
        traits = traits_of(self)
        takes: dict[str, Take] = {**traits.take, "train": inputs.Take(taken)}
        setattr(self, ATTRIBUTE, replace(traits, take=takes))

        def run(**arguments: Any) -> Any:
            result = train(**inputs.values(taken, arguments))
            if inspect.isawaitable(result):
                import asyncio  # It takes long, and few models need it.

                result = asyncio.run(_awaited(result))
            return kept(result)

        self.train = run

    def _health(self) -> str | Awaitable[str]:
        well = self._owner.healthcheck()
        if inspect.isawaitable(well):
            return _said(well)
        return "" if well else UNWELL


def _made(target: type) -> Any:
    name = target.__name__
    advice = f"{name}() must work without arguments; load weights in setup()"
    return without_arguments(target, f"class {name} cannot be instantiated", advice)


def wrap(target: Any, train: Callable[..., Any] | None = None, concurrency: int = 1) -> Predictor:
    """Return a class or function with typed inputs as a model. Raises ``Faults``."""
    predictor = Predictor(target, train, concurrency)
    scope.install()
    return predictor


def _documentation(*things: Any) -> str:
    """Return the first docstring of the author's; not one inherited from Cog."""
    for thing in things:
        text = getattr(thing, "__doc__", None) if inspect.isroutine(thing) else None
        if inspect.isclass(thing):
            text = vars(thing).get("__doc__")
        if text:
            return inspect.cleandoc(text)
    return ""


def _function(target: Any, owner: Any, faults: FaultList) -> Callable[..., Any] | None:
    if owner is None:
        return target  # type: ignore[no-any-return]
    own = [name for name in METHODS if _bases(type(owner), name)]
    if len(own) == 1:
        reveal(_bases(type(owner), own[0])[0], own[0])
        return getattr(owner, own[0])  # type: ignore[no-any-return]
    name = type(owner).__name__
    problem = f"{name} must have either run() or predict(), not {'both' if own else 'neither'}"
    fix = "remove one of them" if own else "add def predict(self, text: str) -> str, for example"
    faults.add(problem, fix, type(owner))
    for remark, function in _near_names(owner) if not own else ():
        faults.add(remark, "rename it", function)
    return None


def _near_names(owner: Any) -> Iterator[tuple[str, Any]]:
    """Report methods whose name resembles that of a missing one, each with the method."""
    has_one = any(hasattr(owner, name) for name in METHODS)
    known = ("setup", *(() if has_one else METHODS))
    for name, near in misspelt(owner, known):
        yield f"{name}() is never called. Did you mean {near}()?", getattr(owner, name)


def _bases(owner: type, name: str) -> list[type]:
    return [
        base
        for base in owner.__mro__
        if name in vars(base) and base.__module__.partition(".")[0] != "cog"
    ]


def _check_setup(owner: Any, faults: FaultList) -> None:
    setup = getattr(owner, "setup", None)
    taken = inspect.signature(setup).parameters.values() if setup else ()
    for one in taken:
        if one.name != "weights" and one.default is one.empty and one.kind not in _STARRED:
            problem = f"setup() may only have a parameter 'weights': {one.name!r} has no value"
            faults.add(problem, f"give it a default, for example {one.name}=None", setup, one.name)


def _is_asynchronous(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _yields(function: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _declared(taken: list[Parameter]) -> Callable[[], dict[str, fields.Field]]:
    return lambda: {parameter.name: field(parameter) for parameter in taken}


def _predict(
    function: Callable[..., Any], taken: list[Parameter], asynchronous: bool, streams: bool
) -> Callable[..., Any]:
    """Wrap the function for the host's arguments. The worker checks for generators and async."""

    def whole(**arguments: Any) -> Any:
        return _returned(function(**inputs.values(taken, arguments)))

    def parts(**arguments: Any) -> Iterator[Any]:
        for item in function(**inputs.values(taken, arguments)):
            yield _returned(item)

    async def whole_later(**arguments: Any) -> Any:
        returned = function(**inputs.values(taken, arguments))
        return _returned(await returned if inspect.isawaitable(returned) else returned)

    async def parts_later(**arguments: Any) -> AsyncIterator[Any]:
        yielded = function(**inputs.values(taken, arguments))
        if inspect.isawaitable(yielded):
            yielded = await yielded
        if not hasattr(yielded, "__aiter__"):
            for item in yielded:
                yield _returned(item)
            return
        async for item in yielded:
            yield _returned(item)

    if asynchronous:
        return parts_later if streams else whole_later
    return parts if streams else whole


def _predict_batch(function: Callable[..., Any], taken: list[Parameter]) -> Callable[..., Any]:
    """Wrap ``predict_batch`` in the same way."""
    if is_no_plain_function(function):
        return function  # The worker says that it is not used.

    def together(calls: Sequence[Mapping[str, Any]]) -> Any:
        results = function([inputs.values(taken, arguments) for arguments in calls])
        if not isinstance(results, (list, tuple)):
            return results
        return [one if isinstance(one, BaseException) else _returned(one) for one in results]

    return together


def _returned(value: Any) -> Any:
    """Keep a file, so that a door can send it without encoding it as text."""
    return value if isinstance(value, PurePath) else plain(value)


class _Around:
    def __init__(self, call: Scope) -> None:
        self._scope = scope.Around(call)
        self._resources = inputs.Resources(call)

    def __enter__(self) -> None:
        self._scope.__enter__()
        self._resources.__enter__()

    def __exit__(self, *_: object) -> None:
        try:
            self._resources.__exit__()
        finally:
            self._scope.__exit__()


def _cancelled() -> type[BaseException]:
    cog: Any = sys.modules.get("cog")
    usual: type[BaseException] = Traits().cancelled
    return usual if cog is None else getattr(cog, "CancelationException", usual)


def _titled(output: OutputType) -> dict[str, Any]:
    return {**output.schema, "title": "Output"}


async def _said(well: Awaitable[bool]) -> str:
    return "" if await well else UNWELL


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
