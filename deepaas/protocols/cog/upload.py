"""Files that models make, put where an operator wants them."""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from deepaas.messages import Answer, Part

TRIES_COUNT = 3
FIRST_PAUSE_SECONDS = 0.5
SECONDS = 600.0


class NotUploaded(Exception):
    """A file cannot be put where the operator wants it; the text says why."""


class Uploader:
    """Uploads files with PUT. Must be closed.

    Args:
        url: below which they go.
    """

    def __init__(self, url: str) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def upload(self, news: Answer | Part, prediction_id: str) -> str:
        """Upload one file; it is removed here, whatever happens.

        Args:
            news: what a model has answered or yielded.
            prediction_id: in which prediction; told in the header ``X-Prediction-ID``.

        Returns:
            where it is: the answer's ``Location`` without its query, or the address it was put to.

        Raises:
            NotUploaded: it could not be.
        """
        path = Path(news.path) if news.path else None
        ending = mimetypes.guess_extension(news.media_type.partition(";")[0].strip()) or ""
        target = f"{self._url}{quote(f'output{ending}')}"
        headers = {"Content-Type": news.media_type, "X-Prediction-ID": prediction_id}
        try:
            for tries in range(1, TRIES_COUNT + 1):
                try:
                    return await self._put(target, path or news.body, headers)
                except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                    if tries == TRIES_COUNT or not _is_passing(error):
                        said = str(error) or type(error).__name__
                        raise NotUploaded(f"the output cannot be uploaded: {said}") from None
                await asyncio.sleep(FIRST_PAUSE_SECONDS * 2 ** (tries - 1))
            raise AssertionError("the last try returns or raises")
        finally:
            if path is not None:
                path.unlink(missing_ok=True)

    async def _put(self, target: str, content: Path | bytes, headers: dict[str, str]) -> str:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=SECONDS, sock_connect=10)
            )
        body: Any = (
            await asyncio.to_thread(content.open, "rb") if isinstance(content, Path) else content
        )
        async with self._session.put(
            target, data=body, headers=headers, raise_for_status=True
        ) as response:
            location = response.headers.get("Location")
            if not location:
                return target
            return str(response.url.join(URL(location)).with_query(None))


def _is_passing(error: BaseException) -> bool:
    """Whether it may be better a moment later."""
    return not isinstance(error, aiohttp.ClientResponseError) or error.status >= 500
