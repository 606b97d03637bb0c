"""Shows results that are arrays: small ones as tables, and optionally as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.components import Component
from numpy.typing import NDArray
from PIL import Image

from deepaas.client.answers import MAX_ANSWER_BYTES, HostAnswer
from deepaas.client.description import NPZ, Model
from deepaas.ui.outputs import BUTTONS, Pane, saved

MAX_GROUPS_COUNT = 8
"""Maximum number of arrays that are shown; the file has all."""

MAX_ROWS_COUNT = 1000
MAX_COLUMNS_COUNT = 50
MAX_PIXELS_COUNT = 16_000_000

_Array = NDArray[Any]


@dataclass
class _Group:
    """The components for one array."""

    about: gr.HTML
    table: gr.Dataframe
    wish: gr.Accordion
    picture: gr.Image

    def values(self, name: str, array: _Array | None, folder: Path) -> list[Any]:
        if array is None:
            return [
                gr.update(value="", visible=False),
                gr.update(value=None, visible=False),
                gr.update(visible=False, open=False),
                None,
            ]
        rows = _rows(array)
        shown = _pixels(array)
        path = None
        if shown is not None:
            path = folder / f"picture-{id(self)}.png"
            Image.fromarray(shown).save(path)
        return [
            gr.update(value=_about(name, array), visible=True),
            gr.update(value=rows, visible=rows is not None),
            gr.update(visible=path is not None, open=False),
            path and str(path),
        ]


class TensorPane(Pane):
    """Shows each array in a separate group, and the file with all of them."""

    def __init__(self, model: Model, media_type: str) -> None:
        count = min(len(model.tensors) or 1, MAX_GROUPS_COUNT) if media_type == NPZ else 1
        self._groups = [_group() for _ in range(count)]
        file = gr.File(label="Result (file)", interactive=False)
        super().__init__(media_type, file, gr.File(visible=False))

    @property
    def components(self) -> list[Component]:
        parts: list[Any] = []
        for group in self._groups:
            parts += [group.about, group.table, group.wish, group.picture]
        return [*super().components, *parts]

    def values(self, answer: HostAnswer, folder: Path) -> list[Any]:
        path = saved(answer, folder)
        arrays: Mapping[str, _Array] = {}
        trouble = ""
        try:
            arrays = _loaded(path)
        except Exception as error:  # NumPy raises anything: TokenError, MemoryError, …
            trouble = f"Could not show the arrays: {error}"
        updates: list[Any] = [str(path), gr.update()]
        found = [*arrays.items()][: len(self._groups)]
        for number, group in enumerate(self._groups):
            name, array = found[number] if number < len(found) else ("", None)
            updates += group.values(name, array, folder)
        if trouble:
            updates[2] = gr.update(value=f"<p>{escape(trouble)}</p>", visible=True)
        return updates

    def empty(self) -> list[Any]:
        hidden = [update for group in self._groups for update in group.values("", None, Path())]
        return [None, gr.update(), *hidden]


def _group() -> _Group:
    about = gr.HTML(visible=False, padding=False)
    table = gr.Dataframe(visible=False, interactive=False, show_label=False, max_height=320)
    with gr.Accordion("As a picture", open=False, visible=False) as wish:
        picture = gr.Image(
            type="filepath", buttons=BUTTONS, interactive=False, show_label=False, alt_text="Array"
        )
    return _Group(about, table, wish, picture)


def _loaded(path: Path) -> dict[str, _Array]:
    loaded = np.load(path, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return {"": loaded}
    with loaded:
        if sum(member.file_size for member in loaded.zip.infolist()) > MAX_ANSWER_BYTES:
            raise ValueError("they are too large")
        return {name: loaded[name] for name in loaded.files}


def _about(name: str, array: _Array) -> str:
    facts = f"{array.dtype} of shape {list(array.shape)}"
    if array.size and array.dtype.kind in "biuf":
        finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
        if finite.size:
            facts += f", from {finite.min():.6g} to {finite.max():.6g}"
    title = f"<strong>{escape(name)}</strong>: " if name else ""
    return f'<p class="about">{title}{escape(facts)}</p>'


def _rows(array: _Array) -> list[list[Any]] | None:
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


def _pixels(array: _Array) -> NDArray[np.uint8] | None:
    """Return an array of shape (H, W) or (H, W, 3) as a picture; numbers other than bytes are
    scaled from black (minimum) to white (maximum)."""
    flat = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if not flat or array.dtype.kind not in "buif" or not 0 < array.size <= MAX_PIXELS_COUNT:
        return None
    if min(array.shape[:2]) < 2:
        return None
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    values = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = values.min(), values.max()
    spread = (values - low) / (high - low) if high > low else np.zeros_like(values)
    pixels: NDArray[np.uint8] = np.round(spread * 255).astype(np.uint8)
    return pixels
