"""``/healthz`` and ``/readyz``: for orchestrators and load balancers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from aiohttp import web

from deepaas.access.needs import open_to_all
from deepaas.access.principal import Right
from deepaas.model.registry import Registry
from deepaas.web.access import principal_of, readable
from deepaas.web.errors import json_response

QUIET_SECONDS = 0.2
"""Time to send a request on connections made just before the host stopped accepting them."""

STEP_SECONDS = 0.02


class Drain:
    """The end of a host's life: requests that have started are completed."""

    def __init__(self) -> None:
        self._began = asyncio.Event()
        self._ended = asyncio.Event()
        self._requests_count = 0

    @property
    def began(self) -> bool:
        """Set once; from then on, no new connections are accepted."""
        return self._began.is_set()

    @began.setter
    def began(self, began: bool) -> None:
        if began:
            self._began.set()

    @property
    def requests_count(self) -> int:
        """Requests in progress, and background work that counts like them."""
        return self._requests_count

    async def begins(self) -> None:
        """For endless streams: they stop when this returns."""
        await self._began.wait()

    async def ends(self) -> None:
        """For endless streams that report other requests: they stop when this returns."""
        await self._ended.wait()

    @contextlib.contextmanager
    def not_counting(self) -> Iterator[None]:
        self._requests_count -= 1
        try:
            yield
        finally:
            self._requests_count += 1

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Count background work like a request: the host waits for its end."""
        self._requests_count += 1
        try:
            yield
        finally:
            self._requests_count -= 1

    def begin_request(self) -> None:
        """Must be followed by :meth:`end_request`."""
        self._requests_count += 1

    def end_request(self) -> None:
        self._requests_count -= 1

    async def finished(self) -> None:
        """Wait until no request is left. If this returns or is cancelled, the drain has ended."""
        quiet_seconds = 0.0
        try:
            while quiet_seconds < QUIET_SECONDS:
                await asyncio.sleep(STEP_SECONDS)
                quiet_seconds = 0.0 if self._requests_count else quiet_seconds + STEP_SECONDS
        finally:
            self._ended.set()


PATHS = ("/healthz", "/readyz", "/health")
"""Below the base path; they answer on all listeners, to everybody."""

DRAIN: web.AppKey[Drain] = web.AppKey("deepaas_drain", Drain)


def setup(
    app: web.Application,
    *,
    prefix: str,
    registry: Registry,
    drain: Drain,
    trainings_status: Callable[[], tuple[str, str]] | None,
) -> None:
    """``trainings_status`` returns the status, and why it is not ready; None without training.

    It is shown, but the host is ready without training, because predictions work.
    """
    app[DRAIN] = drain

    @open_to_all
    async def healthz(_request: web.Request) -> web.Response:
        return json_response({"status": "ok"})

    @open_to_all
    async def readyz(request: web.Request) -> web.Response:
        statuses = {model.name: model.status() for model in registry}
        ready = not drain.began and all(s.status == "ready" for s in statuses.values())
        shown = {model.name for model in readable(request, registry)}
        models = {n: msgspec.structs.asdict(s) for n, s in statuses.items() if n in shown}
        for name, told in models.items():
            if gpus := registry[name].gpus():
                told["gpus"] = gpus
        body: dict[str, Any] = {"ready": ready, "draining": drain.began, "models": models}
        principal = principal_of(request)
        if trainings_status is not None:
            status, reason = trainings_status()
            if principal is not None and not principal.may_some(Right.READ):
                reason = ""
            body["trainings"] = {"status": status, "reason": reason}
        return json_response(body, 200 if ready else 503)

    @open_to_all
    async def to_healthz(_request: web.Request) -> web.Response:
        # Relative, so that it also works if a proxy serves this host below a path.
        raise web.HTTPFound("healthz")

    app.router.add_get(f"{prefix}/healthz", healthz)
    app.router.add_get(f"{prefix}/readyz", readyz)
    app.router.add_get(f"{prefix}/health", to_healthz)
