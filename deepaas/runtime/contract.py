"""A loaded model: the author's object, its arguments and its results."""

from __future__ import annotations

import contextlib
import functools
import inspect
import shutil
import types
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import marshmallow

from deepaas.messages import (
    Answer,
    Description,
    Inputs,
    News,
    Predict,
    RawRequest,
    Values,
    inputs_folder,
)
from deepaas.runtime import broken_schema
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.batching import ways
from deepaas.runtime.blame import blamed
from deepaas.runtime.calling import declared_in, place_of, without_arguments
from deepaas.runtime.describe import describe
from deepaas.runtime.encoding import Encoding
from deepaas.runtime.failures import CannotBeServed, reason
from deepaas.runtime.interrupt import CallCancelled
from deepaas.runtime.json_values import BadResult, not_json, to_json, to_json_or_text
from deepaas.runtime.media import ANY
from deepaas.runtime.odd_results import ExpectedResults
from deepaas.runtime.plain_tensors import NewFolder
from deepaas.runtime.quick import is_quick
from deepaas.runtime.remarks import remarks, remarks_on
from deepaas.runtime.results import Results, make_private
from deepaas.runtime.scopes import scope_of
from deepaas.runtime.signatures import DECLARED
from deepaas.runtime.timing import ran
from deepaas.runtime.tracebacks import has_authors_frame
from deepaas.runtime.traits import Scope, traits_of
from deepaas.schemas.json_schema import from_openapi

if TYPE_CHECKING:
    import asyncio  # It takes long, and few models need it.

RESPONSE_NAME = "ModelPredictionResponse"
"""The name of the definition for a schema given as a dict; the page of DEEPaaS 2.x expects it."""


class NoMetadata(CannotBeServed):
    """What ``get_metadata`` returned is no dict, or not JSON."""


class NoSchema(CannotBeServed):
    """What the author calls ``schema`` is neither a dict nor a class of that kind."""


