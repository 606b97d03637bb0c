"""``/v2/models/``: which models are served, and what their authors tell of them."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from deepaas.errors import DeepaasError
from deepaas.model.handle import Model
from deepaas.protocols import Host
from deepaas.protocols.v2.operation import Operation, answer, failures, reference
from deepaas.web.errors import json_response


def operations(host: Host) -> list[Operation]:
    """The routes about models."""

    def links(model: Model) -> dict[str, Any]:
        href = f"{host.prefix}/v2/models/{model.name}"
        return {
            "id": model.name,
            "name": model.name,
            "links": [{"rel": "self", "href": href}],
        }

    async def listed(model: Model) -> dict[str, Any]:
        try:
            entry = links(model) | await model.metadata()
            status = model.status()
            return entry | ({"error": status.reason} if status.reason else {})
        except DeepaasError as error:
            # One model's trouble is not the others': it stays in the list and says why.
            return links(model) | {"error": error.message}

    async def get_models(_request: web.Request) -> web.Response:
        return json_response({"models": await asyncio.gather(*map(listed, host.registry))})

    async def get_model(request: web.Request) -> web.Response:
        model = host.registry[request.match_info["name"]]
        return json_response(links(model) | await model.metadata())

    return [
        Operation(
            "GET",
            "/v2/models/",
            get_models,
            "models",
            "Return loaded models and its information",
            {"200": answer("The models", reference("ModelList"))},
            description="DEEPaaS can load several models and serve them on the same endpoint: "
            "this returns all of them with their basic metadata. One that cannot be served "
            "at present has the reason in 'error'.",
        ),
        Operation(
            "GET",
            "/v2/models/{name}/",
            get_model,
            "models",
            "Return model's metadata",
            {
                "200": answer("The metadata", reference("ModelMeta")),
                **failures(500, 503),
            },
        ),
    ]
