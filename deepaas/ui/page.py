"""The page of one model: predict, train, and example requests."""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from deepaas.client import examples
from deepaas.client.answers import HostAnswer, is_json
from deepaas.client.api import Api
from deepaas.client.calls import predict_call
from deepaas.client.description import ANYTHING, JSON, NPY, NPZ, Model
from deepaas.client.errors import ClientError
from deepaas.ui import (
    connection,
    documents,
    file_pane,
    in_sight,
    input_values,
    inputs,
    json_pane,
    kept,
    look,
    number_plot,
    outputs,
    snippets,
    streamed_pane,
    tensor_pane,
    trainings,
)
from deepaas.ui.again import enable_again
from deepaas.ui.array_pictures import array_text
from deepaas.ui.documents import DocumentPane, is_document
from deepaas.ui.earlier import Earlier
from deepaas.ui.input_values import is_typed
from deepaas.ui.inputs import ARRAY_SUFFIXES
from deepaas.ui.json_pane import JsonPane
from deepaas.ui.other_doors import OtherCall
from deepaas.ui.programs import CALLS_COUNT, ModelPage, offer
from deepaas.ui.running import Cancelled, Parts, Running
from deepaas.ui.status import status, trouble
from deepaas.ui.tab_names import tab_names
from deepaas.ui.use_via_api import use_via_api

CLEAN_SECONDS = 600
KEEP_SECONDS = 3600
"""Uploads and results are removed after this time."""

_PREFIX = "deepaas-try-me-"
_STYLES = (
    look.CSS,
    in_sight.CSS,
    connection.CSS,
    documents.CSS,
    json_pane.CSS,
    number_plot.CSS,
    tensor_pane.CSS,
)
_SCRIPTS = (look.NAMES_JS, in_sight.JS, connection.JS, documents.JS)


def build_page(model: Model, api: Api, *, others: Sequence[OtherCall] = ()) -> gr.Blocks:
    """Build the page of a model; ``others`` are example calls for other APIs of the host."""
    with ModelPage(
        title=f"{model.title} – try me",
        analytics_enabled=False,
        delete_cache=(CLEAN_SECONDS, KEEP_SECONDS),
        fill_width=True,
    ) as page:
        gr.HTML(
            f"<style>{''.join(_STYLES)}</style>",
            elem_classes="style-only",
            padding=False,
        )
        for script in _SCRIPTS:
            page.load(None, js=script, api_visibility="private")
        if model.predict is not None and model.train is not None:
            with gr.Tab("Predict"):
                _Predict(model, api, page, others)
            with gr.Tab("Train"):
                trainings.train_tab(model, api, page)
        elif model.predict is not None:
            _Predict(model, api, page, others)
        elif model.train is not None:
            trainings.train_tab(model, api, page)
        else:
            gr.Markdown("This model has no `predict` or `train` function.")
    made: gr.Blocks = page
    return made


