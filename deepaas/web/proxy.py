"""A reverse proxy to a program that this host runs, such as TensorBoard.

Bodies are streamed unchanged in both directions: nothing is decompressed, collected or rewritten.
Hop-by-hop headers (RFC 9110, section 7.6.1) are not forwarded. Event streams never end by
themselves: when the host stops, it waits for all other requests, then it closes them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping
from pathlib import Path

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from deepaas.errors import UpstreamFailed
from deepaas.web import bounded, forwarded
from deepaas.web.bodies import packed, received
from deepaas.web.errors import lacking
from deepaas.web.health import DRAIN, Drain
from deepaas.web.in_time import Fetched

_log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
CHUNK_BYTES = 64 * 1024

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_OUR_OWN = frozenset(("host", "expect"))
"""Headers of a request for this host: its name, and ``Expect``, which it has answered itself."""

_EVENTS = "text/event-stream"

CREDENTIALS = frozenset(("authorization", "cookie", "x-api-key", "x-deepaas-on-behalf"))

Address = Callable[[], Awaitable[str]]


class Proxy:
    def __init__(
        self,
        address: str | Address,
        *,
        name: str,
        unix_socket: Path | None = None,
        hidden: Collection[str] = CREDENTIALS,
        added: Callable[[web.Request], Mapping[str, str]] | None = None,
    ) -> None:
        """It connects when the first request is forwarded.

        Args:
            address: ``http://HOST:PORT``, perhaps with a prefix of all paths, or a function that
                returns it, called for each request.
            unix_socket: connect to this instead of that host and port.
            hidden: headers of requests that are not forwarded, in lower case.
            added: makes more headers for each request.
        """
        self._address = address
        self._name = name
        self._unix_socket = unix_socket
        self._left_out = _HOP_BY_HOP | _OUR_OWN | frozenset(hidden)
        self._added = added
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def forward(self, request: web.Request, path: str) -> web.StreamResponse:
        """Forward a request; ``path`` is percent-encoded, starts with a slash and has no query.

        Raises:
            UpstreamFailed: the upstream cannot be reached, or sent no response.
        """
        async with await self._ask(request, path, self._headers(request)) as upstream:
            response = web.StreamResponse(status=upstream.status, reason=upstream.reason)
            _copy(upstream.headers, response.headers)
            is_stream = upstream.content_type == _EVENTS
            if is_stream:
                # nginx would buffer events otherwise.
                response.headers.setdefault("X-Accel-Buffering", "no")
            try:
                await response.prepare(request)
                if is_stream:
                    bounded.bound(request)
                if is_stream and DRAIN in request.app:
                    await _until_the_end(
                        request.app[DRAIN], self._pass_on(request, upstream, response)
                    )
                else:
                    await self._pass_on(request, upstream, response)
                await response.write_eof()
            except ConnectionError:
                upstream.close()  # The client has left.
            except UpstreamFailed as error:
                # Too late for another status: a closed connection shows that the rest is missing.
                _log.warning("%s: %s", error.message, error.details)
                if request.transport is not None:
                    request.transport.abort()
        return response

    async def fetch(self, request: web.Request, path: str) -> Fetched:
        """The upstream's complete response, not compressed; see :meth:`forward`."""
        headers = self._headers(request)
        headers[hdrs.ACCEPT_ENCODING] = "identity"
        body = bytearray()
        async with await self._ask(request, path, headers) as upstream:
            while chunk := await self._read(upstream):
                body += chunk
            told: CIMultiDict[str] = CIMultiDict()
            _copy(upstream.headers, told, _HOP_BY_HOP | {"content-length"})
            return Fetched(upstream.status, told, bytes(body))

    async def _ask(
        self, request: web.Request, path: str, headers: CIMultiDict[str]
    ) -> aiohttp.ClientResponse:
        address = self._address if isinstance(self._address, str) else await self._address()
        query = request.rel_url.raw_query_string
        # encoded: the upstream gets every character as the client wrote it.
        url = URL(f"{address}{path}{'?' if query else ''}{query}", encoded=True)
        body = _Body(request) if request.can_read_body else None
        try:
            return await self._open().request(
                request.method,
                url,
                headers=headers,
                data=None if body is None else body.read(),
                allow_redirects=False,
            )
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            if body is not None and body.error is not None:
                raise body.error from error
            if told := lacking(error):
                raise told from error
            raise UpstreamFailed(
                f"{self._name} does not respond", details=f"{type(error).__name__}: {error}"
            ) from error

    async def _pass_on(
        self,
        request: web.Request,
        upstream: aiohttp.ClientResponse,
        response: web.StreamResponse,
    ) -> None:
        while chunk := await self._read(upstream):
            await bounded.send(request, response, chunk)

    async def _read(self, upstream: aiohttp.ClientResponse) -> bytes:
        try:
            return await upstream.content.read(CHUNK_BYTES)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            raise UpstreamFailed(
                f"{self._name} closed the connection", details=f"{type(error).__name__}: {error}"
            ) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = (
                aiohttp.TCPConnector(limit=0)
                if self._unix_socket is None
                else aiohttp.UnixConnector(str(self._unix_socket), limit=0)
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                # Responses can take any time, event streams in particular.
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=CHUNK_BYTES // 2,
                auto_decompress=False,
                skip_auto_headers=(
                    hdrs.ACCEPT,
                    hdrs.ACCEPT_ENCODING,
                    hdrs.CONTENT_TYPE,
                    hdrs.USER_AGENT,
                ),
            )
        return self._session

    def _headers(self, request: web.Request) -> CIMultiDict[str]:
        headers: CIMultiDict[str] = CIMultiDict()
        _copy(request.headers, headers, self._left_out)
        if packed(request):
            headers.popall(hdrs.CONTENT_ENCODING, None)
            headers.popall(hdrs.CONTENT_LENGTH, None)
        for name in {name for name in headers if forwarded.is_forwarded(name.lower())}:
            headers.popall(name, None)
        headers[hdrs.X_FORWARDED_FOR] = forwarded.client_address(request)
        headers["X-Forwarded-Proto"] = forwarded.public_scheme(request)
        headers["X-Forwarded-Host"] = forwarded.public_host(request)
        if self._added is not None:
            headers.update(self._added(request))
        return headers


class _Body:
    """``error`` is why it could not be read: the client's fault, not the upstream's."""

    def __init__(self, request: web.Request) -> None:
        self.error: Exception | None = None
        self._chunks = received(request, 0)

    async def read(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                yield chunk
        except Exception as error:
            self.error = error
            raise


async def _until_the_end(drain: Drain, passing_on: Coroutine[None, None, None]) -> None:
    """Forward an event stream until the host ends; the host does not wait for it."""
    tasks = [asyncio.ensure_future(each) for each in (passing_on, drain.ends())]
    try:
        with drain.not_counting():
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _copy(
    source: CIMultiDict[str] | CIMultiDictProxy[str],
    target: CIMultiDict[str],
    left_out: frozenset[str] = _HOP_BY_HOP,
) -> None:
    """Copy headers, except those in ``left_out`` and those that ``Connection`` names."""
    named = {
        name.strip().lower()
        for line in source.getall(hdrs.CONNECTION, [])
        for name in line.split(",")
    }
    for name, value in source.items():
        if name.lower() not in left_out and name.lower() not in named:
            target.add(name, value)
