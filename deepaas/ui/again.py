"""Enables a button again when its event has ended."""

from __future__ import annotations

import gradio as gr
from gradio.events import Dependency

_JS = '() => ({__type__: "update", interactive: true})'


def enable_again(button: gr.Button, ended: Dependency) -> None:
    """Enable ``button`` when its event has ended in the browser.

    The last update of a generator comes too early: until the browser has been told of the end, it
    ignores clicks.
    """
    ended.then(None, None, button, js=_JS, api_visibility="private", show_progress="hidden")
