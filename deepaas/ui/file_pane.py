"""Shows results of models that return files of any type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from deepaas.client.answers import HostAnswer, is_json
from deepaas.client.description import ANYTHING
from deepaas.ui.documents import DocumentView, is_document
from deepaas.ui.outputs import BUTTONS, MAX_TEXT_CHARACTERS, Pane, decoded, saved, with_suffix

_NOT_SHOWN = ("image/tiff",)
"""Browsers do not support these."""


class FilePane(Pane):
    """Shows a file by its media type, and always offers it as a download."""

    def __init__(self) -> None:
        fixed: dict[str, Any] = {"interactive": False, "visible": False, "label": "Result"}
        self._shown: dict[str, Component] = {
            "image": gr.Image(type="filepath", buttons=BUTTONS, alt_text="Result", **fixed),
            "audio": gr.Audio(type="filepath", format=None, buttons=["download"], **fixed),
            "video": gr.Video(format=None, include_audio=True, buttons=["download"], **fixed),
            "text": gr.Textbox(lines=8, max_lines=30, **fixed),
        }
        self._document = DocumentView()
        file = gr.File(label="Result (file)", interactive=False)
        super().__init__(ANYTHING, file, gr.File(visible=False))

    @property
    def components(self) -> list[Component]:
        return [*super().components, *self._shown.values(), *self._document.components]

    def values(self, answer: HostAnswer, folder: Path) -> list[Any]:
        kind = "text" if is_json(answer.media_type) else answer.media_type.partition("/")[0]
        if is_document(answer.media_type):
            kind = "document"
        path = str(with_suffix(saved(answer, folder)))
        text = decoded(answer)[:MAX_TEXT_CHARACTERS] if kind == "text" else ""
        updates: list[Any] = [path, gr.update()]
        for medium in self._shown:
            fits = medium == kind and answer.media_type not in _NOT_SHOWN
            value = (text if medium == "text" else path) if fits else None
            updates.append(gr.update(value=value, visible=fits))
        document = kind == "document"
        return updates + (self._document.values(answer) if document else self._document.empty())

    def empty(self) -> list[Any]:
        hidden = [gr.update(value=None, visible=False) for _ in self._shown]
        return [None, gr.update(), *hidden, *self._document.empty()]


def pane() -> Pane:
    return FilePane()
