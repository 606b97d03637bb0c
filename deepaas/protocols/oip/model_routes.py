"""Routes for health, metadata, configuration and statistics of the host and its models."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web

import deepaas
from deepaas.access.needs import Reach, needs, open_to_all
from deepaas.access.principal import Right
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Handler, Host, routes
from deepaas.protocols.oip.answers import UnknownModel, json_answer
from deepaas.protocols.oip.metadata import FIRST_VERSION, ModelVersion, ModelVersions
from deepaas.protocols.oip.statistics import InferenceStatistics
from deepaas.web.access import readable

EXTENSIONS = ["binary_tensor_data", "generate", "model_configuration", "statistics"]

MODEL = "/v2/models/{model}"
MODELS = (MODEL, f"{MODEL}/versions/{{version}}")
"""A model, or one version of it: all routes of a model are below both."""


class ServedModels:
    """The models of a host by the names and versions in paths."""

    def __init__(self, host: Host) -> None:
        self._registry = host.registry
        self._versions = ModelVersions()
        self.statistics = {model.name: InferenceStatistics() for model in host.registry}

    def __iter__(self) -> Iterator[HostedModel]:
        return iter(self._registry)

    def named(self, request: web.Request) -> HostedModel:
        name = request.match_info["model"]
        if name not in self._registry:
            raise UnknownModel(name)
        return self._registry[name]

    async def wanted(self, request: web.Request) -> tuple[HostedModel, ModelVersion]:
        """Raises ``UnknownModel``, or ``ModelUnavailable`` until it is described."""
        model = self.named(request)
        known = await self._versions.of(model)
        version = request.match_info.get("version", FIRST_VERSION)
        if version not in (FIRST_VERSION, known.version):
            raise UnknownModel(model.name, version)
        return model, known

    async def version(self, model: HostedModel) -> ModelVersion:
        return await self._versions.of(model)


class ModelRoutes:
    def __init__(self, host: Host, models: ServedModels) -> None:
        self._host = host
        self._models = models

    def below(self, path: str) -> list[web.RouteDef]:
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/v2", self.get_server),
            ("GET", "/v2/health/live", self.get_health),
            ("GET", "/v2/health/ready", self.get_readiness),
            ("GET", "/v2/models/stats", self.get_all_statistics),
        ]
        for one in MODELS:
            table += [
                ("GET", one, self.get_model),
                ("GET", f"{one}/ready", self.get_model_readiness),
                ("GET", f"{one}/config", self.get_config),
                ("GET", f"{one}/stats", self.get_statistics),
            ]
        return routes(path, table)

    @needs(Right.READ, Reach.SEEN)
    async def get_server(self, _request: web.Request) -> web.Response:
        """Return the name, version and extensions of the host."""
        return json_answer(
            {"name": "deepaas", "version": deepaas.__version__, "extensions": EXTENSIONS}
        )

    @open_to_all
    async def get_health(self, _request: web.Request) -> web.Response:
        """Return 200 while the host is running, and whether it is ready."""
        return json_answer({"live": True, "ready": self._is_ready()})

    @open_to_all
    async def get_readiness(self, _request: web.Request) -> web.Response:
        """Return 200 if all models are ready, 503 otherwise."""
        ready = self._is_ready()
        return json_answer({"ready": ready, "live": True}, 200 if ready else 503)

    def _is_ready(self) -> bool:
        statuses = [model.status().status for model in self._models]
        return not self._host.drain.began and all(status == "ready" for status in statuses)

    @needs(Right.READ)
    async def get_model(self, request: web.Request) -> web.Response:
        """Return the inputs and outputs of a model."""
        _, known = await self._models.wanted(request)
        return json_answer(known.metadata())

    @needs(Right.READ)
    async def get_model_readiness(self, request: web.Request) -> web.Response:
        """Return 200 if the model is ready, 503 otherwise."""
        model = self._models.named(request)
        status = model.status()
        if status.status != "ready":
            reason = status.reason or f"it is {status.status}"
            said = f"Model with name {model.name} is not ready: {reason}"
            return json_answer({"name": model.name, "ready": False, "error": said}, 503)
        await self._models.wanted(request)
        return json_answer({"name": model.name, "ready": True})

    @needs(Right.READ)
    async def get_config(self, request: web.Request) -> web.Response:
        """Return the metadata in Triton's format."""
        _, known = await self._models.wanted(request)
        return json_answer(known.config())

    @needs(Right.READ)
    async def get_statistics(self, request: web.Request) -> web.Response:
        """Return the number and duration of inferences of a model."""
        model, known = await self._models.wanted(request)
        told = self._models.statistics[model.name].told(model.name, known.version)
        return json_answer({"model_stats": [told]})

    @needs(Right.READ, Reach.SEEN)
    async def get_all_statistics(self, request: web.Request) -> web.Response:
        """Return the statistics of each model that has been loaded."""
        told = [
            self._models.statistics[model.name].told(
                model.name, (await self._models.version(model)).version
            )
            for model in readable(request, self._models)
            if model.description is not None
        ]
        return json_answer({"model_stats": told})
