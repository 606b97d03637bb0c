"""Uploads output files to the operator's server."""

from __future__ import annotations

import asyncio
import base64
import logging
import mimetypes
import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from deepaas.beneath import open_file
from deepaas.messages import Answer, Part
from deepaas.web.sentences import of_call
from deepaas.web.uploads import safe_name

_log = logging.getLogger(__name__)

TRIES_COUNT = 3
FIRST_PAUSE_SECONDS = 0.5
SECONDS = 600.0

_UNSAFE = re.compile(r"[^A-Za-z0-9._~-]")


class NotUploaded(Exception):
    """A file cannot be uploaded; the text says why."""


class Uploader:
    """Uploads files with PUT, below a URL. Must be closed."""

    def __init__(self, url: str) -> None:
        self._url = URL(url).with_query(None).with_fragment(None)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def upload(self, news: Answer | Part, prediction_id: str) -> str:
        """Upload one file; the local file is always removed.

        The header ``X-Prediction-ID`` has the id of the prediction.

        Returns:
            its URL: the response's ``Location`` without the query, or the URL of the request.

        Raises:
            NotUploaded: the upload failed.
        """
        path = Path(news.path) if news.path else None
        name = news.files[0][0] if news.files else ""
        try:
            return await self._upload(path or news.body, news.media_type, name, prediction_id)
        finally:
            if path is not None:
                path.unlink(missing_ok=True)

    async def upload_inner(self, value: Any, news: Answer | Part, prediction_id: str) -> Any:
        """Upload the files in a JSON value and replace them by URLs, in place.

        Raises:
            NotUploaded: one of the uploads failed.
        """
        around = [value]
        for place, key, name in inner_files(around, news.files):
            content, media_type = await asyncio.to_thread(_decoded, place[key])
            place[key] = await self._upload(content, media_type, name, prediction_id)
        return around[0]

    async def _upload(
        self, content: Path | bytes, media_type: str, name: str, prediction_id: str
    ) -> str:
        if not name:
            essence = media_type.partition(";")[0].strip()
            name = f"output{mimetypes.guess_extension(essence) or ''}"
        # Keeps the file's name, as Cog does, in a new folder, because names may repeat.
        folder = _UNSAFE.sub("_", prediction_id).strip(".") or "prediction"
        target = self._url / folder / secrets.token_hex(8) / safe_name(name)
        headers = {"Content-Type": media_type, "X-Prediction-ID": prediction_id}
        for tries in range(1, TRIES_COUNT + 1):
            try:
                found = await self._put(target, content, headers)
                # Clients need not know the operator's password.
                return str(found.with_user(None).with_query(None))
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
                if tries == TRIES_COUNT or not _is_passing(error):
                    _log.warning("cannot upload an output: %s", _noted(error))
                    raise NotUploaded(f"the output cannot be uploaded: {of_call(error)}") from None
            await asyncio.sleep(FIRST_PAUSE_SECONDS * 2 ** (tries - 1))
        raise AssertionError("the last try returns or raises")

    async def _put(self, target: URL, content: Path | bytes, headers: dict[str, str]) -> URL:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=SECONDS, sock_connect=10)
            )
        body: Any = (
            await asyncio.to_thread(open_file, content) if isinstance(content, Path) else content
        )
        async with self._session.put(
            target, data=body, headers=headers, raise_for_status=True
        ) as response:
            location = response.headers.get("Location")
            return response.url.join(URL(location)) if location else target


def inner_files(around: list[Any], files: Sequence[tuple[str, int]]) -> list[tuple[Any, Any, str]]:
    """Find the strings in a JSON value (in a list) that are files: container, key and name of each.

    ``files`` are their names and lengths, in order.
    """
    found: list[tuple[Any, Any, str]] = []

    def look(place: Any, keys: Iterable[Any]) -> None:
        for key in keys:
            value = place[key]
            if isinstance(value, list):
                look(value, range(len(value)))
            elif isinstance(value, dict):
                look(value, list(value))
            elif isinstance(value, str) and len(found) < len(files):
                name, length = files[len(found)]
                if len(value) == length and value.startswith("data:"):
                    found.append((place, key, name))

    look(around, range(len(around)))
    return found


def _decoded(url: str) -> tuple[bytes, str]:
    head, _, content = url.partition(";base64,")
    return base64.b64decode(content), head.removeprefix("data:")


def _noted(error: Exception) -> str:
    """The error for the log, without the URL, which may contain the operator's password."""
    if isinstance(error, aiohttp.ClientResponseError):
        return f"{error.status} {error.message}"
    # Errors about URLs contain the URL; those of connections only have host and port.
    known = isinstance(error, (aiohttp.ClientConnectionError, OSError))
    return f"{type(error).__name__}: {error}" if known else type(error).__name__


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, aiohttp.ClientResponseError):
        return error.status >= 500
    return not isinstance(error, ValueError)
