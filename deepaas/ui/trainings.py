"""The Train tab: start training runs, follow and cancel them, download their files."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from deepaas.client.api import Api
from deepaas.client.description import Model
from deepaas.client.errors import ClientError
from deepaas.client.runs import Run
from deepaas.client.trainings import UNREACHABLE, TrainingApi, TrainingFiles, TrainingListing
from deepaas.ui import (
    input_values,
    inputs,
    kept,
    snippets,
    train_curves,
    train_details,
    train_table,
)
from deepaas.ui.again import enable_again
from deepaas.ui.train_curves import curves_html
from deepaas.ui.train_details import OLD_HOST, details_html, files_html, log_html
from deepaas.ui.train_run import begun_words
from deepaas.ui.train_table import table_html
from deepaas.ui.train_watcher import Seen, Watcher
from deepaas.ui.use_via_api import use_via_api

LIST_COUNT = 50
MAX_LIST_COUNT = 1000


@dataclass(frozen=True)
class Picked:
    """The runs that a user has selected.

    Attributes:
        uuids: in the order of selection; None before the first selection.
        number: increases whenever anything other than the table has selected them.
    """

    uuids: tuple[str, ...] | None = None
    number: int = 0

    def only(self, uuid: str) -> Picked:
        """Select only this run."""
        return Picked((uuid,), self.number + 1)


def train_tab(model: Model, api: Api, page: gr.Blocks) -> None:
    """Create the tab of a model with a ``train`` function."""
    Tab(model, api, page)


class Tab:
    def __init__(self, model: Model, api: Api, page: gr.Blocks) -> None:
        self._model = model
        self._trainings = TrainingApi(api, model)
        self._watcher = Watcher(self._trainings)
        with gr.Row():
            with gr.Column(scale=2, min_width=320, elem_classes="train-side"):
                self._form = inputs.form(model.train or (), "train")
                kept.keep(page, self._form)
                self._start = gr.Button("Start training", variant="primary", elem_classes="run")
                self._said = _html(SAID_CSS)
            with gr.Column(scale=3, min_width=320):
                gr.Markdown("### Training runs")
                self._trouble = _html(SAID_CSS, visible=False)
                self._table = _html(train_table.CSS, train_table.JS)
                self._more = gr.Button("Show more", size="sm", visible=False)
                self._details = _html(train_details.CSS)
                self._cancel = gr.Button("Cancel run", variant="stop", visible=False)
                self._ended = _html(SAID_CSS)
                with gr.Column(visible=False) as self._measured:
                    gr.Markdown("### Metrics")
                    self._log_scale = gr.Checkbox(
                        label="Logarithmic scale", container=False, elem_classes="bare"
                    )
                    self._curves = _html(train_curves.CSS)
        with gr.Row(visible=False) as self._watched:
            with gr.Column(scale=3, min_width=320):
                self._log = _html(train_details.CSS, train_details.FOLLOW_JS)
            with gr.Column(scale=2, min_width=320):
                self._files = _html(train_details.CSS)
        use_via_api(page, api, self._form, functools.partial(snippets.of_training, model))
        self._picked = gr.State(Picked())
        self._shown = gr.State([])
        self._limit = gr.State(LIST_COUNT)
        self._connect()

    def _connect(self) -> None:
        hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        looking = {
            "fn": self._look,
            "inputs": [self._picked, self._shown, self._limit, self._log_scale],
            "outputs": [self._picked, self._shown, *self._views()],
            "queue": False,
            **hidden,
        }
        # Once: do not send another request before a slow host has responded.
        self._table.tick(**looking, trigger_mode="once")
        self._table.pick(self._pick, [self._picked], [self._picked], queue=False, **hidden).then(
            **looking
        )
        self._log_scale.change(**looking)
        self._more.click(
            lambda limit: min(MAX_LIST_COUNT, limit * 4), self._limit, self._limit, **hidden
        ).then(**looking)
        started = self._start.click(
            self._begin,
            [self._picked, *self._form.components],
            [self._picked, self._said, self._start, *self._form.complained],
            concurrency_limit=None,
            **hidden,
        )
        enable_again(self._start, started)
        started.then(**looking)
        self._cancel.click(
            self._end,
            [self._picked, self._limit],
            [self._ended, self._cancel],
            concurrency_limit=None,
            **hidden,
        ).then(**looking)

    def _views(self) -> list[Any]:
        return [
            self._trouble,
            self._table,
            self._more,
            self._details,
            self._cancel,
            self._measured,
            self._watched,
            self._curves,
            self._log,
            self._files,
        ]

    async def _look(
        self, picked: Picked, shown: list[int], limit: int, log_scale: bool
    ) -> list[Any]:
        try:
            listing = await self._watcher.listing(limit)
        except UNREACHABLE as error:
            trouble = gr.update(value=_said("Not up to date", str(error)), visible=True)
            return [gr.skip(), [], trouble, *[gr.skip()] * (len(self._views()) - 1)]
        chosen = picked
        if picked.uuids is None and listing.runs:
            chosen = picked.only(listing.runs[0].uuid)
        known = {run.uuid: run for run in listing.runs}
        runs = [known[uuid] for uuid in chosen.uuids or () if uuid in known]
        seen = await asyncio.gather(
            *(self._watcher.see(run, whole=run is runs[-1]) for run in runs)
        )
        views = self._draw(chosen, listing, seen, log_scale)
        # Only send changes, because a log can be long.
        now = [hash(repr(view)) for view in views]
        updates = [
            gr.skip() if number < len(shown) and shown[number] == now[number] else gr.update(**view)
            for number, view in enumerate(views)
        ]
        return [gr.skip() if chosen is picked else chosen, now, *updates]

    def _draw(
        self, picked: Picked, listing: TrainingListing, seen: Sequence[Seen], log_scale: bool
    ) -> list[dict[str, Any]]:
        """Return the properties of all views in order."""
        runs = [one.run for one in seen]
        going = [run for run in runs if not run.final]
        left_count = listing.total_count - len(listing.runs)
        old = any(not run.links for run in listing.runs)
        last = seen[-1] if seen else None
        return [
            {"value": _plain(OLD_HOST) if old else "", "visible": old},
            {"value": table_html(listing.runs, picked.uuids or (), picked.number)},
            {
                "value": f"Show more ({left_count})",
                "visible": left_count > 0 and len(listing.runs) < MAX_LIST_COUNT,
            },
            {"value": details_html(runs, self._trainings.tensorboard_link)},
            {"visible": bool(going), "value": _cancel_words(going), "interactive": True},
            *[{"visible": any(run.links for run in runs)}] * 2,
            {"value": _curves(seen, log_scale)},
            {"value": log_html(last.run, last.log) if last else ""},
            {"value": self._files_html(last) if last else ""},
        ]

    def _files_html(self, seen: Seen) -> str:
        run = seen.run
        if not isinstance(seen.files, TrainingFiles):
            return _plain(seen.files)
        return files_html(
            run,
            seen.files,
            lambda path: self._trainings.file_link(run, path),
            self._trainings.zip_link(run),
        )

    async def _pick(self, picked: Picked, event: gr.EventData) -> Picked:
        # A program may send anything.
        uuids = getattr(event, "picked", None)
        if not isinstance(uuids, list):
            return picked
        return Picked(tuple(str(uuid) for uuid in uuids), picked.number)

    async def _begin(self, picked: Picked, *values: Any) -> AsyncIterator[dict[Any, Any]]:
        yield {
            self._said: _plain("Starting…"),
            self._start: gr.update(interactive=False),
        } | self._form.complain({})
        try:
            run = await self._trainings.start(input_values.read(self._form.arguments, values))
        except ClientError as error:
            # Messages are next to their inputs; here are only those without an input.
            known = {argument.name for argument in self._form.arguments}
            others = {name: told for name, told in error.fields.items() if name not in known}
            said = _said("Not started", error.message, others)
            yield {self._said: said} | self._form.complain(error.fields)
            return
        self._watcher.forget()
        said = _plain(begun_words(run))
        yield {self._picked: picked.only(run.uuid), self._said: said}

    async def _end(self, picked: Picked, limit: int) -> AsyncIterator[list[Any]]:
        yield [_plain("Cancelling…"), gr.update(interactive=False)]
        try:
            runs = (await self._watcher.listing(limit)).runs
            chosen = [run for run in runs if run.uuid in (picked.uuids or ()) and not run.final]
            ends = await asyncio.gather(*(self._trainings.cancel(run) for run in chosen))
        except UNREACHABLE as error:
            yield [_said("Not cancelled", str(error)), gr.update(interactive=True)]
            return
        finally:
            self._watcher.forget()
        told = [f"Run {run.short}: {end}." for run, end in zip(chosen, ends, strict=True)]
        yield [_plain(" ".join(told) or "The run has already ended."), gr.skip()]


def _html(css: str, js: str | None = None, *, visible: bool = True) -> gr.HTML:
    # Use the full width: Gradio leaves space for a frame.
    css = f"margin: -10px -12px;{css}"
    return gr.HTML(css_template=css, js_on_load=js, apply_default_css=False, visible=visible)


def _cancel_words(runs: Sequence[Run]) -> str:
    return f"Cancel {runs[0].short}" if len(runs) == 1 else f"Cancel {len(runs)} runs"


def _curves(seen: Sequence[Seen], log_scale: bool) -> str:
    measured = [(one.run.short, one.metrics) for one in seen if not isinstance(one.metrics, str)]
    why = [one.metrics for one in seen if isinstance(one.metrics, str) and one.metrics]
    return curves_html(measured, log=log_scale) or _plain(
        why[0] if why else "No metrics yet. They are read from the TensorBoard events of the run."
    )


def _plain(text: str) -> str:
    return f'<p role="status">{escape(text)}</p>'


def _said(what: str, message: str, fields: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return an error as HTML, with messages by argument."""
    items = "".join(
        f"<li><b>{escape(name)}</b>: {escape(' '.join(messages))}</li>"
        for name, messages in (fields or {}).items()
    )
    below = f"<ul>{items}</ul>" if items else ""
    return f'<div class="wrong" role="alert"><b>{escape(what)}.</b> {escape(message)}{below}</div>'


SAID_CSS = """
color: var(--body-text-color);
p { margin: 0; }
ul { margin: 0.25rem 0 0 1.25rem; }
div { color: inherit; }
.wrong { padding: 0.5rem 0.75rem; border: 1px solid #b91c1c; border-left-width: 4px;
  border-radius: var(--block-radius); overflow-wrap: anywhere; white-space: pre-line; }
"""
