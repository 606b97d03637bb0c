"""Endpoints of a model's page for ``gradio_client``, with named arguments."""

from __future__ import annotations

import inspect
import json
import keyword
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from deepaas.client.api import Api
from deepaas.client.calls import predict_call
from deepaas.client.description import Argument, Model
from deepaas.client.errors import ClientError
from deepaas.ui import input_values, inputs, outputs
from deepaas.ui.gate import note_status
from deepaas.ui.json_view import for_view
from deepaas.ui.routeless import routeless
from deepaas.ui.streamed_pane import StreamedPane

CALLS_COUNT = 64
"""Maximum number of concurrent calls per model; the host has its own queue."""

_PREFIX = "deepaas-try-me-"
_UNFIT = "Some values are invalid for their inputs."

_WHOLE: ContextVar[list[Any]] = ContextVar("whole")
"""All parts of a stream, once it has ended."""


class ModelPage(gr.Blocks):
    """Reports invalid values for components without a traceback.

    Programs also get the required arguments, and all parts of a stream when it ends.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.required: set[str] = set()
        """Required parameters of the endpoints."""

    def queue(self, *arguments: Any, **options: Any) -> ModelPage:
        """Make the queue. Gradio calls this by its name, at the start of a page."""
        with routeless():
            super().queue(*arguments, **options)
        return self

    def __exit__(self, *raised: Any) -> None:
        """Complete the page."""
        with routeless():
            super().__exit__(*raised)

    async def preprocess_data(self, *arguments: Any, **options: Any) -> Any:
        """Return the values for a function. Gradio calls this by its name."""
        try:
            return await super().preprocess_data(*arguments, **options)
        except Exception as error:
            if "can't start new thread" in str(error):
                raise
            note_status(422)
            message = str(error) if isinstance(error, gr.Error) else _UNFIT
            raise gr.Error(message, duration=None, print_exception=False) from None

    async def process_api(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Return one value of a function. Gradio calls this by its name."""
        whole: list[Any] = []
        token = _WHOLE.set(whole)
        try:
            output = await super().process_api(*arguments, **options)
        finally:
            _WHOLE.reset(token)
        # Gradio repeats the last part at the end, and `Client.predict` only returns that.
        return {**output, "data": whole} if whole else output

    def get_api_info(self, *arguments: Any, **options: Any) -> Any:
        """Describe the endpoints for programs. Gradio calls this by its name."""
        told = super().get_api_info(*arguments, **options)
        for endpoint in (told or {}).get("named_endpoints", {}).values():
            for parameter in endpoint["parameters"]:
                # Gradio uses the initial value of a component, or null, as the default.
                if parameter["parameter_name"] in self.required:
                    parameter["parameter_has_default"] = False
        return told


def offer(
    page: ModelPage, model: Model, api: Api, form: inputs.Form, panes: Sequence[outputs.Pane]
) -> None:
    """Add an endpoint for each media type of the result; the first is ``/predict``."""
    arguments = model.predict or ()
    names = _names(arguments)
    page.required = {name for name, one in zip(names, arguments, strict=True) if one.required}
    for number, pane in enumerate(panes):
        name = "predict" if number == 0 else f"predict_{_slug(pane.media_type)}"
        text = isinstance(pane.main, gr.HTML)
        if isinstance(pane, StreamedPane):
            function = _streamed(model, api, pane)
        else:
            function = _whole(model, api, pane, text=text)
        function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
                for n in names
            ]
        )
        gr.Button(visible=False).click(
            function,
            form.components,
            gr.Textbox(visible=False, label="Result") if text else pane.main,
            api_name=name,
            api_description=model.description or None,
            concurrency_limit=CALLS_COUNT,
            show_progress="hidden",
        )


def _whole(
    model: Model, api: Api, pane: outputs.Pane, *, text: bool
) -> Callable[..., AsyncIterator[Any]]:
    async def predict(*values: Any) -> AsyncIterator[Any]:
        try:
            call = predict_call(
                model, input_values.read(model.predict or (), values), pane.media_type
            )
            with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
                answer = await api.send(call, Path(folder))
                if text:
                    yield answer.body.decode(errors="replace")
                else:
                    yield pane.values(answer, Path(folder))[0]
        except ClientError as error:
            raise _told(error) from None

    return predict


def _streamed(model: Model, api: Api, pane: outputs.Pane) -> Callable[..., AsyncIterator[Any]]:
    async def predict(*values: Any) -> AsyncIterator[Any]:
        parts = []
        try:
            call = predict_call(
                model, input_values.read(model.predict or (), values), pane.media_type
            )
            async for part in api.stream(call):
                parts.append(json.loads(part))
                yield for_view(parts[-1])
        except ClientError as error:
            raise _told(error) from None
        if parts:
            _WHOLE.get().append(parts)
        else:
            yield parts

    return predict


def _told(error: ClientError) -> gr.Error:
    note_status(error.status or (422 if error.fields else 502))
    fields = (f"{name}: {' '.join(messages)}" for name, messages in error.fields.items())
    line = escape(" ".join([error.message, *fields]))
    return gr.Error(line, duration=None, print_exception=False)


def _names(arguments: Sequence[Argument]) -> list[str]:
    """Return valid names for the parameters of a function."""
    names: list[str] = []
    for argument in arguments:
        name = re.sub(r"\W", "_", argument.name)
        if not name.isidentifier() or keyword.iskeyword(name):
            name = f"{name}_" if keyword.iskeyword(name) else f"_{name}"
        while name in names:
            name += "_"
        names.append(name)
    return names


def _slug(media_type: str) -> str:
    return re.sub(r"\W+", "_", media_type.replace("*", "any")).strip("_")
