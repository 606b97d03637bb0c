"""Values of JSON on the page, each as it is."""

from __future__ import annotations

import json
import re
from typing import Any

import gradio as gr
from gradio.data_classes import JsonData

from deepaas.client.description import JSON

LABEL = f"Answer ({JSON})"

_LONG_NUMBER = re.compile(r"\d{19}")


class JsonView(gr.JSON):
    """Takes a value as it is: Gradio takes a text for JSON that is still to be read.

    A class, since Gradio makes components anew from what they were made with.
    """

    is_template = True

    def postprocess(self, value: Any) -> JsonData | None:
        return shown(value)


def json_view(label: str = LABEL) -> gr.JSON:
    return JsonView(label=label, show_indices=False)


def shown(value: Any) -> JsonData | None:
    """A value for the component; whole numbers that Gradio cannot send become texts."""
    if value is None:
        return None
    text = json.dumps(value)
    if _LONG_NUMBER.search(text):
        value = json.loads(text, parse_int=_whole)
    return JsonData(root=value)


def _whole(digits: str) -> int | str:
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else digits
