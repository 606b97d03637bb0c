"""Creates Gradio components for arguments.

Which argument gets which component is a contract with authors, described in docs/try-me.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

import gradio as gr
from gradio.events import Dependency

from deepaas.client.description import Argument
from deepaas.ui import markdown
from deepaas.ui.input_values import PICTURE_SUFFIXES, is_typed, shown_date, takes_pictures
from deepaas.ui.rare import rare

LONG_CHARACTERS = 60
"""A string with a default longer than this gets several lines."""

ARRAY_SUFFIXES = (".npy", ".npz", ".pt")

_WITHOUT_HELP = (gr.Image, gr.Audio, gr.Video, gr.File, gr.Code)
"""Components without a help text of their own."""


@dataclass(frozen=True)
class Form:
    """The components of arguments, in their order, each with a place for error messages.
    ``shown`` are the events that set their initial values; ``more`` contains the components of the
    ``folded`` arguments, if there are any."""

    arguments: tuple[Argument, ...]
    components: list[gr.components.Component]
    complaints: list[gr.HTML]
    shown: list[Dependency]
    name: str = "input"
    folded: frozenset[str] = frozenset()
    more: gr.Accordion | None = None

    def complain(self, fields: Mapping[str, list[str]]) -> dict[Any, Any]:
        """Return updates by component that show the messages by argument, and hide others. The
        accordion opens if it contains an invalid input."""
        said = [_complaint(argument, fields.get(argument.name)) for argument in self.arguments]
        updates = dict[Any, Any](zip(self.complaints, said, strict=True))
        if self.more is not None and self.folded & fields.keys():
            updates[self.more] = gr.update(open=True)
        return updates

    @property
    def complained(self) -> list[Any]:
        """All components that :meth:`complain` can change."""
        return [*self.complaints, *([self.more] if self.more is not None else [])]


def form(arguments: Iterable[Argument], name: str = "input") -> Form:
    """Create components for arguments in the current block; ``name`` must be unique on the
    page."""
    arguments = tuple(arguments)
    folded = rare(arguments)
    made = {a.name: _input(a, name) for a in arguments if a.name not in folded}
    more = None
    if folded:
        with gr.Accordion(f"More ({len(folded)})", open=False, elem_classes="more-inputs") as more:
            made |= {a.name: _input(a, name) for a in arguments if a.name in folded}
    parts = [made[argument.name] for argument in arguments]
    components = [component for component, _ in parts]
    empty = [o for o in components if isinstance(o, gr.Number) and o.value is None]
    return Form(
        arguments,
        components,
        [complaint for _, complaint in parts],
        [_clear(empty)] if empty else [],
        name,
        folded,
        more,
    )


def _input(argument: Argument, form_name: str) -> tuple[gr.components.Component, gr.HTML]:
    element_id = f"{form_name}-{quote(argument.name, safe='')}"
    with gr.Column(elem_classes="argument", elem_id=element_id, min_width=0):
        made = component(argument)
        help_text = _help(argument)
        if help_text and isinstance(made, _WITHOUT_HELP):
            about(help_text)
        return made, gr.HTML(visible=False, padding=False)


def _help(argument: Argument) -> str:
    if argument.tensor is None:
        return argument.description
    wanted = str(argument.tensor)
    if not is_typed(argument):
        suffixes = [*ARRAY_SUFFIXES, *(PICTURE_SUFFIXES if takes_pictures(argument) else ())]
        wanted += f", as a file: {', '.join(suffixes)}"
    return ". ".join(part for part in (argument.description.rstrip("."), wanted) if part)


def about(description: str) -> gr.HTML:
    """Return a help text below a component without one."""
    return gr.HTML(f'<div class="about">{markdown.render(description)}</div>', padding=False)


def components(arguments: Iterable[Argument]) -> list[gr.components.Component]:
    """Create the components without places for error messages."""
    return form(arguments).components


def component(argument: Argument) -> gr.components.Component:
    common: dict[str, Any] = {"label": label(argument), "interactive": True}
    if argument.kind == "file":
        return _file(argument, common)
    if argument.kind == "tensor" and not is_typed(argument):
        return gr.File(type="filepath", height=140, **common)
    about: dict[str, Any] = {"info": argument.description or None}
    default = argument.default
    if argument.choices:
        if argument.many:
            return gr.Dropdown(
                list(argument.choices), value=default or [], multiselect=True, **common, **about
            )
        # Without a default nothing is selected: Gradio would select the first choice.
        choices = list(argument.choices)
        if not argument.required and default is None:
            choices.insert(0, ("–", None))
        return gr.Dropdown(choices, value=default, **common, **about)
    if argument.kind in ("integer", "number"):
        return _number(argument, common | about)
    if argument.kind == "boolean":
        return gr.Checkbox(value=bool(default), **common, **about)
    if argument.kind in ("object", "array", "tensor"):
        empty: Any = {} if argument.kind == "object" else []
        shown = empty if default is None and argument.required else default
        value = "" if shown is None else json.dumps(shown, indent=2, ensure_ascii=False)
        return gr.Code(value, language="json", lines=2, max_lines=20, buttons=[], **_code(common))
    if argument.kind in ("date", "datetime"):
        return gr.DateTime(
            value=shown_date(default, argument.kind),
            include_time=argument.kind == "datetime",
            type="string",
            **common,
            **about,
        )
    text = "" if default is None else _text(default)
    if argument.kind == "password":
        return gr.Textbox(text, type="password", max_lines=1, **common, **about)
    lines = 4 if len(text) > LONG_CHARACTERS or "\n" in text else 1
    return gr.Textbox(text, lines=lines, max_lines=20, **common, **about)


def label(argument: Argument) -> str:
    return f"{argument.name} (required)" if argument.required else argument.name


def _clear(numbers: list[gr.Number]) -> Dependency:
    """Clear numbers without a value, which Gradio would show and send as 0."""
    nulls = ", ".join("null" for _ in numbers)
    event: Dependency = gr.on(
        None, None, outputs=numbers, js=f"() => [{nulls}]", api_visibility="private"
    )
    return event


def _file(argument: Argument, common: dict[str, Any]) -> gr.components.Component:
    if argument.many:
        types = [argument.media] if argument.media else None
        return gr.File(file_count="multiple", file_types=types, type="filepath", **common)
    # The user's file is passed on unchanged.
    if argument.media == "image":
        image = gr.Image(
            type="filepath",
            image_mode=None,
            sources=["upload", "webcam", "clipboard"],
            height=240,
            buttons=["fullscreen"],
            alt_text=argument.name,
            **common,
        )
        read_by_gradio = image.preprocess
        image.preprocess = lambda payload: (  # type: ignore[method-assign]
            # Gradio rejects images that Pillow cannot read; the model may be able to.
            payload.path if payload and payload.path else read_by_gradio(payload)
        )
        return image
    if argument.media == "audio":
        return gr.Audio(type="filepath", format=None, buttons=[], **common)
    if argument.media == "video":
        return gr.Video(format=None, include_audio=True, buttons=[], **common)
    return gr.File(type="filepath", height=140, **common)


def _number(argument: Argument, options: dict[str, Any]) -> gr.components.Component:
    whole = argument.kind == "integer"
    low, high = argument.minimum, argument.maximum
    # A slider always has a value, so an optional number without a default gets a box.
    known = argument.default is not None or argument.required
    if low is not None and high is not None and known:
        step = 1 if whole else _step(low, high)
        value = low if argument.default is None else argument.default
        slider = gr.Slider(low, high, value=value, step=step, **options)
        slider.preprocess = _as_typed  # type: ignore[method-assign]
        return slider
    # `read` checks the limits: Gradio's messages about them are far from the box.
    return gr.Number(value=argument.default, precision=0 if whole else None, **options)


def _as_typed(payload: float) -> float:
    """Do not check the limits while the user is typing."""
    return payload


def _step(low: float, high: float) -> float:
    """Return a round width for about a thousand steps, at most the smallest value."""
    width = (high - low) / 1000
    if low > 0:
        width = min(width, low)
    return float(f"1e{f'{width:e}'.partition('e')[2]}")


def _code(common: dict[str, Any]) -> dict[str, Any]:
    return common | {"label": f"{common['label']} – JSON", "wrap_lines": True}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _complaint(argument: Argument, messages: Sequence[str] | None) -> Any:
    if not messages:
        return gr.update(value="", visible=False)
    items = " ".join(escape(message) for message in messages)
    return gr.update(
        value=f'<p class="complaint"><strong>{escape(argument.name)}:</strong> {items}</p>',
        visible=True,
    )
