"""Shows results that are arrays: small ones as tables, others as pictures beside what was sent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.components import Component

from deepaas.client.answers import HostAnswer
from deepaas.client.description import NPZ, Model
from deepaas.ui.array_pictures import (
    Array,
    Window,
    as_picture,
    loaded,
    picture_in,
    pixels,
    psnr,
    scaled_like,
    window_of,
)
from deepaas.ui.outputs import BUTTONS, Pane, saved

MAX_GROUPS_COUNT = 8
"""Maximum number of arrays that are shown; the file has all."""

MAX_ROWS_COUNT = 1000
MAX_COLUMNS_COUNT = 50

CSS = """
.gradio-container .beside { align-items: start; flex-wrap: nowrap; }
.beside .image-frame { width: 100%; }
.beside .image-frame img { width: 100%; max-height: 80vh; object-fit: contain !important; }
.quality { margin: 0; font-variant-numeric: tabular-nums; }
"""


@dataclass(frozen=True)
class _Comparison:
    """What pictures are shown with: that of the sent array, a reference, and the window."""

    sent: Array | None
    reference: Array | None
    window: Window


@dataclass
class _TensorParts:
    """The components for one array."""

    about: gr.HTML
    table: gr.Dataframe
    wish: gr.Accordion
    before: gr.Image
    picture: gr.Image
    quality: gr.HTML

    @property
    def components(self) -> list[Any]:
        return [self.about, self.table, self.wish, *self.drawn]

    @property
    def drawn(self) -> list[Any]:
        """Those that depend on the comparison."""
        return [self.before, self.picture, self.quality]

    def values(self, name: str, array: Array | None, with_: _Comparison | None) -> list[Any]:
        if array is None:
            return [
                gr.update(value="", visible=False),
                gr.update(value=None, visible=False),
                gr.update(visible=False, open=False),
                *self.draw(None, with_),
            ]
        rows = _rows(array)
        shown = as_picture(array)
        return [
            gr.update(value=_about(name, array), visible=True),
            gr.update(value=rows, visible=rows is not None),
            gr.update(visible=shown is not None, open=rows is None),
            *self.draw(shown, with_),
        ]

    def draw(self, shown: Array | None, with_: _Comparison | None) -> list[Any]:
        if shown is None or with_ is None:
            return [gr.update(value=None, visible=False), None, gr.update(value="", visible=False)]
        sent = with_.sent if with_.sent is not None and _same_size(with_.sent, shown) else None
        said = _quality(shown, sent, with_.reference)
        return [
            gr.update(
                value=None if sent is None else pixels(scaled_like(sent, shown), with_.window),
                visible=sent is not None,
            ),
            pixels(shown, with_.window),
            gr.update(value=said, visible=bool(said)),
        ]


class TensorPane(Pane):
    """Shows each array in a separate group, and the file with all of them."""

    def __init__(self, model: Model, media_type: str) -> None:
        count = min(len(model.tensors) or 1, MAX_GROUPS_COUNT) if media_type == NPZ else 1
        self._groups = [_group() for _ in range(count)]
        with gr.Accordion("Adjust and compare", open=False, visible=False) as self._adjust:
            with gr.Row():
                self._low = gr.Number(label="Black", info="Values up to this one", min_width=120)
                self._high = gr.Number(label="White", info="Values from this one", min_width=120)
            self._reference = gr.File(
                label="Reference, for the PSNR: .npy or a picture", type="filepath", height=140
            )
        self._sent = gr.File(visible="hidden", type="filepath", label="Sent")
        file = gr.File(label="Result (file)", interactive=False)
        super().__init__(media_type, file, gr.File(visible=False))
        options: dict[str, Any] = {
            "inputs": [self.main, self._sent, self._reference, self._low, self._high],
            "outputs": [component for group in self._groups for component in group.drawn],
            "api_visibility": "private",
            "show_progress": "hidden",
            "trigger_mode": "always_last",
        }
        reference = self._reference
        changes = [self._low.input, self._high.input, reference.upload, reference.clear]
        gr.on(changes, self._again, **options)
        # A reference is kept for further results.
        file.change(self._with_reference, **options)

    @property
    def components(self) -> list[Component]:
        own: list[Any] = [self._adjust, self._low, self._high, self._sent]
        return [*super().components, *own, *(c for group in self._groups for c in group.components)]

    def values(self, answer: HostAnswer, folder: Path) -> list[Any]:
        return self.compared(answer, folder, None)

    def compared(self, answer: HostAnswer, folder: Path, sent: str | None) -> list[Any]:
        """The same, with the picture in the file that was sent beside that of the result."""
        path = saved(answer, folder)
        arrays: Mapping[str, Array] = {}
        trouble = ""
        try:
            arrays = loaded(path)
        except Exception as error:  # NumPy raises anything: TokenError, MemoryError, …
            trouble = f"Could not show the arrays: {error}"
        pictures = [one for a in arrays.values() if (one := as_picture(a)) is not None]
        window = window_of(pictures[0]) if pictures else (0.0, 1.0)
        with_ = _Comparison(picture_in(sent), None, window)
        low, high = window
        kept = sent if with_.sent is not None else None
        updates = [str(path), gr.update(), gr.update(visible=bool(pictures)), low, high, kept]
        for group, (name, array) in zip(self._groups, self._padded(arrays), strict=True):
            updates += group.values(name, array, with_)
        if trouble:
            updates[6] = gr.update(value=f"<p>{escape(trouble)}</p>", visible=True)
        return updates

    def empty(self) -> list[Any]:
        hidden = [update for group in self._groups for update in group.values("", None, None)]
        return [None, gr.update(), gr.update(visible=False), None, None, None, *hidden]

    def _padded(self, arrays: Mapping[str, Array]) -> Sequence[tuple[str, Array | None]]:
        """An array for each group, or none."""
        found: list[tuple[str, Array | None]] = list(arrays.items())
        return found[: len(self._groups)] + [("", None)] * (len(self._groups) - len(found))

    def _with_reference(self, path: str | None, sent: str | None, *others: Any) -> list[Any]:
        return self._again(path if others[0] else None, sent, *others)

    def _again(
        self,
        path: str | None,
        sent: str | None,
        reference: str | None,
        low: float | None,
        high: float | None,
    ) -> list[Any]:
        """Draw the pictures of the result with another window or reference."""
        arrays: Mapping[str, Array] = {}
        if path and low is not None and high is not None:
            try:
                arrays = loaded(Path(path))
            except Exception:  # It has been told before.
                arrays = {}
        if not arrays:
            return [gr.update() for group in self._groups for _ in group.drawn]
        with_ = _Comparison(picture_in(sent), picture_in(reference), (low or 0.0, high or 0.0))
        updates = []
        for group, (_, array) in zip(self._groups, self._padded(arrays), strict=True):
            updates += group.draw(None if array is None else as_picture(array), with_)
        return updates


def _group() -> _TensorParts:
    about = gr.HTML(visible=False, padding=False)
    table = gr.Dataframe(visible=False, interactive=False, show_label=False, max_height=320)
    picture: dict[str, Any] = {
        "type": "filepath",
        # Gradio's default loses detail.
        "format": "png",
        "buttons": BUTTONS,
        "interactive": False,
    }
    with gr.Accordion("As a picture", open=False, visible=False) as wish:
        with gr.Row(elem_classes="beside"):
            before = gr.Image(
                label="Sent",
                visible=False,
                alt_text="Array that was sent",
                min_width=100,
                **picture,
            )
            after = gr.Image(label="Result", alt_text="Array", min_width=100, **picture)
        quality = gr.HTML(visible=False, padding=False)
    return _TensorParts(about, table, wish, before, after, quality)


def _same_size(one: Array, other: Array) -> bool:
    return one.shape[:2] == other.shape[:2]


def _quality(shown: Array, sent: Array | None, reference: Array | None) -> str:
    """Say how close to a reference the result is, and how close what was sent was."""
    if reference is None:
        return ""
    reference = scaled_like(reference, shown)
    low, high = window_of(reference)
    result = psnr(shown, reference, high - low)
    if result is None:
        differ = f"{list(reference.shape)}, the result {list(shown.shape)}"
        return f'<p class="quality">No PSNR: the reference has the shape {differ}.</p>'
    said = f"PSNR: <strong>{_decibels(result)}</strong>"
    before = None if sent is None else psnr(scaled_like(sent, shown), reference, high - low)
    if before is not None:
        said += f", before {_decibels(before)}"
    return f'<p class="quality" role="status">{said}</p>'


def _decibels(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.1f} dB"


def _about(name: str, array: Array) -> str:
    facts = f"{array.dtype} of shape {list(array.shape)}"
    if array.size and array.dtype.kind in "biuf":
        finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
        if finite.size:
            facts += f", from {finite.min():.6g} to {finite.max():.6g}"
    title = f"<strong>{escape(name)}</strong>: " if name else ""
    return f'<p class="about">{title}{escape(facts)}</p>'


def _rows(array: Array) -> list[list[Any]] | None:
    """Return a small array as a table, None for others."""
    if array.ndim > 2 or not array.size:
        return None
    table = array.reshape(1, -1) if array.ndim < 2 else array
    if table.shape[0] > MAX_ROWS_COUNT or table.shape[1] > MAX_COLUMNS_COUNT:
        return None
    if array.dtype.kind == "c":
        table = table.astype(str)
    rows: list[list[Any]] = table.tolist()
    return rows
