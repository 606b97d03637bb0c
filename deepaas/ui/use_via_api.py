"""Shows the current call as code to copy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urljoin

import gradio as gr

from deepaas.client.api import Api
from deepaas.client.errors import ClientError
from deepaas.ui import input_values
from deepaas.ui.inputs import Form
from deepaas.ui.other_doors import OtherCall
from deepaas.ui.snippets import Snippets

Write = Callable[..., Snippets]
"""Writes a call for the URL of the host, the values by argument, and other choices."""

_KINDS = (("curl", "shell"), ("Python", "python"), ("deepaas.client", "python"))


def use_via_api(
    page: gr.Blocks,
    api: Api,
    form: Form,
    write: Write,
    chosen: Sequence[gr.components.Component] = (),
    others: Sequence[OtherCall] = (),
) -> None:
    """Add the examples, which follow the inputs and ``chosen``; ``others`` do not change."""
    made = []
    with gr.Accordion("Use via API", open=False):
        gr.Markdown("Send the same request from your own code.")
        for name, language in [*_KINDS, *((other.title, "shell") for other in others)]:
            with gr.Tab(name):
                made.append(gr.Code(language=language, label=name, interactive=False))  # type: ignore[arg-type]

    def show(request: gr.Request, *given: Any) -> list[str]:
        url = _host_url(api, request)
        fixed = [other.at(url) for other in others]
        also, values = given[: len(chosen)], given[len(chosen) :]
        try:
            found = input_values.read(form.arguments, values)
        except ClientError as error:
            todo = [f"# {name}: {' '.join(said)}" for name, said in error.fields.items()]
            return ["\n".join(["# Please correct these inputs:", *todo])] * len(_KINDS) + fixed
        return [*dataclasses.astuple(write(url, found, *also)), *fixed]

    filled = [*chosen, *form.components]
    shown: dict[str, Any] = {
        "inputs": filled,
        "outputs": made,
        "queue": False,
        "api_visibility": "private",
        "show_progress": "hidden",
    }
    page.load(show, **shown)
    for event in form.shown:
        event.then(show, **shown)
    changes: list[Any] = [one.change for one in filled if hasattr(one, "change")]
    if changes:
        gr.on(changes, show, trigger_mode="always_last", **shown)


def _host_url(api: Api, request: gr.Request) -> str:
    """Return the URL of the host for this user; our own URL may only be a path."""
    seen = request.headers.get("referer") or request.headers.get("origin") or ""
    return urljoin(seen, api.public_url or "/").rstrip("/")
