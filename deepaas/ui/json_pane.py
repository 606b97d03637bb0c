"""Shows JSON without declared fields: strings as text, numbers as a plot, anything else as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from deepaas.client.answers import HostAnswer
from deepaas.client.description import JSON
from deepaas.ui.json_view import for_view, json_view
from deepaas.ui.number_plot import plots
from deepaas.ui.outputs import MAX_TEXT_CHARACTERS, Pane, json_content, other_file


class JsonPane(Pane):
    """Hides the JSON if the result is a string, see ``CSS``."""

    def __init__(self) -> None:
        with gr.Column(elem_classes="json-answer"):
            self._text = gr.Textbox(
                label="Result",
                lines=3,
                max_lines=30,
                interactive=False,
                visible=False,
                elem_classes="json-text",
            )
            self._plots = gr.HTML(visible=False, padding=False)
            main = json_view()
        super().__init__(JSON, main, other_file())

    @property
    def components(self) -> list[Component]:
        return [*super().components, self._text, self._plots]

    def values(self, answer: HostAnswer, folder: Path) -> list[Any]:
        content, other = json_content(answer, folder)
        text = content[:MAX_TEXT_CHARACTERS] if isinstance(content, str) else ""
        drawn = plots(content)
        return [
            for_view(content),
            gr.update(value=other and str(other), visible=other is not None),
            gr.update(value=text, visible=bool(text)),
            gr.update(value=drawn, visible=bool(drawn)),
        ]

    def empty(self) -> list[Any]:
        hidden = gr.update(value="", visible=False)
        return [None, gr.update(value=None, visible=False), hidden, dict(hidden)]


CSS = ".json-answer:has(.json-text) .json-view { display: none; }\n"
