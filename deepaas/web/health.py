"""``/healthz`` and ``/readyz``: for orchestrators and load balancers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from aiohttp import web

from deepaas.model.registry import Registry
from deepaas.web.errors import json_response

QUIET_SECONDS = 0.2
"""Who connected just before the door closed has this long to send the request."""

STEP_SECONDS = 0.02


class Drain:
    """The end of a host's life, in which what was begun is finished."""

    def __init__(self) -> None:
        self._began = asyncio.Event()
        self._ended = asyncio.Event()
        self._requests_count = 0

    @property
    def began(self) -> bool:
        """Set once; new connections are not accepted any more then."""
        return self._began.is_set()

    @began.setter
    def began(self, began: bool) -> None:
        if began:
            self._began.set()

    async def begins(self) -> None:
        """For streams that would go on for ever."""
        await self._began.wait()

    async def ends(self) -> None:
        """For streams that tell of other requests, and go on for ever."""
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
        """Work that nobody waits for: the end waits for it, as for a request."""
        self._requests_count += 1
        try:
            yield
        finally:
            self._requests_count -= 1

    def begin_request(self) -> None:
        """Whoever says so says :meth:`end_request`."""
        self._requests_count += 1

    def end_request(self) -> None:
        self._requests_count -= 1

    async def finished(self) -> None:
        """Wait until no request is left; that, or that the caller gives up, is the end."""
        quiet_seconds = 0.0
        try:
            while quiet_seconds < QUIET_SECONDS:
                await asyncio.sleep(STEP_SECONDS)
                quiet_seconds = 0.0 if self._requests_count else quiet_seconds + STEP_SECONDS
        finally:
            self._ended.set()


DRAIN: web.AppKey[Drain] = web.AppKey("deepaas_drain", Drain)


def setup(
    app: web.Application,
    *,
    prefix: str,
    registry: Registry,
    drain: Drain,
    store_trouble: Callable[[], str] | None,
) -> None:
    """``store_trouble`` tells what keeps trainings from being asked for; None where there are none.

    It is shown, but the host is ready: it makes predictions.
    """
    app[DRAIN] = drain

    async def healthz(_request: web.Request) -> web.Response:
        return json_response({"status": "ok"})

    async def readyz(_request: web.Request) -> web.Response:
        statuses = {model.name: model.status() for model in registry}
        ready = not drain.began and all(s.status == "ready" for s in statuses.values())
        models = {name: msgspec.structs.asdict(status) for name, status in statuses.items()}
        body: dict[str, Any] = {"ready": ready, "draining": drain.began, "models": models}
        if store_trouble is not None:
            reason = store_trouble()
            body["trainings"] = {"status": "unavailable" if reason else "ready", "reason": reason}
        return json_response(body, 200 if ready else 503)

    async def to_healthz(_request: web.Request) -> web.Response:
        # Relative, so that it is right where a proxy puts this host under a path.
        raise web.HTTPFound("healthz")

    app.router.add_get(f"{prefix}/healthz", healthz)
    app.router.add_get(f"{prefix}/readyz", readyz)
    app.router.add_get(f"{prefix}/health", to_healthz)