class _Predict:
    def __init__(
        self, model: Model, api: Api, page: ModelPage, others: Sequence[OtherCall]
    ) -> None:
        self._model = model
        self._api = api
        self._arguments = model.predict or ()
        self._running = Running(api)
        with gr.Row(elem_classes="call"):
            with gr.Column(scale=1, min_width=320, elem_classes="form-side"):
                self._form = inputs.form(self._arguments)
                with gr.Column(elem_classes="run-bar"):
                    self._trouble = gr.HTML(visible=False, padding=False)
                    with gr.Row():
                        self._run = gr.Button("Run", variant="primary", elem_classes="run")
                        self._cancel = gr.Button("Cancel", variant="stop", visible=False)
                        link = gr.Column(scale=0, min_width=110)
                    self._status = gr.HTML(status(""), padding=False)
                with link:
                    kept.offer_link(self._form, self._status)
                kept.keep(page, self._form, self._trouble)
                self._examples()
            with gr.Column(scale=1, min_width=320, elem_classes="answer-side"):
                self._earlier = Earlier()
                self._tabs: gr.Tabs | None = None
                self._first = first_shown(model)
                self._chosen = gr.Textbox(self._first, visible="hidden")
                self._panes = self._make_panes()
        write = functools.partial(snippets.of_prediction, model)
        use_via_api(page, api, self._form, write, [self._chosen], others)
        self._connect(page)
        offer(page, model, api, self._form, self._panes)

    def _make_panes(self) -> list[outputs.Pane]:
        types = self._model.media_types
        if len(types) == 1:
            return [pane(self._model, types[0])]
        panes = []
        with gr.Tabs(selected=self._first) as self._tabs:
            for media_type, name in zip(types, tab_names(types), strict=True):
                with gr.Tab(name, id=media_type) as tab:
                    panes.append(pane(self._model, media_type))
                # In the browser, so that the next request has the new value.
                tab.select(
                    None,
                    outputs=self._chosen,
                    js=f"() => {media_type!r}",
                    api_visibility="private",
                )
        return panes

    def _examples(self) -> None:
        with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
            found = [*map(self._as_shown, examples.read(self._model, Path(folder)))]
            used = [
                (argument, component)
                for argument, component in zip(self._arguments, self._form.components, strict=True)
                if any(argument.name in example for example in found)
            ]
            if not used:
                return
            gr.Examples(
                [[example.get(a.name, _initial(c)) for a, c in used] for example in found],
                inputs=[component for _, component in used],
                label="Examples",
                api_visibility="private",
            )

    def _as_shown(self, example: dict[str, Any]) -> dict[str, Any]:
        """An example with small tensors as the text that their components show; others can only be
        files."""
        tensors = {a.name: is_typed(a) for a in self._arguments if a.kind == "tensor"}
        shown: dict[str, Any] = {}
        for name, value in example.items():
            if name not in tensors:
                shown[name] = value
            elif tensors[name]:
                shown[name] = array_text(value)
            elif value.endswith(ARRAY_SUFFIXES):
                shown[name] = value
        return shown

    def _connect(self, page: gr.Blocks) -> None:
        hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        answers = [component for pane in self._panes for component in pane.components]
        ran = self._run.click(
            self._predict,
            [self._chosen, *self._form.components],
            [
                self._run,
                self._cancel,
                self._status,
                self._trouble,
                *self._form.complained,
                *answers,
            ],
            concurrency_limit=CALLS_COUNT,
            api_visibility="private",
            # Gradio shows the position in its own queue, if any, in the status.
            show_progress="minimal",
            show_progress_on=[self._status],
        )
        enable_again(self._run, ran)
        self._earlier.connect(
            page, ran, self._form, self._chosen, self._status, answers, self._tabs
        )
        self._cancel.click(self._give_up, queue=False, **hidden)
        page.unload(self._give_up)

    async def _predict(
        self, media_type: str, request: gr.Request, *values: Any
    ) -> AsyncIterator[dict[Any, Any]]:
        pane = next((p for p in self._panes if p.media_type == media_type), self._panes[0])
        yield {
            self._run: gr.update(interactive=False),
            self._cancel: gr.update(visible=True),
            self._status: status("Waiting for the model", busy=True),
            self._trouble: gr.update(value="", visible=False),
        } | self._form.complain({})
        done = {self._cancel: gr.update(visible=False)}
        parts: tuple[str, ...] = ()
        begin = time.monotonic()

        def passed() -> str:
            return f"{time.monotonic() - begin:.1f} s"

        with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
            try:
                call = predict_call(
                    self._model, input_values.read(self._arguments, values), pane.media_type
                )
                visitor = request.session_hash or ""
                streamed = isinstance(pane, streamed_pane.StreamedPane)
                wait = self._running.wait(
                    visitor, self._model, call, Path(folder), streamed=streamed
                )
                async for said in wait:
                    if isinstance(said, Parts):
                        parts = said.values
                        yield _come(pane, parts, Path(folder)) | {
                            self._status: status(f"Receiving the result: {passed()}", busy=True)
                        }
                    elif isinstance(said, HostAnswer):
                        sent = input_values.sent_picture(self._arguments, values)
                        updates = pane.compared(said, Path(folder), sent)
                        shown = zip(pane.components, updates, strict=True)
                        # When this generator resumes, Gradio has copied the files.
                        yield done | {self._status: status(f"Done: {passed()}")} | dict(shown)
                    else:
                        yield {self._status: status(said, busy=True)}
            except Cancelled:
                come = _come(pane, parts, Path(folder))
                yield done | {self._status: status("Cancelled")} | come
            except ClientError as error:
                yield (
                    done
                    | {
                        self._status: status(""),
                        self._trouble: gr.update(
                            value=trouble(error, inputs=[a.name for a in self._arguments]),
                            visible=True,
                        ),
                    }
                    | self._form.complain(error.fields)
                    | _come(pane, parts, Path(folder))
                )

    def _give_up(self, request: gr.Request) -> None:
        self._running.cancel(request.session_hash or "")


def pane(model: Model, media_type: str) -> outputs.Pane:
    if media_type == ANYTHING:
        return file_pane.pane()
    if model.streams and media_type == JSON:
        return streamed_pane.pane()
    if is_json(media_type) and not model.response:
        return JsonPane()
    if is_document(media_type) and media_type != "text/html":
        return DocumentPane(media_type)
    if media_type in (NPY, NPZ):
        return tensor_pane.TensorPane(model, media_type)
    return outputs.pane(model, media_type)


def first_shown(model: Model) -> str:
    """Return the media type of the tab that is open at first: arrays with many dimensions are
    pictures, for which nobody wants nested lists."""
    deep = any(len(form.shape or ()) > 2 for form in model.tensors.values())
    arrays = next((one for one in (NPY, NPZ) if one in model.media_types), None)
    return arrays if arrays and deep and model.accept is None else model.media_types[0]


def _come(pane: outputs.Pane, parts: tuple[str, ...], folder: Path) -> dict[Any, Any]:
    """Return updates with the parts received so far.

    They are repeated with the final status because the page may drop the first of two updates.
    They are created each time because Gradio removes the values from updates.
    """
    if parts and isinstance(pane, streamed_pane.StreamedPane):
        values = pane.growing(parts, folder)
    else:
        values = pane.empty()
    return dict(zip(pane.components, values, strict=True))


def _initial(component: gr.components.Component) -> Any:
    value = component.value
    return value if not callable(value) else None
