"""Shows results that arrive in parts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.components import Component
from PIL import Image

from deepaas.client.answers import HostAnswer
from deepaas.client.description import JSON
from deepaas.ui import media
from deepaas.ui.array_pictures import Array, as_picture, pixels, window_of
from deepaas.ui.json_view import for_view, json_view
from deepaas.ui.outputs import BUTTONS, MAX_TEXT_CHARACTERS, Pane

PICTURE = "data:image/"

MIN_ROWS_COUNT = 16
"""So many rows and columns an array needs at least to be a picture rather than a table."""


class StreamedPane(Pane):
    """Joins strings to one text, shows pictures in a gallery, and other values line by line.

    Arrays can be pictures too: the steps of an iterative algorithm.
    """

    def __init__(self) -> None:
        fixed: dict[str, Any] = {"interactive": False}
        self._text = gr.Textbox(label="Result", lines=8, max_lines=30, **fixed)
        self._pictures = gr.Gallery(
            label="Pictures", columns=3, buttons=BUTTONS, visible=False, **fixed
        )
        with gr.Accordion("Complete result (JSON)", open=False):
            main = json_view()
        super().__init__(JSON, main, gr.File(visible=False))

    @property
    def components(self) -> list[Component]:
        return [*super().components, self._text, self._pictures]

    def growing(self, parts: Sequence[str], folder: Path) -> list[Any]:
        """Return values for the components for the parts received so far, each as JSON."""
        return [
            gr.update(),
            gr.update(),
            *_shown([json.loads(part) for part in parts], folder),
        ]

    def values(self, answer: HostAnswer, folder: Path) -> list[Any]:
        """Return values for the components for the complete result, a list."""
        values = answer.json()
        if isinstance(values, dict):  # Wrapped by DEEPaaS, because it was not streamed.
            values = values.get("predictions")
        listed = values if isinstance(values, list) else [values]
        return [for_view(values), gr.update(), *_shown(listed, folder)]

    def empty(self) -> list[Any]:
        """Return updates without changes: parts received before an error stay visible."""
        return [gr.update() for _ in self.components]


def pane() -> Pane:
    return StreamedPane()


def _pictures(values: list[Any], folder: Path) -> list[str]:
    return [
        str(path)
        for number, value in enumerate(values)
        if isinstance(value, str) and value.startswith(PICTURE)
        if (content := media.decode(value)) is not None
        if (path := media.save(content, "image", folder, f"part-{number}")) is not None
    ]


def _array(value: Any) -> Array | None:
    """The picture in nested lists, alone or with a name; None if it can be a table."""
    if isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    if not isinstance(value, list):
        return None
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return None
    return as_picture(array) if array.ndim > 2 or min(array.shape) >= MIN_ROWS_COUNT else None


def _arrays(values: list[Any], folder: Path) -> list[str]:
    """The paths of pictures of arrays, all in the shades of the last one."""
    found = [picture for value in values if (picture := _array(value)) is not None]
    paths = []
    for number, picture in enumerate(found):
        path = folder / f"step-{number}.png"
        Image.fromarray(pixels(picture, window_of(found[-1]))).save(path)
        paths.append(str(path))
    return paths


def _shown(values: list[Any], folder: Path) -> list[Any]:
    pictures = _pictures(values, folder) or _arrays(values, folder)
    if pictures and len(pictures) == len(values):
        return [gr.update(visible=False), gr.update(value=pictures, visible=True)]
    if all(isinstance(value, str) for value in values):
        text = "".join(values)
    else:
        text = "\n".join(json.dumps(value, ensure_ascii=False) for value in values)
    # Show the end of a long text: it is the latest part.
    return [
        gr.update(value=text[-MAX_TEXT_CHARACTERS:], visible=True),
        gr.update(value=None, visible=False),
    ]
