"""The try-me page behind this host's own port, at ``/try-me/``.

The page is a program of its own, which the first visitor starts. It takes seconds to start, and
who visits it with a browser is told so meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from deepaas.errors import (
    DeepaasError,
    Disabled,
    ExtraMissing,
    RequestTooLarge,
    UpstreamFailed,
)
from deepaas.web.notice import error_page, waiting_page, wants_page
from deepaas.web.proxy import Proxy

PATH = "/try-me"
NAME = "The try-me page"
SOCKET = "socket"

FIRST_SECONDS = 0.2
"""So long the first visitor waits for the page before there is something else to see."""

NEXT_SECONDS = 2.0
"""And so long who sees that already."""

FORM_BYTES = 64 * 1024
"""What stands around the files in an upload."""


class Page(Protocol):
    """What is behind the routes."""

    @property
    def listens(self) -> bool:
        """Whether it runs."""

    async def address(self) -> str:
        """Return when it runs; started if it does not.

        Raises:
            DeepaasError: it cannot be used.
        """


def setup(
    app: web.Application, *, prefix: str, page: Page, socket: Path, client_max_size: int
) -> None:
    """Add the routes.

    Args:
        app: the application.
        prefix: the base path.
        page: has to be told to serve everything below ``{prefix}/try-me``.
        socket: where it listens.
        client_max_size: largest request, in bytes; 0 for no limit.
    """

    async def address() -> str:
        await page.address()
        return "http://try-me"

    proxy = Proxy(address, name=NAME, unix_socket=socket)
    visit = _Start(page)

    async def connections(_app: web.Application) -> AsyncIterator[None]:
        yield
        await visit.give_up()
        await proxy.close()

    async def forward(request: web.Request) -> web.StreamResponse:
        if client_max_size and (request.content_length or 0) > client_max_size + FORM_BYTES:
            raise RequestTooLarge(client_max_size)
        try:
            if not page.listens and wants_page(request) and not await visit.begun():
                return waiting_page("Try me", "The page is being started, which takes seconds.")
            return await proxy.forward(request, request.rel_url.raw_path)
        except (ExtraMissing, UpstreamFailed) as error:
            return _told(request, error)

    app.cleanup_ctx.append(connections)
    _add_routes(app, prefix, forward)


def setup_disabled(app: web.Application, *, prefix: str) -> None:
    """Add routes that say that there is no page here.

    Args:
        app: the application.
        prefix: the base path.
    """

    async def refuse(request: web.Request) -> web.StreamResponse:
        return _told(request, Disabled("the try-me page"))

    _add_routes(app, prefix, refuse)


def _add_routes(app: web.Application, prefix: str, handler: Handler) -> None:
    async def to_folder(request: web.Request) -> web.Response:
        # Relative, so that it is right where another proxy puts this host under a path.
        query = request.rel_url.raw_query_string
        location = f".{PATH}/{'?' if query else ''}{query}"
        return web.Response(status=302, headers={hdrs.LOCATION: location})

    app.router.add_get(f"{prefix}{PATH}", to_folder)
    app.router.add_route("*", f"{prefix}{PATH}/{{tail:.*}}", handler)


def _told(request: web.Request, error: DeepaasError) -> web.StreamResponse:
    if wants_page(request):
        return error_page(NAME, error)
    raise error


class _Start:
    """A start of the page that visitors do not wait for with an empty window."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._starting: asyncio.Task[str] | None = None

    async def begun(self) -> bool:
        """Start the page; whether it runs soon.

        Raises:
            DeepaasError: it cannot be started. This is told once, then it is tried again.
        """
        seconds = NEXT_SECONDS
        if self._starting is None:
            self._starting, seconds = asyncio.ensure_future(self._page.address()), FIRST_SECONDS
        starting = self._starting
        await asyncio.wait((starting,), timeout=seconds)
        if not starting.done():
            return False
        self._starting = None
        if starting.cancelled():
            raise UpstreamFailed(f"{NAME} has been stopped")
        starting.result()
        return True

    async def give_up(self) -> None:
        """Wait for it no more."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait((self._starting,))
