"""Creates Gradio components for results: a tab per media type, a component per field of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from deepaas.client.answers import HostAnswer, extension, is_json
from deepaas.client.description import JSON, Model, OutputField
from deepaas.ui import inputs, media
from deepaas.ui.json_view import for_view, json_view
from deepaas.ui.number_plot import plots

LABELS, PROBABILITIES = "labels", "probabilities"
MAX_TEXT_CHARACTERS = 1_000_000

BUTTONS: list[Any] = ["download", "fullscreen"]
"""Listed here because one of Gradio's defaults would send the picture to another host."""

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; font-src data:"
)


@dataclass
class Pane:
    """The components in the tab of one media type.

    Attributes:
        main: shows the complete result, which clients of the page also get.
        fields: the declared fields of JSON and their components.
        other: for a result of another type than declared.
    """

    media_type: str
    main: Component
    other: gr.File
    fields: list[tuple[OutputField, list[Component]]] = field(default_factory=list)

    @property
    def components(self) -> list[Component]:
        return [self.main, self.other, *(c for _, group in self.fields for c in group)]

    def values(self, answer: HostAnswer, folder: Path) -> list[Any]:
        """Return values in the order of the components; files are copied from the folder."""
        main, other = self._main(answer, folder)
        shown = for_view(main) if isinstance(self.main, gr.JSON) else main
        updates = [shown, gr.update(value=other and str(other), visible=other is not None)]
        if self.fields:
            content = main if isinstance(main, Mapping) else {}
            for output, group in self.fields:
                updates += _field_values(output, group, content, folder)
        return updates

    def compared(self, answer: HostAnswer, folder: Path, _sent: str | None) -> list[Any]:
        """The same, beside the picture in the file that was sent, for results that are arrays."""
        return self.values(answer, folder)

    def empty(self) -> list[Any]:
        return [
            _nothing(c) if c.visible else gr.update(value=_nothing(c), visible=False)
            for c in self.components
        ]

    def _main(self, answer: HostAnswer, folder: Path) -> tuple[Any, Path | None]:
        """Return the value of the main component, and a file if it cannot show the result."""
        if isinstance(self.main, gr.JSON):
            return json_content(answer, folder)
        if isinstance(self.main, gr.HTML):
            return sandboxed(decoded(answer)), None
        if isinstance(self.main, gr.Textbox):
            text = decoded(answer)
            too_long = len(text) > MAX_TEXT_CHARACTERS or answer.path is not None
            return text[:MAX_TEXT_CHARACTERS], saved(answer, folder) if too_long else None
        path = with_suffix(saved(answer, folder))
        if isinstance(self.main, gr.File):
            return str(path), None
        fits = answer.media_type.partition("/")[0] == self.media_type.partition("/")[0]
        if fits and answer.media_type != "image/tiff":
            return str(path), None
        return None, path


def pane(model: Model, media_type: str) -> Pane:
    """Create the tab of a media type; for JSON with the declared fields."""
    if is_json(media_type):
        return _json_pane(model)
    kind = media_type.partition("/")[0]
    fixed: dict[str, Any] = {"interactive": False, "label": "Result"}
    main: Component
    if kind == "image":
        main = gr.Image(type="filepath", buttons=BUTTONS, alt_text="Result", **fixed)
    elif kind == "audio":
        main = gr.Audio(type="filepath", format=None, buttons=["download"], **fixed)
    elif kind == "video":
        main = gr.Video(format=None, include_audio=True, buttons=["download"], **fixed)
    elif media_type == "text/html":
        main = gr.HTML(label=fixed["label"], elem_classes="answer-html")
    elif kind == "text":
        main = gr.Textbox(lines=8, max_lines=30, **fixed)
    else:
        main = gr.File(**fixed)
    return Pane(media_type, main, other_file())


