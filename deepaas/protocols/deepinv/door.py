"""Assembles the door of DeepInverse's client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deepaas.model.about import descriptions
from deepaas.model.handle import HostedModel
from deepaas.protocols.deepinv import openapi
from deepaas.protocols.deepinv.answers import as_error
from deepaas.protocols.deepinv.asked import NAME
from deepaas.protocols.deepinv.examples import python_call
from deepaas.protocols.deepinv.mapping import call_of
from deepaas.protocols.deepinv.routes import CallRoutes, path_of
from deepaas.protocols.door import Door, Host, Link, Snippet

TITLE = "DeepInverse"


def setup(host: Host) -> Door:
    """Add the API for all models below ``/deepinv/``, and on request at the root."""
    own = f"{host.prefix}/{NAME}"
    served = CallRoutes(host)

    def links(model: HostedModel) -> list[Link]:
        description = model.description
        if description is None or call_of(model.name, description) is None:
            return []
        return [Link(TITLE, path_of(own, model.name))]

    def snippets(model: HostedModel, url: str) -> list[Snippet]:
        call = call_of(model.name, model.description) if model.description is not None else None
        if call is None or not host.settings.predict_endpoint:
            return []
        return [
            Snippet(
                f"Predict with {TITLE}", python_call(path_of(f"{url}/{NAME}", model.name), call)
            )
        ]

    async def document(models: Sequence[HostedModel]) -> Mapping[str, Any]:
        known = await descriptions(models)
        return openapi.part(own, known.items(), can_predict=host.settings.predict_endpoint)

    return Door(
        served.below(own),
        served.at_root,
        [own],
        as_error,
        title=TITLE,
        links=links,
        snippets=snippets,
        openapi=document,
    )
