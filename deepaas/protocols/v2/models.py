"""``/v2/models/``: the models and their metadata."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from deepaas.access.needs import Reach, needs
from deepaas.access.principal import Right
from deepaas.errors import DeepaasError
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Host
from deepaas.protocols.v2.operation import Operation, answer, failures, reference
from deepaas.web.access import readable
from deepaas.web.errors import json_response


class ModelOperations:
    def __init__(self, host: Host) -> None:
        self._host = host

    def _links(self, model: HostedModel) -> dict[str, Any]:
        href = f"{self._host.prefix}/v2/models/{model.name}"
        return {
            "id": model.name,
            "name": model.name,
            "links": [{"rel": "self", "href": href}],
        }

    async def _listed(self, model: HostedModel) -> dict[str, Any]:
        try:
            entry = self._links(model) | await model.metadata()
            status = model.status()
            return entry | ({"error": status.reason} if status.reason else {})
        except DeepaasError as error:
            # A model with an error stays in the list, with the reason.
            return self._links(model) | {"error": error.message}

    @needs(Right.READ, Reach.SEEN)
    async def get_models(self, request: web.Request) -> web.Response:
        models = await asyncio.gather(*map(self._listed, readable(request, self._host.registry)))
        return json_response({"models": models})

    @needs(Right.READ)
    async def get_model(self, request: web.Request) -> web.Response:
        model = self._host.registry[request.match_info["name"]]
        return json_response(self._links(model) | await model.metadata())

    def operations(self) -> list[Operation]:
        return [
            Operation(
                "GET",
                "/v2/models/",
                self.get_models,
                "models",
                "Return loaded models and its information",
                {"200": answer("The models", reference("ModelList"))},
                description="DEEPaaS can load several models and serve them on the same endpoint: "
                "this returns all of them with their basic metadata. If a model is not available, "
                "'error' has the reason.",
            ),
            Operation(
                "GET",
                "/v2/models/{name}/",
                self.get_model,
                "models",
                "Return model's metadata",
                {
                    "200": answer("The metadata", reference("ModelMeta")),
                    **failures(500, 503),
                },
            ),
        ]
