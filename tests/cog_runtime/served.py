"""Predictors behind the worker's side of the contract, in this process."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from deepaas.kinds.cog.worker.predictor import wrap
from deepaas.messages import Answer, Measured, Part, Predict, RawRequest, Signature, Upload
from deepaas.runtime.contract import LoadedModel
from deepaas.schemas.json_schema import to_openapi

_numbers = itertools.count()


@dataclass
class Told:
    """What came of a call.

    Attributes:
        answer: its end.
        parts: what was yielded.
        metrics: name, value and mode of what was measured.
    """

    answer: Answer
    parts: list[Part] = field(default_factory=list)
    metrics: list[tuple[str, Any, str]] = field(default_factory=list)

    def json(self) -> Any:
        return json.loads(self.body())

    def body(self) -> bytes:
        return Path(self.answer.path).read_bytes() if self.answer.path else self.answer.body


class Served:
    def __init__(self, model: LoadedModel) -> None:
        self.model = model

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The arguments as the documents have them."""
        return {p["name"]: p for p in self.signature.parameters}

    @property
    def signature(self) -> Signature:
        """What ``predict`` takes and gives."""
        described = self.model.describe().predict
        assert described is not None
        return described

    @property
    def output(self) -> dict[str, Any]:
        """What it gives back, as OpenAPI has it."""
        return to_openapi(self.signature.result.schema)

    def call(
        self,
        *,
        files: list[tuple[str, Upload]] | None = None,
        streamed: bool = False,
        context: dict[str, str] | None = None,
        **values: Any,
    ) -> Told:
        """Make one call, with values as a client of JSON sends them."""
        inputs = RawRequest(
            body=json.dumps(values).encode(), body_kind="json", form=list(files or ())
        )
        call = Predict(1, inputs, streamed, context or {})
        arguments = self.model.predict_arguments(inputs)
        told = Told(Answer(1, ""))

        def post(news: Any) -> None:
            if isinstance(news, Part):
                told.parts.append(news)
            elif isinstance(news, Measured):
                told.metrics.append((news.name, msgspec.json.decode(news.value), news.mode))

        if self.model.asynchronous:
            work = self.model.predict_async(call, arguments, post, lambda: asyncio.sleep(0))
            told.answer = self.model.loop.run_until_complete(work)
        else:
            told.answer = self.model.predict(call, arguments, post)
        return told

    def returned(self, **values: Any) -> Any:
        """What a call with these values answers, as JSON."""
        return self.call(**values).json()


def module(source: str) -> ModuleType:
    """Source text as a module."""
    made = ModuleType(f"predictor_{next(_numbers)}")
    sys.modules[made.__name__] = made
    exec(compile(textwrap.dedent(source), made.__name__, "exec"), vars(made))
    return made


def serve(source: str, spool: Path, name: str = "run") -> Served:
    """Serve what is called so in a source text."""
    wrapped = wrap(getattr(module(source), name))
    model = LoadedModel("tried", wrapped, spool)
    model.warm()
    return Served(model)


@contextmanager
def serving(source: str, spool: Path, name: str = "run") -> Iterator[Served]:
    served = serve(source, spool, name)
    try:
        yield served
    finally:
        served.model.loop.close()


def upload(path: Path, content: bytes, filename: str, content_type: str = "") -> Upload:
    """A file as the host has received it."""
    path.write_bytes(content)
    return Upload(str(path), filename, content_type)
