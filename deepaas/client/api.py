"""Talks to a host over HTTP."""

from __future__ import annotations

import asyncio
import json
import mimetypes
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
from yarl import URL

from deepaas.client.calls import Call, Upload
from deepaas.client.description import JSON, Model, read_models

CONNECT_SECONDS = 10.0
DOCUMENT_SECONDS = 30.0
CHUNK_BYTES = 256 * 1024
MAX_MESSAGE_BYTES = 1024 * 1024

_EXTENSIONS = {
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "application/gzip": ".gz",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
}


class ApiError(Exception):
    """What went wrong, in words for the one who looks at the page.

    Attributes:
        message: the host's own, if it has said something.
        status: of its answer, 0 if there was none.
        fields: messages by argument.
    """

    def __init__(
        self, message: str, status: int = 0, fields: Mapping[str, list[str]] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.fields = dict(fields or {})


@dataclass(frozen=True)
class Answer:
    """What the host has answered.

    Attributes:
        media_type: without parameters.
        body: the whole of it, unless it is in a file.
        path: a file with the whole of it.
    """

    status: int
    media_type: str
    body: bytes = b""
    path: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Api:
    """The V2 API of one host.

    Args:
        url: of the host, with its base path, without a slash at its end.
        unix_socket: where to connect to instead of the host and port of the URL.
        public_url: of the host as visitors know it, for the calls that are shown to them;
            the same as `url` by default.
    """

    def __init__(
        self, url: str, *, unix_socket: Path | None = None, public_url: str | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self.public_url = (url if public_url is None else public_url).rstrip("/")
        self._unix_socket = unix_socket
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def models(self) -> list[Model]:
        """All models of the host.

        Raises:
            ApiError: the host does not answer, or not with its documents.
        """
        document, metadata = await asyncio.gather(
            self.get_json("/swagger.json"), self.get_json("/v2/models/")
        )
        if not isinstance(document, dict) or "paths" not in document:
            raise ApiError(f"{self.url}/swagger.json is not a Swagger document")
        return read_models(document, metadata if isinstance(metadata, dict) else {})

    async def get_json(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """What the host answers to a GET.

        Args:
            path: below the URL, percent-encoded, with its first slash.
            query: its parameters.

        Raises:
            ApiError: anything but JSON with a status of 2xx.
        """
        return await self.ask("GET", path, query)

    async def ask(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Any:
        """What the host answers to a request without a body; None for an empty answer.

        Raises:
            ApiError: anything but JSON (or nothing) with a status of 2xx.
        """
        timeout = aiohttp.ClientTimeout(total=DOCUMENT_SECONDS, sock_connect=CONNECT_SECONDS)
        headers = {"Accept": JSON}
        async with self.open(method, path, query, headers=headers, timeout=timeout) as response:
            body = await response.read()
        if not body:
            return None
        try:
            return json.loads(body)
        except ValueError as error:
            raise ApiError(f"{self.url}{path} is not JSON", response.status) from error

    async def send(self, call: Call, folder: Path | None = None) -> Answer:
        """POST a call and wait for its answer, however long it takes.

        When this is cancelled, the connection is closed, by which the host notices that nobody
        waits any more.

        Args:
            call: what to send.
            folder: where to put an answer that is neither JSON nor text; None to keep all
                answers in memory.

        Raises:
            ApiError: an answer with a status other than 2xx, or none.
        """
        with _Files() as files:
            options: dict[str, Any] = {"headers": dict(call.headers), "cookies": call.cookies}
            if call.body is not None:
                options["json"] = call.body
            elif call.files:
                options["data"] = files.multipart(call)
            elif call.form:
                options["data"] = [(n, v) for n, v in call.form if isinstance(v, str)]
            async with self.open("POST", call.path, call.query, **options) as response:
                media_type = response.content_type
                headers = dict(response.headers)
                if folder is None or _is_text(media_type):
                    return Answer(response.status, media_type, await response.read(), None, headers)
                path = folder / _file_name(response)
                with path.open("wb") as file:
                    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                        await asyncio.to_thread(file.write, chunk)
                return Answer(response.status, media_type, b"", path, headers)

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | list[tuple[str, str]] | None = None,
        **options: Any,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A response whose body is yet to be read: for streams of events and downloads.

        Args:
            method: of the request.
            path: below the URL, percent-encoded, with its first slash.
            query: its parameters.
            options: as for aiohttp.ClientSession.request.

        Raises:
            ApiError: an answer with a status other than 2xx, or none.
        """
        url = URL(f"{self.url}{path}", encoded=True).with_query(query or None)
        cookies = options.pop("cookies", None)
        if cookies:
            header = "; ".join(f"{name}={value}" for name, value in cookies.items())
            options["headers"] = {**options.get("headers", {}), "Cookie": header}
        try:
            async with self._open().request(method, url, **options) as response:
                if not 200 <= response.status < 300:
                    raise await _refusal(response)
                yield response
        except ApiError:
            raise
        except aiohttp.InvalidURL as error:
            raise ApiError(f"Not a URL: {url}") from error
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            what = str(error) or type(error).__name__
            raise ApiError(f"The host does not answer: {what}") from error
        except ValueError as error:  # a line break in a header, for instance
            raise ApiError(f"This cannot be sent: {error}") from error

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
                # A prediction may take as long as it likes.
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                # Visitors share this session.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            self._loop = loop
        return self._session


class _Files:
    """Files of a form while they are sent."""

    def __init__(self) -> None:
        self._opened: list[Any] = []

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._opened:
            file.close()

    def multipart(self, call: Call) -> aiohttp.FormData:
        form = aiohttp.FormData()
        for name, value in call.form:
            if isinstance(value, Upload):
                file = value.path.open("rb")
                self._opened.append(file)
                form.add_field(name, file, filename=value.name, content_type=value.media_type)
            else:
                form.add_field(name, value)
        return form


async def _refusal(response: aiohttp.ClientResponse) -> ApiError:
    body = await response.content.read(MAX_MESSAGE_BYTES)
    status = response.status
    try:
        content = json.loads(body)
    except ValueError:
        return ApiError(_plain(body.decode(errors="replace"), response), status)
    if isinstance(content, dict) and isinstance(content.get("message"), str):
        return ApiError(content["message"], status)
    if isinstance(content, dict) and status == 422:
        fields = {str(name): list(_messages(value)) for name, value in content.items()}
        return ApiError("Some arguments are not as they should be.", status, fields)
    return ApiError(f"{status} {response.reason or ''}".strip(), status)


def _messages(value: Any, where: str = "") -> Any:
    """Messages of a list or a nested argument, each with where it belongs."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _messages(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _messages(item, where)
    else:
        yield f"{where}: {value}" if where else str(value)


def _plain(text: str, response: aiohttp.ClientResponse) -> str:
    """DEEPaaS writes `400: what is wrong`; a proxy in between sends a page of its own."""
    line = text.strip().partition("\n")[0].strip()
    known = f"{response.status} {response.reason or ''}".strip()
    if not line or response.content_type == "text/html":
        return known
    return re.sub(r"^\d{3}: ", "", line)[:2000]


def _is_text(media_type: str) -> bool:
    return media_type == JSON or media_type.endswith("+json") or media_type.startswith("text/")


def _file_name(response: aiohttp.ClientResponse) -> str:
    disposition = response.content_disposition
    given = (disposition.filename if disposition else None) or ""
    given = re.sub(r"[^\w.\- ()]", "_", Path(given).name).lstrip(".")[-100:]
    return given or f"answer{extension(response.content_type)}"


def extension(media_type: str) -> str:
    """How the name of a file of this type ends, with its dot."""
    return _EXTENSIONS.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"