def sandboxed(html: str) -> str:
    """Return HTML of a model in a sandboxed frame without scripts and network access."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    # Always white, because documents are written for a white background.
    return (
        '<iframe title="Result" sandbox="" referrerpolicy="no-referrer" class="answer-frame" '
        f'srcdoc="{escape(policy + html)}"></iframe>'
    )


def _json_pane(model: Model) -> Pane:
    outputs = list(model.response or ())
    if {LABELS, PROBABILITIES} <= {output.name for output in outputs}:
        # One component shows both.
        outputs = [output for output in outputs if output.name != PROBABILITIES]
    paired = len(outputs) < len(model.response or ())
    fields = [(o, _described(o, paired=paired and o.name == LABELS)) for o in outputs]
    with gr.Accordion("Complete result (JSON)", open=False):
        main = json_view()
    return Pane(JSON, main, other_file(), fields)


def other_file() -> gr.File:
    return gr.File(label="Result (file)", interactive=False, visible=False)


def _described(output: OutputField, *, paired: bool) -> list[Component]:
    """Create the components of a field, and a help text if they have none."""
    with gr.Column(elem_classes="argument", min_width=0):
        group = _field(output, paired=paired)
        if output.description and not isinstance(group[0], gr.Textbox):
            inputs.about(output.description)
        if isinstance(group[0], gr.JSON) and output.media is None:
            group.append(gr.HTML(visible=False, padding=False))
    return group


def _field(output: OutputField, *, paired: bool) -> list[Component]:
    about: dict[str, Any] = {"label": output.name}
    if paired:
        return [gr.Label(show_heading=True, **about)]
    fixed: dict[str, Any] = about | {"interactive": False}
    info: dict[str, Any] = {"info": output.description or None}
    # No copy button: it would come before the box, and get its label.
    text: dict[str, Any] = {"lines": 1, "max_lines": 12}
    if output.media is not None and output.many:
        if output.media == "image":
            return [gr.Gallery(columns=3, buttons=BUTTONS, **fixed)]
        return [json_view(output.name)]
    if output.media is not None:
        shown = _player(output.media, fixed)
        # For a string that is not an encoded file.
        return [shown, gr.Textbox(visible=False, **text, **fixed)]
    if output.kind in ("object", "array", "any"):
        return [json_view(output.name)]
    return [gr.Textbox(**text, **fixed, **info)]


def _player(medium: str, fixed: dict[str, Any]) -> Component:
    if medium == "image":
        return gr.Image(
            type="filepath", height=240, buttons=BUTTONS, alt_text=fixed["label"], **fixed
        )
    if medium == "audio":
        return gr.Audio(type="filepath", format=None, buttons=["download"], **fixed)
    return gr.Video(format=None, include_audio=True, buttons=["download"], **fixed)


def _field_values(
    output: OutputField, group: list[Component], content: Mapping[str, Any], folder: Path
) -> list[Any]:
    value = content.get(output.name)
    first = group[0]
    if isinstance(first, gr.Label):
        return [_bars(value, content.get(PROBABILITIES))]
    if isinstance(first, gr.Gallery):
        return [_pictures(output, value, folder)]
    if isinstance(first, gr.JSON):
        named = {output.name: value} if isinstance(value, list) else value
        drawn = plots(named) if len(group) > 1 else ""
        return [for_view(value), *[gr.update(value=drawn, visible=bool(drawn))] * (len(group) - 1)]
    if isinstance(first, gr.Textbox):
        return [_words(output.kind, value)]
    decoded = media.decode(value)
    path = decoded and media.save(decoded, output.media or "", folder, output.name)
    if path:
        return [gr.update(value=str(path), visible=True), gr.update(value="", visible=False)]
    words = _words("string", value)
    return [
        gr.update(value=None, visible=not words),
        gr.update(value=words, visible=bool(words)),
    ]


def _bars(labels: Any, probabilities: Any) -> dict[str, float] | None:
    bars: dict[str, float] = {}
    if isinstance(labels, list) and isinstance(probabilities, list):
        for label, probability in zip(labels, probabilities, strict=False):
            if isinstance(probability, int | float):
                bars.setdefault(_words("any", label), float(probability))
    return bars or None


def _pictures(output: OutputField, value: Any, folder: Path) -> list[str] | None:
    paths = []
    for number, text in enumerate(value if isinstance(value, list) else []):
        decoded = media.decode(text)
        path = decoded and media.save(decoded, "image", folder, f"{output.name}-{number}")
        if path:
            paths.append(str(path))
    return paths or None


def _words(kind: str, value: Any) -> str:
    if value is None:
        return ""
    if kind == "boolean" and isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if kind == "datetime":
        return value.replace("T", " ", 1).replace("+00:00", " UTC").removesuffix("Z")
    return value


def json_content(answer: HostAnswer, folder: Path) -> tuple[Any, Path | None]:
    """Return the JSON of a response without the host's wrapper, or a file if it is not JSON."""
    try:
        content = answer.json()
    except ValueError:
        return None, saved(answer, folder)
    # Hosts wrap results without a schema.
    if isinstance(content, dict) and set(content) == {"status", "predictions"}:
        content = content["predictions"]
    return content, None


def decoded(answer: HostAnswer) -> str:
    body = answer.body
    if answer.path is not None:
        with answer.path.open("rb") as file:
            body = file.read(MAX_TEXT_CHARACTERS)
    return body.decode("utf-8", errors="replace")


def with_suffix(path: Path) -> Path:
    """Add a suffix based on the content to a file of an unknown type (`image/*`)."""
    if path.suffix != ".bin":
        return path
    with path.open("rb") as file:
        suffix, _ = media.kind(file.read(64))
    return path.rename(path.with_suffix(suffix)) if suffix else path


def saved(answer: HostAnswer, folder: Path) -> Path:
    if answer.path is not None:
        return answer.path
    path = folder / f"answer{extension(answer.media_type)}"
    path.write_bytes(answer.body)
    return path


def _nothing(component: Component) -> Any:
    return "" if isinstance(component, gr.HTML | gr.Textbox) else None
