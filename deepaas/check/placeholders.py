"""Finds texts of the template, or of other templates, that the author has not replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_LEFT = re.compile(
    r"\{\{.*?\}\}|(?i:^my[ _-]model$|\byour name\b|\byou(?:r[\w.]*)?@example\.\w+"
    r"|what this model does, in one sentence|<your\b[^>]*>|\blorem ipsum\b|\bchange[ _-]?me\b)"
    # Only like this: in Spanish, todo is a word.
    r"|\b(?:TODO|FIXME|XXX)\b"
)


def left(metadata: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """Return placeholders in the texts of metadata, each with its key."""
    for key, value in metadata.items():
        if key == "examples":
            continue  # Values of arguments.
        for text in _texts(value):
            if found := _LEFT.search(text):
                yield str(key), found[0]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
