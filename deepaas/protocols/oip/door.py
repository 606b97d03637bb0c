"""Assembles the door of the Open Inference Protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from aiohttp import web

from deepaas.curl import curl
from deepaas.model.about import descriptions
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Door, Host, Link, Snippet
from deepaas.protocols.oip import examples, openapi
from deepaas.protocols.oip.answers import as_error
from deepaas.protocols.oip.asked import NAME
from deepaas.protocols.oip.inference_routes import InferenceRoutes
from deepaas.protocols.oip.model_routes import ModelRoutes, ServedModels

TITLE = "Open Inference Protocol"


def setup(host: Host) -> Door:
    """Add the API for all models below ``/oip/v2``, and on request at the root below ``/v2``."""
    served = ServedModels(host)
    first, second = InferenceRoutes(host, served), ModelRoutes(host, served)

    def below(path: str) -> list[web.RouteDef]:
        return [*first.below(path), *second.below(path)]

    own = f"{host.prefix}/{NAME}"

    def links(model: HostedModel) -> list[Link]:
        return [Link(TITLE, f"{own}/v2/models/{quote(model.name, safe='')}")]

    def snippets(model: HostedModel, url: str) -> list[Snippet]:
        description = model.description
        if description is None or description.predict is None:
            return []
        if not host.settings.predict_endpoint:
            return []
        call = f"{url}/{NAME}/v2/models/{quote(model.name, safe='')}/infer"
        body = examples.request_for(description.predict)
        return [Snippet(f"Predict with the {TITLE}", curl(call, body=body))]

    async def document(models: Sequence[HostedModel]) -> Mapping[str, Any]:
        known = await descriptions(models)
        return openapi.part(own, known.items(), can_predict=host.settings.predict_endpoint)

    return Door(
        below(own),
        lambda: below(host.prefix),
        [own],
        as_error,
        title=TITLE,
        links=links,
        snippets=snippets,
        openapi=document,
    )
