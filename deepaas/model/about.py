"""What people are told of a model: its title, and what its author says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deepaas.errors import DeepaasError
from deepaas.messages import Description
from deepaas.model.handle import HostedModel

METADATA_SECONDS = 1.0
"""How long a page or a document waits for what an author tells of a model."""

LOADING_SECONDS = 5.0
"""How long a document waits for models that are being loaded."""


@dataclass(frozen=True)
class About:
    """Texts may be anything the author wrote."""

    title: str
    description: str = ""
    author: str = ""
    license: str = ""
    version: str = ""
    url: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    """Values of arguments, of the first example that the author gives."""


async def about(model: HostedModel) -> About:
    """As far as it is known: there is always a title."""
    try:
        metadata = await asyncio.wait_for(model.metadata(), METADATA_SECONDS)
    except (asyncio.TimeoutError, DeepaasError):
        metadata = {}
    url = metadata.get("url")
    return About(
        _text(metadata, "title") or _text(metadata, "name") or model.name,
        _text(metadata, "description") or _text(metadata, "summary"),
        _text(metadata, "author"),
        _text(metadata, "license"),
        _text(metadata, "version"),
        url if isinstance(url, str) else "",
        _first(metadata.get("examples")),
    )


def _first(examples: Any) -> Mapping[str, Any]:
    first = examples[0] if isinstance(examples, list) and examples else None
    return first if isinstance(first, Mapping) else {}


async def descriptions(models: Iterable[HostedModel]) -> dict[str, Description]:
    """Of those that are loaded, by name: whoever asks early would get a document without models."""
    wanted = list(models)
    waits = [asyncio.ensure_future(model.described()) for model in wanted]
    await asyncio.wait(waits, timeout=LOADING_SECONDS)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    return {m.name: m.description for m in wanted if m.description is not None}


def _text(metadata: Mapping[str, Any], key: str) -> str:
    value = metadata.get(key)
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value) if value else ""
