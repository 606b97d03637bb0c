"""Models and trainings as notebooks show them: HTML, in which what others say is text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepaas.client.description import Argument, Model
    from deepaas.client.runs import Run

MAX_CHARACTERS = 200
"""Of one value; what is longer is cut."""

_COLOURS = {"done": "#1a7f37", "error": "#cf222e", "running": "#0969da"}


def model_html(model: Model) -> str:
    head = f"<b>{_cell(model.title)}</b> ({_cell(model.name)} {_cell(model.version)})"
    parts = [head, _cell(model.description)]
    for function, arguments in (("predict", model.predict), ("train", model.train)):
        if arguments is not None:
            rows = (_argument(argument) for argument in arguments)
            parts.append(f"{function}{_table(('argument', 'kind', 'default', ''), rows)}")
    return "".join(f"<div>{part}</div>" for part in parts if part)


def training_html(run: Run, model: str) -> str:
    progress = run.progress
    told = "" if progress is None else progress.message
    if run.share is not None:
        told = f"{run.share:.0%} {told}"
    rows = [
        ("model", _cell(model)),
        ("state", _state(run)),
        ("asked for", _cell(f"{run.date:%Y-%m-%d %H:%M}" if run.date else "")),
        ("took", _cell("" if run.duration_seconds is None else f"{run.duration_seconds:.0f} s")),
        ("progress", _cell(told)),
        ("message", _cell(run.message)),
        ("arguments", _cell(run.args)),
        ("result", _cell(run.result)),
    ]
    return _table(("training", _cell(run.uuid)), ([name, value] for name, value in rows if value))


def _state(run: Run) -> str:
    state = "cancelling" if run.cancelling else run.state
    return f'<span style="color: {_COLOURS.get(state, "inherit")}">{_cell(state)}</span>'


def _argument(argument: Argument) -> Sequence[str]:
    kind = ", ".join(map(str, argument.choices)) or argument.kind
    default = "required" if argument.required else argument.default
    return [_cell(argument.name), _cell(kind), _cell(default), _cell(argument.description)]


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{title}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return escape(text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…")
