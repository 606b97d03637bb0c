"""Assembles the door of Cog's HTTP API."""

from __future__ import annotations

import os
from collections.abc import Sequence
from urllib.parse import quote

from aiohttp import web

from deepaas.curl import curl
from deepaas.errors import ConfigError
from deepaas.fetching.fetcher import Fetcher, FetchLimits
from deepaas.model.about import descriptions
from deepaas.model.handle import HostedModel
from deepaas.predictions.archive import Archive
from deepaas.protocols.cog import openapi
from deepaas.protocols.cog.answers import as_error
from deepaas.protocols.cog.files import PredictionFiles
from deepaas.protocols.cog.helper import Helpers
from deepaas.protocols.cog.intake import Intake
from deepaas.protocols.cog.kept import CogWording
from deepaas.protocols.cog.options import Options
from deepaas.protocols.cog.predictions import Predictions
from deepaas.protocols.cog.routes import Pick, PredictionRoutes
from deepaas.protocols.cog.schema import Json
from deepaas.protocols.cog.served import ModelSchemas
from deepaas.protocols.cog.successor import Successor
from deepaas.protocols.cog.training_routes import TrainingRoutes
from deepaas.protocols.cog.upload import Uploader
from deepaas.protocols.door import Door, Host, Link, Snippet
from deepaas.training.retention import parse_keep
from deepaas.web import guesses
from deepaas.webhooks.kept import KeptWebhooks
from deepaas.webhooks.sender import Webhooks

NAME = "cog"
TITLE = "Cog's API"

MAX_FILE_BYTES = 1024 * 1024 * 1024
"""Limit for fetched files if the host has no limit for requests."""

FETCH_SECONDS = 300.0
MIN_FETCHES_COUNT = 8


def setup(host: Host) -> Door:
    """Add the API for all models below ``/cog/``, and on request for a single one at the root.

    Raises:
        ConfigError: ``keep-predictions`` is not valid.
    """
    settings = host.settings
    options: Options = host.options
    limits = FetchLimits(
        settings.client_max_size or MAX_FILE_BYTES, FETCH_SECONDS, options.private_urls
    )
    uploader = Uploader(options.upload_url) if options.upload_url else None
    keep = parse_keep(settings.keep_predictions, "keep-predictions")
    archive = Archive(host.trainings, keep, CogWording(), durable=settings.train_endpoint)
    # Half of the queue, so that slow servers do not occupy all of it.
    fetcher = Fetcher(limits, max(MIN_FETCHES_COUNT, settings.queue_size // 2))
    files = PredictionFiles(fetcher, uploader)
    predictions = Predictions(host.uploads, files, archive, host.drain.counting, host.masks)
    token = os.environ.get("WEBHOOK_AUTH_TOKEN", "")
    webhooks = Webhooks(limits, token, host.uploads.folder)
    kept = KeptWebhooks(webhooks, host.trainings, durable=settings.train_endpoint)

    shelf = ModelSchemas()
    helpers = Helpers(f"{host.trainings.host}:cog:")
    intake = Intake(host.uploads, settings.client_max_size, helpers)

    trainings: list[TrainingRoutes] = []

    def below(path: str, pick: Pick) -> list[web.RouteDef]:
        first = PredictionRoutes(host, predictions, archive, kept, pick, shelf, intake)
        second = TrainingRoutes(host, files, kept, pick, shelf, intake)
        trainings.append(second)
        return [*first.below(path), *second.below(path)]

    def named(request: web.Request) -> HostedModel:
        return host.registry[request.match_info["model"]]

    def at_root() -> list[web.RouteDef]:
        models = list(host.registry)
        if len(models) != 1:
            names = ", ".join(model.name for model in models)
            raise ConfigError(f"root-protocol cog requires a single model, but there are: {names}")
        return below(host.prefix, lambda _request: models[0])

    def model_of(request: web.Request) -> str:
        # At the root there is only one.
        return request.match_info.get("model") or next(iter(host.registry)).name

    own = f"{host.prefix}/{NAME}"
    routes = below(f"{own}/{{model}}", named)
    successor = Successor(kept, archive, trainings[0], host.registry)

    async def start() -> None:
        archive.start()
        kept.start()
        if settings.train_endpoint:
            successor.start()

    async def close() -> None:
        await successor.close()
        await predictions.close()
        for each in trainings:
            await each.close()
        await helpers.close()
        await webhooks.close()
        await kept.close()
        await archive.close()

    def links(model: HostedModel) -> list[Link]:
        path = f"{own}/{quote(model.name, safe='')}"
        return [Link(TITLE, f"{path}/docs" if settings.doc_endpoint else f"{path}/")]

    def snippets(model: HostedModel, url: str) -> list[Snippet]:
        served = shelf.get(model)
        if served is None or served.description.predict is None or not settings.predict_endpoint:
            return []
        # If nothing is required and nothing has a default, the example shows the first file.
        inputs = served.inputs.get("properties", {})
        has_default = any(
            one.get("default") is not None
            for name, one in inputs.items()
            if name not in served.files
        )
        is_enough = served.inputs.get("required") or has_default
        also = () if is_enough else sorted(served.files)[:1]
        body = {"input": guesses.required(served.inputs, also)}
        path = f"{url}/{NAME}/{quote(model.name, safe='')}/predictions"
        return [Snippet(f"Predict with {TITLE}", curl(path, body=body))]

    async def document(models: Sequence[HostedModel]) -> Json:
        known = await descriptions(models)
        found = ((model.name, shelf.get(model)) for model in models if model.name in known)
        shown = [(name, served) for name, served in found if served is not None]
        is_on = {"predict": settings.predict_endpoint, "train": settings.train_endpoint}
        return openapi.part(own, shown, is_on.__getitem__)

    return Door(
        routes,
        at_root,
        [own],
        as_error,
        start,
        close,
        # Clients read the logs of the setup there.
        stays_because="/health-check has the reason",
        title=TITLE,
        links=links,
        snippets=snippets,
        openapi=document,
        metrics=lambda: webhooks.metrics(NAME),
        model_of=model_of,
    )
