"""Sends requests to a host."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from deepaas.client.answers import (
    MAX_ANSWER_BYTES,
    MAX_DOCUMENT_BYTES,
    HostAnswer,
    file_name,
    is_text,
    read_all,
    write_all,
)
from deepaas.client.bodies import SentBody
from deepaas.client.calls import ClientCall
from deepaas.client.description import JSON, Model, read_models
from deepaas.client.errors import (
    ClientError,
    ConnectionFailed,
    HostError,
)
from deepaas.client.events import MEDIA_TYPE as EVENTS
from deepaas.client.events import read_events
from deepaas.client.failures import in_our_words, pause_seconds
from deepaas.client.notices import NOTICE
from deepaas.client.refusals import refusal, refusal_of_event

CONNECT_SECONDS = 10.0
DOCUMENT_SECONDS = 30.0
T = TypeVar("T")


class Api:
    """The V2 API of one host; all errors are raised as ClientError.

    Paths are relative to the URL, percent-encoded, with a leading slash.

    Args:
        url: of the host, with its base path, without a trailing slash.
        unix_socket: connect to this instead of the host and port of the URL.
        public_url: the URL for visitors, for calls that are shown to them; `url` by default.
        timeout: seconds for a request; None: ``DOCUMENT_SECONDS`` for documents, no limit for all
            others.
        retries: how often a request is retried if it has certainly had no effect.
    """

    def __init__(
        self,
        url: str,
        *,
        unix_socket: Path | None = None,
        public_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        retries: int = 0,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.public_url = (url if public_url is None else public_url).rstrip("/")
        self.retries = retries
        self._on_notice = on_notice
        self._unix_socket = unix_socket
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def models(self) -> list[Model]:
        document, metadata = await asyncio.gather(
            self._document("/swagger.json"), self._document("/v2/models/")
        )
        if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
            raise HostError(f"{self._shown('/swagger.json')} is not a Swagger document")
        return read_models(document, metadata if isinstance(metadata, dict) else {})

    async def get_json(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        return await self.ask("GET", path, query)

    async def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        also: tuple[int, ...] = (),
    ) -> Any:
        """The JSON response to a request without a body; None if it is empty.

        ``also`` are other statuses than 2xx that are not errors.
        """
        return (await self.ask_with_headers(method, path, query, also))[0]

    async def ask_with_headers(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        also: tuple[int, ...] = (),
    ) -> tuple[Any, Mapping[str, str]]:
        async def once() -> tuple[bytes, Mapping[str, str]]:
            options = {"headers": {"Accept": JSON}, "timeout": self._limit(DOCUMENT_SECONDS)}
            async with self.open(method, path, query, also=also, **options) as response:
                return await read_all(response, MAX_DOCUMENT_BYTES), response.headers

        body, headers = await self.repeated(once, safe=method == "GET")
        if not body:
            return None, headers
        try:
            return json.loads(body), headers
        except (ValueError, RecursionError) as error:
            raise HostError(f"{self._shown(path)} is not JSON", 200) from error

    async def send(self, call: ClientCall, folder: Path | None = None) -> HostAnswer:
        """POST a call and wait for the response, without a time limit.

        If this is cancelled, the connection is closed, and the host cancels the prediction.
        Responses that are neither JSON nor text are written to the folder, if given.
        """
        async with self.post(call) as response:
            media_type, headers = response.content_type, dict(response.headers)
            if folder is None or is_text(media_type):
                body = await read_all(response, MAX_ANSWER_BYTES)
                return HostAnswer(response.status, media_type, body, None, headers)
            path = folder / file_name(response)
            await write_all(response, path)
            return HostAnswer(response.status, media_type, b"", path, headers)

    async def stream(self, call: ClientCall) -> AsyncGenerator[str, None]:
        """POST a call; yields the JSON of each part of the result."""
        streamed = replace(call, headers={**call.headers, "Accept": EVENTS})
        async with self.post(streamed) as response:
            if response.content_type != EVENTS:
                raise HostError(
                    f"{self._shown(call.path)} did not return a stream", response.status
                )
            async for event in read_events(response, MAX_ANSWER_BYTES):
                if event.name == "error":
                    raise refusal_of_event(event.data)
                if event.name == "end":
                    return
                if event.name == "part":
                    # {"index": …, "value": …}, where only the value can be long.
                    yield event.data[event.data.index('"value":') + len('"value":') : -1]
        raise ConnectionFailed(f"The stream of {self._shown(call.path)} ended unexpectedly")

    @asynccontextmanager
    async def post(self, call: ClientCall) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response to a call, whose body has not been read."""
        with SentBody(call) as body:

            async def once() -> aiohttp.ClientResponse:
                # Redirects are not followed, because the request body may be consumed.
                options = {**body.options(), "allow_redirects": False}
                return await self._begin("POST", call.path, call.query, **options)

            response = await self.repeated(once, safe=False)
            async with response:
                with in_our_words(self._shown()):
                    yield response

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | list[tuple[str, str]] | None = None,
        *,
        also: tuple[int, ...] = (),
        **options: Any,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        async with await self._begin(method, path, query, also, **options) as response:
            with in_our_words(self._shown()):
                yield response

    async def repeated(self, once: Callable[[], Awaitable[T]], *, safe: bool) -> T:
        """Do something, with retries: if it is not safe to do it twice, only if the host has
        certainly not started it.
        """
        for attempt in range(self.retries):
            try:
                return await once()
            except ClientError as error:
                seconds = pause_seconds(error, attempt, safe=safe)
                if seconds is None:
                    raise
            await asyncio.sleep(seconds)
        return await once()

    async def _document(self, path: str) -> Any:
        try:
            return await self.get_json(path)
        except HostError as error:
            if error.status not in (200, 404, 405):
                raise
            # A host with a base path says where it is.
            known = "this host is at" in error.message
            hint = f"is {self._shown()} the URL of a host, with its base path if it has one?"
            raise HostError(
                f"{self._shown(path)} was not found: {error.message if known else hint}",
                error.status,
            ) from error

    async def _begin(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | list[tuple[str, str]] | None,
        also: tuple[int, ...] = (),
        **options: Any,
    ) -> aiohttp.ClientResponse:
        options["headers"] = {**self._headers, **options.get("headers", {})}
        cookies = options.pop("cookies", None)
        if cookies:
            header = "; ".join(f"{name}={value}" for name, value in cookies.items())
            options["headers"]["Cookie"] = header
        with in_our_words(self._shown()):
            url = URL(f"{self.url}{path}", encoded=True).with_query(query or None)
            response = await self._open().request(method, url, proxy=self._proxy(), **options)
            if self._on_notice is not None and (notice := response.headers.get(NOTICE)):
                self._on_notice(notice)
            if 200 <= response.status < 300 or response.status in also:
                return response
            async with response:
                raise await refusal(response)

    def _shown(self, path: str = "") -> str:
        """The URL without a password."""
        try:
            return str(URL(f"{self.url}{path}").with_user(None))
        except ValueError:
            return f"{self.url}{path}"

    def _limit(self, seconds: float | None) -> aiohttp.ClientTimeout:
        total = seconds if self._timeout is None else self._timeout
        return aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_SECONDS)

    def _open(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            connector = (
                aiohttp.TCPConnector(limit=0)
                if self._unix_socket is None
                else aiohttp.UnixConnector(str(self._unix_socket), limit=0)
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                # Predictions have no time limit.
                timeout=self._limit(None),
                # Visitors share this session.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            self._loop = loop
        return self._session

    def _proxy(self) -> str | None:
        """The proxy from HTTP_PROXY and similar variables, not used for this machine.

        aiohttp's own support would also use ~/.netrc, and reject requests that have a key.
        """
        parts = urlsplit(self.url)
        if self._unix_socket is not None or _is_here(self.url):
            return None
        address = parts.netloc.rpartition("@")[2]
        return None if proxy_bypass(address) else getproxies().get(parts.scheme)


def _is_here(url: str) -> bool:
    name = urlsplit(url).hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
