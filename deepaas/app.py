"""The pieces put together: options, models, workers, protocols, the HTTP application."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import stevedore
from aiohttp import web

from deepaas.config import Settings
from deepaas.logs import RecentLog
from deepaas.model.registry import Registry
from deepaas.protocols import Host
from deepaas.web import health, swagger_ui
from deepaas.web.errors import error_middleware
from deepaas.web.health import Drain
from deepaas.web.uploads import Uploads
from deepaas.workers.pool import Limits, Pool
from deepaas.workers.process import Source

PROTOCOLS = "deepaas.protocol"
"""Entry points of functions ``setup(host)``, one per HTTP dialect."""


def build_registry(
    settings: Settings, names: Sequence[str], folder: Path, host_mark: str
) -> Registry:
    """The models to serve, their workers not yet started.

    Args:
        settings: the operator's options.
        names: entry points of the models.
        folder: the host's temporary folder.
        host_mark: what the marks of all workers begin with, see ``workers.warden``.
    """
    limits = Limits(
        workers_count=settings.workers,
        queue_size=settings.queue_size,
        predict_seconds=settings.predict_timeout,
        warm_seconds=settings.warm_timeout,
        cancel_grace_seconds=settings.cancel_grace,
    )
    sources = [Source(name, "entry_point", name, settings.warm) for name in names]
    return Registry(
        [
            Pool(source, limits, folder / "results" / str(number), f"{host_mark}:{number}:")
            for number, source in enumerate(sources)
        ]
    )


def build_app(
    settings: Settings,
    registry: Registry,
    folder: Path,
    drain: Drain,
    recent_log: RecentLog | None = None,
) -> web.Application:
    """The HTTP application.

    Args:
        settings: the operator's options.
        registry: the models.
        folder: the host's temporary folder.
        drain: tells when the host is about to leave.
        recent_log: the end of the log, if everyone may see it.
    """
    app = web.Application(
        middlewares=[drain.middleware, error_middleware, web.normalize_path_middleware()]
    )
    prefix = settings.base_path
    host = Host(
        app=app,
        prefix=prefix,
        registry=registry,
        uploads=Uploads(folder / "uploads", settings.client_max_size),
        settings=settings,
        recent_log=recent_log,
    )
    protocols: stevedore.ExtensionManager[Any] = stevedore.ExtensionManager(
        PROTOCOLS, on_load_failure_callback=_reraise
    )
    for protocol in protocols:
        protocol.plugin(host)
    health.setup(app, prefix=prefix, registry=registry, drain=drain)
    if settings.doc_endpoint:
        swagger_ui.setup(
            app, prefix=prefix, spec_path=f"{prefix}/swagger.json", title="DEEPaaS API"
        )
    return app


def _reraise(_manager: Any, _entry_point: Any, error: BaseException) -> NoReturn:
    raise error
