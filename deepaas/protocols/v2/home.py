"""The page at ``/`` for people with a browser."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

import deepaas
from deepaas.errors import DeepaasError
from deepaas.messages import Description
from deepaas.model.handle import Model
from deepaas.protocols import Host
from deepaas.protocols.v2 import predict
from deepaas.protocols.v2.operation import operation_id
from deepaas.web.forwarded import public_host, public_scheme
from deepaas.web.landing import PAGE_HEADERS, LandingModel, landing_page

METADATA_SECONDS = 1.0
"""How long the page waits for what authors tell of their models."""


async def home(host: Host, request: web.Request) -> web.Response:
    """Make the page as things are right now."""
    page = landing_page(
        title="DEEPaaS",
        version=deepaas.__version__,
        prefix=host.prefix,
        models=await asyncio.gather(*(_card(host, model) for model in host.registry)),
        docs=host.settings.doc_endpoint,
        tensorboard=host.settings.train_endpoint and host.trainings.tensorboard.installed,
        try_me=host.try_me,
        origin=f"{public_scheme(request)}://{public_host(request)}",
    )
    return web.Response(text=page, content_type="text/html", headers=PAGE_HEADERS)


async def _card(host: Host, model: Model) -> LandingModel:
    status = model.status()
    known = model.description or Description()
    predicts, trains = known.predict, known.train
    try:
        metadata = await asyncio.wait_for(model.metadata(), METADATA_SECONDS)
    except (asyncio.TimeoutError, DeepaasError):
        metadata = {}
    url = metadata.get("url")
    return LandingModel(
        name=model.name,
        title=_text(metadata, "title") or _text(metadata, "name") or model.name,
        description=_text(metadata, "description") or _text(metadata, "summary"),
        author=_text(metadata, "author"),
        license=_text(metadata, "license"),
        version=_text(metadata, "version"),
        status=status.status,
        reason=status.reason or None,
        can_predict=predicts is not None and host.settings.predict_endpoint,
        can_train=trains is not None and host.settings.train_endpoint,
        predict_operation=operation_id("POST", predict.PATH.replace("{name}", model.name)),
        predict_parameters=predicts.parameters if predicts is not None else (),
        links=[("Project", url)] if isinstance(url, str) else (),
    )


def _text(metadata: dict[str, Any], key: str) -> str | None:
    value = metadata.get(key)
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value) if value else None
