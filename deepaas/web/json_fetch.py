"""Fetches small JSON documents from addresses that the operator has chosen."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec

MAX_BYTES = 1024 * 1024
SECONDS = 10.0


class JsonFetcher:
    """Call it with a URL; redirects are not followed. Raises ``OSError`` or ``ValueError``."""

    def __init__(self) -> None:
        self._timeout = aiohttp.ClientTimeout(total=SECONDS)

    async def __call__(self, url: str) -> Any:
        # A session each time: this is rare, and the connection need not stay open.
        async with aiohttp.ClientSession(timeout=self._timeout, trust_env=True) as session:
            try:
                async with session.get(url, allow_redirects=False) as response:
                    if response.status != 200:
                        raise ValueError(f"{url} responded with status {response.status}")
                    body = await response.content.read(MAX_BYTES + 1)
                    while len(body) <= MAX_BYTES and (more := await response.content.readany()):
                        body += more
            except aiohttp.ClientError as error:
                raise OSError(f"{url}: {error}") from None
        if len(body) > MAX_BYTES:
            raise ValueError(f"{url} is larger than {MAX_BYTES} bytes")
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            raise ValueError(f"{url} is not JSON: {error}") from None
