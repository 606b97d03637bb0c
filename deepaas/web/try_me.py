"""The try-me page behind this host's own port, at ``/try-me/``.

It is a separate program, which takes seconds to start. It is started when a visitor is expected, or
else by the first one, and stopped after a time without requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from deepaas.access.needs import Reach, needs
from deepaas.access.principal import Right
from deepaas.browsers import wants_page
from deepaas.errors import (
    DeepaasError,
    Disabled,
    ExtraMissing,
    RequestTooLarge,
    UpstreamFailed,
)
from deepaas.origins import CHECKED_HEADERS
from deepaas.web.in_time import respond_in_time
from deepaas.web.notice import error_page, waiting_page
from deepaas.web.proxy import CREDENTIALS, Proxy

_log = logging.getLogger(__name__)

PATH = "/try-me"
NAME = "The try-me page"
SOCKET = "socket"

FIRST_SECONDS = 0.2
"""How long the first visitor waits for the page before the waiting page is shown."""

NEXT_SECONDS = 2.0
"""How long reloads of the waiting page wait."""

IDLE_SECONDS = 15 * 60.0

FIRST_QUESTION = "/config"
"""The first request of ``gradio_client``, which times out if nothing is sent for 5 s."""

FORM_BYTES = 64 * 1024
"""Room for the rest of an upload besides its files."""


_METHODS = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_POST)


class TryMeProcess(Protocol):
    @property
    def listens(self) -> bool:
        """Whether it is running."""

    async def address(self) -> str:
        """Start it if necessary and wait until it is running; raises ``DeepaasError``."""

    async def stop(self) -> None:
        """Stop it; it can be started again."""


def setup(
    app: web.Application,
    *,
    prefix: str,
    page: TryMeProcess,
    socket: Path,
    client_max_size: int,
    idle_seconds: float = IDLE_SECONDS,
    added: Callable[[web.Request], Mapping[str, str]] | None = None,
) -> Callable[[], None]:
    """``page`` must serve everything below ``{prefix}/try-me``.

    ``client_max_size`` is in bytes, 0 for no limit; ``added`` makes headers for the page. Returns a
    function to call when a visitor is expected soon.
    """

    async def address() -> str:
        await page.address()
        return "http://try-me"

    # The host has checked the sender; the page itself has another host name.
    hidden = CREDENTIALS | CHECKED_HEADERS
    proxy = Proxy(address, name=NAME, unix_socket=socket, hidden=hidden, added=added)
    visit = _Start(page)
    use = _Use(page, idle_seconds)

    async def connections(_app: web.Application) -> AsyncIterator[None]:
        yield
        await use.give_up()
        await visit.give_up()
        await proxy.close()

    @needs(Right.READ, Reach.SEEN)
    async def forward(request: web.Request) -> web.StreamResponse:
        if client_max_size and (request.content_length or 0) > client_max_size + FORM_BYTES:
            raise RequestTooLarge.than(client_max_size)
        with use.counted():
            try:
                if (
                    not page.listens
                    and wants_page(request.headers.get(hdrs.ACCEPT, ""))
                    and not await visit.begun()
                ):
                    return waiting_page(request, "Try me", "Starting… This takes a few seconds.")
                path = request.rel_url.raw_path
                if request.method == hdrs.METH_GET and path.endswith(FIRST_QUESTION):
                    return await respond_in_time(request, proxy.fetch(request, path))
                return await proxy.forward(request, path)
            except (ExtraMissing, UpstreamFailed) as error:
                return _told(request, error)

    def expect_visitor() -> None:
        with use.counted():
            if not page.listens:
                visit.begin()

    app.cleanup_ctx.append(connections)
    _add_routes(app, prefix, forward)
    return expect_visitor


def setup_disabled(app: web.Application, *, prefix: str) -> None:
    @needs(Right.READ, Reach.SEEN)
    async def refuse(request: web.Request) -> web.StreamResponse:
        return _told(request, Disabled("the try-me page"))

    _add_routes(app, prefix, refuse)


def _add_routes(app: web.Application, prefix: str, handler: Handler) -> None:
    @needs(Right.READ, Reach.SEEN)
    async def to_folder(request: web.Request) -> web.Response:
        # Relative, so that it also works if a proxy serves this host below a path.
        query = request.rel_url.raw_query_string
        location = f".{PATH}/{'?' if query else ''}{query}"
        return web.Response(status=302, headers={hdrs.LOCATION: location})

    app.router.add_get(f"{prefix}{PATH}", to_folder)
    for method in _METHODS:
        app.router.add_route(method, f"{prefix}{PATH}/{{tail:.*}}", handler)


def _told(request: web.Request, error: DeepaasError) -> web.StreamResponse:
    if wants_page(request.headers.get(hdrs.ACCEPT, "")):
        return error_page(request, NAME, error)
    raise error


class _Start:
    def __init__(self, page: TryMeProcess) -> None:
        self._page = page
        self._starting: asyncio.Task[str] | None = None

    async def begun(self) -> bool:
        """Start the page; False if that takes longer. After an error, the next call tries again."""
        seconds = FIRST_SECONDS if self._starting is None else NEXT_SECONDS
        starting = self.begin()
        await asyncio.wait((starting,), timeout=seconds)
        if not starting.done():
            return False
        self._starting = None
        if starting.cancelled():
            raise UpstreamFailed(f"{NAME} was stopped")
        starting.result()
        return True

    def begin(self) -> asyncio.Task[str]:
        """Start the page, and do not wait for it."""
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._page.address())
            self._starting.add_done_callback(self._begun)
        return self._starting

    def _begun(self, starting: asyncio.Task[str]) -> None:
        # An error is kept for the next visitor.
        if starting is self._starting and (starting.cancelled() or starting.exception() is None):
            self._starting = None

    async def give_up(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait((self._starting,))


class _Use:
    """Stops the page when it is not used. An open page has at least a stream in progress."""

    def __init__(self, page: TryMeProcess, idle_seconds: float) -> None:
        self._page = page
        self._idle_seconds = idle_seconds
        self._requests_count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        self._requests_count += 1
        if self._timer is not None:
            self._timer.cancel()
        try:
            yield
        finally:
            self._requests_count -= 1
            if not self._requests_count:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(self._idle_seconds, self._end)

    async def give_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._ending is not None:
            await asyncio.wait((self._ending,))

    def _end(self) -> None:
        if self._page.listens:
            _log.info("%s has been idle for %g s: stopping it", NAME, self._idle_seconds)
        # A visitor who arrives meanwhile starts a new one.
        self._ending = asyncio.ensure_future(self._page.stop())
