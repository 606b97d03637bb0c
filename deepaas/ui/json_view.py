"""Shows JSON values on the page without changing them."""

from __future__ import annotations

import json
import re
from typing import Any

import gradio as gr

LABEL = "Result"

_LONG_NUMBER = re.compile(r"\d{19}")


def json_view(label: str = LABEL) -> gr.JSON:
    """Return a component for values of :func:`for_view`."""
    return gr.JSON(label=label, show_indices=False, elem_classes="json-view")


def for_view(value: Any) -> Any:
    """Convert a value for the component: integers that Gradio cannot send become strings, and
    values other than objects and lists become JSON, because the component parses strings."""
    if value is None:
        return None
    text = json.dumps(value)
    if _LONG_NUMBER.search(text):
        value = json.loads(text, parse_int=_whole)
    return value if isinstance(value, dict | list) else json.dumps(value)


def _whole(digits: str) -> int | str:
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else digits
