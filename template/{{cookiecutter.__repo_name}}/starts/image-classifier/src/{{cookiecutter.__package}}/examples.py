"""Examples for the try-me page."""

import base64
from importlib import resources


def read() -> list[dict[str, str]]:
    """Arguments of `predict`, one dict per example. Files are data URLs."""
    folder = resources.files(__package__) / "examples"
    pictures = sorted(
        (path for path in folder.iterdir() if path.name.endswith(".jpg")), key=lambda p: p.name
    )
    return [{"image": _data_url(picture.read_bytes())} for picture in pictures]


def _data_url(content: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()
