"""Values of JSON on the page, each as it is."""

from __future__ import annotations

import json
import re
from typing import Any

import gradio as gr

LABEL = "Answer"

_LONG_NUMBER = re.compile(r"\d{19}")


def json_view(label: str = LABEL) -> gr.JSON:
    """A component for what :func:`for_view` gives."""
    return gr.JSON(label=label, show_indices=False, elem_classes="json-view")


def for_view(value: Any) -> Any:
    """A value as the component takes it: whole numbers that Gradio cannot send become texts, and
    what is no object and no list is written as JSON, since a text is read as that."""
    if value is None:
        return None
    text = json.dumps(value)
    if _LONG_NUMBER.search(text):
        value = json.loads(text, parse_int=_whole)
    return value if isinstance(value, dict | list) else json.dumps(value)


def _whole(digits: str) -> int | str:
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else digits
