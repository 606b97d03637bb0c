"""The title of a model and its author's description, for pages and documents."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deepaas.errors import DeepaasError
from deepaas.messages import Description
from deepaas.model.handle import HostedModel

METADATA_SECONDS = 1.0
"""How long a page or document waits for the metadata of a model."""

LOADING_SECONDS = 5.0
"""How long a document waits for models that are loading."""


@dataclass(frozen=True)
class About:
    """The author's texts, unchanged: escape them before they are shown."""

    title: str
    description: str = ""
    author: str = ""
    license: str = ""
    version: str = ""
    url: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    """Values of arguments in the author's first example."""


async def about(model: HostedModel) -> About:
    """Return what is known of a model, at least a title."""
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
    """Return those of loaded models, by name. Waits for loading models, so that early requests get
    a complete document."""
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