class LoadedModel:
    """The model in this process; the author's object may lack functions. Raises exceptions of the
    author's ``get_…_args``, or TypeError for an invalid schema."""

    def __init__(self, name: str, author: Any, spool: Path) -> None:
        self.name = name
        self.traits = traits_of(author)
        self.way = ways.way_of(author)
        predict = getattr(author, "predict", None)
        yields_asynchronously = inspect.isasyncgenfunction(predict)
        self.streams = inspect.isgeneratorfunction(predict) or yields_asynchronously
        self.asynchronous = inspect.iscoroutinefunction(predict) or yields_asynchronously
        self._author = author
        self._predict: Any = predict
        if self.way is not None and ways.lacks_predict(author):
            self._predict = ways.alone(self.way, author.predict_batch)
        self._predict_arguments = self._arguments("predict", "get_predict_args")
        self._train_arguments = self._arguments("train", "get_train_args")
        self._schema = response_schema(getattr(author, "schema", None))
        media_types = self._predict_arguments.media_types if self._predict_arguments else []
        self._expected = ExpectedResults(self.traits.output if self._schema is None else None)
        self._spool = spool
        self._folders: dict[int, Path] = {}
        self._results = Results(
            name, self._schema, media_types, spool, functools.partial(broken_schema.place, author)
        )

    def describe(self) -> Description:
        try:
            described = describe(self._predict_arguments, self._train_arguments, self._schema)
        except (LookupError, TypeError, ValueError) as error:
            for function in DECLARED:
                told = blamed(function, self._author, self.arguments(function))
                if told is not None:
                    raise told from error
            raise
        described.concurrency = self.traits.concurrency
        described.remarks = self.remarks()
        if described.predict is not None:
            result = described.predict.result
            result.streams = self.streams
            if self.traits.is_file and not result.media_types:
                result.media_types = [ANY]
            if self.traits.output:
                result.schema = from_openapi(self.traits.output)
            result.tensors = {**result.tensors, **self.traits.tensors}
        return described

    def remarks(self) -> list[str]:
        """What its author should know, although the model can be served."""
        arguments = {"predict": self._predict_arguments, "train": self._train_arguments}
        unused = ways.why_not(self._author)
        about = [f"{unused}; its calls run one by one"] if unused else []
        return [*self.traits.remarks, *about, *remarks(self._author, arguments)]

    @property
    def interruptions(self) -> tuple[type[BaseException], ...]:
        """What is raised in the author's code for a call that is not wanted any more."""
        return (CallCancelled, self.traits.cancelled)

    @property
    def validates_quickly(self) -> bool:
        """Whether no client can make validating the arguments of ``predict`` slow."""
        return self._predict_arguments is not None and is_quick(
            self._predict_arguments.schema, tensors=True
        )

    @functools.cached_property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop for the author's asynchronous code."""
        from deepaas.runtime.event_loop import new_loop

        return new_loop()

    def arguments(self, function: str) -> Arguments | None:
        """The arguments of ``predict`` or ``train``, None if the model does not implement it."""
        return self._predict_arguments if function == "predict" else self._train_arguments

    def warm(self) -> None:
        warm = getattr(self._author, "warm", None)
        if warm is None:
            return
        with contextlib.suppress(NotImplementedError):
            self._completed(without_arguments(warm, "warm is called", "Write def warm()"))

    def health(self) -> str:
        """The error that the model reports, empty for none; raises exceptions of its code."""
        if self.traits.health is None:
            return ""
        said = self.traits.health()
        if isinstance(said, str):
            return said
        import asyncio

        if self.asynchronous:  # It may share locks and connections with calls.
            return asyncio.run_coroutine_threadsafe(_awaited(said), self.loop).result()
        return asyncio.run(_awaited(said))

    def metadata(self) -> dict[str, Any]:
        """The author's, or what is written in the code; NoMetadata if it is not a dict."""
        get_metadata = getattr(self._author, "get_metadata", None)
        try:
            if get_metadata is None:
                raise NotImplementedError
            said, advice = "get_metadata is called", "Write def get_metadata()"
            metadata = without_arguments(get_metadata, said, advice)
        except NotImplementedError:
            return {"id": "0", "name": self.name, "description": _documented(self._author)}
        if not isinstance(metadata, dict):
            forgot = ": is a 'return' missing?" if metadata is None else ""
            returned = "None" if metadata is None else type(metadata).__name__
            place = place_of(get_metadata).strip(" ()")
            raise NoMetadata(f"it returned {returned}, not a dict{forgot}", place)
        return metadata

    def predict_arguments(self, inputs: Inputs, call_id: int = 0) -> dict[str, Any]:
        """Collect and validate arguments; raises marshmallow.ValidationError, MalformedBody, or
        NotImplementedError without ``predict``. :meth:`forget` removes their files."""
        if self._predict_arguments is None:
            raise NotImplementedError
        return self._predict_arguments.load(inputs, self._folder_for(inputs, call_id))

    def train_arguments(self, inputs: Inputs, call_id: int = 0) -> dict[str, Any]:
        """The same for ``train``."""
        if self._train_arguments is None:
            raise NotImplementedError
        return self._train_arguments.load(inputs, self._folder_for(inputs, call_id))

    def _folder_for(self, inputs: Inputs, call_id: int) -> NewFolder | None:
        """For files made of tensors, if there may be some."""
        if type(inputs) is RawRequest or (type(inputs) is Values and not inputs.tensors):
            return None
        return functools.partial(self._new_folder, call_id)

    def _new_folder(self, call_id: int) -> Path:
        folder = self._folders[call_id] = inputs_folder(self._spool, call_id)
        make_private(folder)
        return folder

    def forget(self, call_id: int) -> None:
        """Remove the files made from a call's tensors."""
        if (folder := self._folders.pop(call_id, None)) is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def shown_train_arguments(self, arguments: dict[str, Any]) -> bytes:
        """The arguments of a run as JSON to be shown, without secrets and paths."""
        assert self._train_arguments is not None
        return to_json_or_text(self._train_arguments.shown(arguments))

    def check_training(self, call_id: int, inputs: Inputs) -> Answer:
        """The arguments as JSON to be shown; raises the same as :meth:`train_arguments`."""
        arguments = self.train_arguments(inputs, call_id)
        assert self._train_arguments is not None
        return self._results.encode_training(call_id, self._train_arguments.shown(arguments))

    def predict(
        self, call: Predict, arguments: dict[str, Any], post: Callable[[News], None]
    ) -> Answer:
        """Call the author's ``predict`` and encode the result; any thread can call ``post``.
        Raises exceptions of the author's code, or BadResult if the result cannot be sent."""
        encoding = self.encoding(call, arguments)
        with self.traits.around(self.scope([call], post)):
            try:
                result = self._predict(**arguments)
            except TypeError as error:
                self._explain("predict", error)
                raise
            if not self.streams:
                ran()
                return encoding.whole(result)
            with contextlib.closing(result):
                for item in result:
                    part = encoding.part(item)
                    if part is not None:
                        post(part)
        ran()
        return encoding.end()

    async def predict_async(
        self,
        call: Predict,
        arguments: dict[str, Any],
        post: Callable[[News], None],
        posted: Callable[[], Awaitable[None]],
    ) -> Answer:
        """The same, asynchronous; ``posted`` waits until the host has read most of the posts."""
        encoding = self.encoding(call, arguments)
        with self.traits.around(self.scope([call], post)):
            try:
                result = self._predict(**arguments)
            except TypeError as error:
                self._explain("predict", error)
                raise
            if not self.streams:
                found = await result
                ran()
                return encoding.whole(found)
            async with contextlib.aclosing(result):
                async for item in result:
                    part = encoding.part(item)
                    if part is not None:
                        post(part)
                        await posted()
        ran()
        return encoding.end()

    def complete(
        self, call: Predict, arguments: dict[str, Any], post: Callable[[News], None]
    ) -> Answer:
        """The same for both kinds, outside of an event loop."""
        if not self.asynchronous:
            return self.predict(call, arguments, post)

        async def posted() -> None:
            """Nothing to wait for."""

        return self.loop.run_until_complete(self.predict_async(call, arguments, post, posted))

    def encoding(self, call: Predict, arguments: dict[str, Any]) -> Encoding:
        # Read before the call, because the author's code may change the arguments.
        accept = arguments.get("accept")
        if self._predict_arguments is None or not self._predict_arguments.media_types:
            accept = accept if isinstance(accept, str) else None
        return Encoding(self._results, self._expected, call, accept)

    def train(self, call_id: int, arguments: dict[str, Any]) -> Answer:
        """Call the author's ``train`` and encode the result; raises exceptions of its code."""
        try:
            with self.traits.around(self._scope_of_training(call_id)):
                result = self._completed(self._author.train(**arguments))
        except TypeError as error:
            self._explain("train", error)
            raise
        except SystemExit as left:
            # Scripts and command-line tools end with it, successfully or not.
            if left.code not in (None, 0):
                raise
            result = None
        return self._results.encode_training(call_id, result)

    def _explain(self, function: str, error: TypeError) -> None:
        """Raise ``CannotBeServed`` for a function that cannot be called with what it declares: no
        line of its author's is in the traceback."""
        if not has_authors_frame(error) and (
            found := list(remarks_on(function, self._author, self.arguments(function)))
        ):
            raise CannotBeServed(reason(error), "\n".join(found)) from error

    def scope(self, calls: Sequence[Predict], post: Callable[[News], None]) -> Scope:
        """What the model's code records and reports is that of all these calls."""
        return scope_of(calls, post, self._spool)

    def _scope_of_training(self, call_id: int) -> Scope:
        def measure(_name: str, _value: Any, _mode: str) -> None:
            """Metrics of training runs are read from TensorBoard's files."""

        return Scope(call_id, {}, measure, self._spool)

    def _completed(self, result: Any) -> Any:
        return self.loop.run_until_complete(result) if inspect.iscoroutine(result) else result

    def _arguments(self, function: str, declaration: str) -> Arguments | None:
        is_alone = function == "predict" and self.way is not None
        if not (is_alone or callable(getattr(self._author, function, None))):
            return None
        declare = getattr(self._author, declaration, None)
        if declare is None:
            return Arguments({})
        try:
            said, advice = f"{declaration} is called", f"Write def {declaration}()"
            declared = without_arguments(declare, said, advice)
        except NotImplementedError:
            return Arguments({})
        if not isinstance(declared, Mapping):
            kind = "None" if declared is None else type(declared).__name__
            forgot = ": is a 'return' missing?" if declared is None else "."
            raise CannotBeServed(
                f"{declaration}{place_of(declare)} returned {kind}, not a dict of fields{forgot} "
                "Write return {'text': fields.Str(required=True)}, for example"
            )
        with declared_in(declaration, declare):
            return Arguments(declared, self.traits.take.get(function))


