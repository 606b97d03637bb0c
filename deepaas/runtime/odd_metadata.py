"""What is odd about metadata that can be sent: keys that are no strings, and numbers for texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deepaas.runtime.json_values import json_key

TEXTS = (
    *("id", "name", "title", "summary", "description"),
    *("version", "license", "licence", "url"),
)
"""Keys whose values clients show as text. An author may also be a list, or a dict."""


def oddities(metadata: Mapping[Any, Any]) -> Iterator[str]:
    """One sentence for each."""
    for key, value in metadata.items():
        kind = type(key).__name__
        if not isinstance(key, str):
            yield f"the key {key!r} is of the type {kind}, not str: clients get {json_key(key)!r}"
        elif key in TEXTS and value is not None and not isinstance(value, str):
            yield f"{key!r} is of the type {type(value).__name__}, not str"
