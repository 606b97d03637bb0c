"""Calls to try the model with, as the host's try-me page shows them."""

import base64
from importlib import resources
from typing import Any


def read() -> list[dict[str, Any]]:
    """Arguments of `predict` by name, one dict per example; a file is a data URL."""
    folder = resources.files("demo_app") / "examples"
    return [
        {"image": _data_url((folder / "seven.jpg").read_bytes())},
        {"image": _data_url((folder / "four-in-chalk.jpg").read_bytes()), "top": 5},
        {
            "image": _data_url((folder / "two-on-its-side.jpg").read_bytes()),
            "rotation": 90,
            "caption": "turned before it was read",
        },
    ]


def _data_url(content: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