def response_schema(declared: Any) -> type[marshmallow.Schema] | None:
    """The author's ``schema`` as a class; NoSchema if it cannot be one."""
    if declared is None:
        return None
    if isinstance(declared, dict):
        return marshmallow.Schema.from_dict(declared, name=RESPONSE_NAME)
    if inspect.isclass(declared) and issubclass(declared, marshmallow.Schema):
        return declared
    raise NoSchema(
        f"schema is {declared!r}: it must be a dict of fields or a marshmallow Schema class"
    )


def metadata_json(metadata: Mapping[str, Any]) -> bytes:
    """Metadata as JSON; NoMetadata, with the key, if it cannot be sent."""
    try:
        return to_json(metadata)
    except BadResult as error:
        for name, value in metadata.items():
            if said := not_json({name: value}):
                raise NoMetadata(f"{name!r} in its result: {said}") from None
        raise NoMetadata(str(error)) from None


async def _awaited(said: Awaitable[str]) -> str:
    return await said


def _documented(author: Any) -> str:
    """The first paragraph of the docstring of a module or of an object's own class."""
    owner = author if isinstance(author, types.ModuleType) else type(author)
    written = vars(owner).get("__doc__")
    # Of a class in C it may be anything, such as a descriptor.
    text = inspect.cleandoc(written) if isinstance(written, str) else ""
    return " ".join(text.partition("\n\n")[0].split())
