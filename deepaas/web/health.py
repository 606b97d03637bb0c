"""``/healthz`` and ``/readyz``: for orchestrators and load balancers."""

from __future__ import annotations

import dataclasses

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from deepaas.model.registry import Registry
from deepaas.web.errors import json_response


class Drain:
    """Whether the host is about to leave.

    Attributes:
        began: set once; new connections are not accepted any more then.
    """

    def __init__(self) -> None:
        self.began = False

    @property
    def middleware(self) -> Middleware:
        """Closes connections behind their answers, so that no client sends another request."""

        @web.middleware
        async def close_connections(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            if self.began:
                response.force_close()
            return response

        return close_connections


def setup(app: web.Application, *, prefix: str, registry: Registry, drain: Drain) -> None:
    """Add the routes.

    Args:
        app: the application.
        prefix: the base path.
        registry: whose models are reported.
        drain: a host that is leaving is not ready.
    """

    async def healthz(_request: web.Request) -> web.Response:
        return json_response({"status": "ok"})

    async def readyz(_request: web.Request) -> web.Response:
        statuses = {model.name: model.status() for model in registry}
        ready = not drain.began and all(s.status == "ready" for s in statuses.values())
        models = {name: dataclasses.asdict(status) for name, status in statuses.items()}
        body = {"ready": ready, "draining": drain.began, "models": models}
        return json_response(body, 200 if ready else 503)

    app.router.add_get(f"{prefix}/healthz", healthz)
    app.router.add_get(f"{prefix}/readyz", readyz)
