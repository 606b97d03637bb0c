"""Downloads files from URLs of clients, within limits and only from allowed addresses.

Redirects are checked in the same way as the original URL.
"""

from __future__ import annotations

import asyncio
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import aiohttp
from yarl import URL

from deepaas.fetching.addresses import Resolver, Unresolved, is_number, may_be_called
from deepaas.messages import NO_SPACE, Upload
from deepaas.web.sentences import of_call
from deepaas.web.uploads import safe_name

MAX_REDIRECTS_COUNT = 5
CHUNK_BYTES = 1024 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")


class NotFetched(Exception):
    """A file cannot be fetched; the text says why."""


@dataclass(frozen=True)
class FetchLimits:
    """`seconds` is from the first connection to the last byte.

    `private`: also allows addresses that are not on the public internet.
    """

    size_bytes: int
    seconds: float
    private: bool = False


def check_address(url: URL, limits: FetchLimits) -> None:
    """Check what can be checked without resolving the name. Raises ``NotFetched``."""
    if url.scheme not in ("http", "https") or not url.host:
        raise NotFetched(f"{shown(str(url))} is not an http or https URL")
    # Names are checked when they are resolved; IP addresses are not resolved.
    if not limits.private and is_number(url.host) and not may_be_called(url.host):
        raise NotFetched(f"{url.host} is not on the public internet")


class Fetcher:
    """Fetches up to ``max_count`` files at a time. Must be closed.

    The limit is needed because calls that wait for a file occupy room in the queue.
    """

    def __init__(self, limits: FetchLimits, max_count: int) -> None:
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None
        self._max_count = max_count
        self._going_count = 0

    async def fetch(
        self, address: str, folder: Path, number: int, trace: Mapping[str, str]
    ) -> Upload:
        """`number` is its name, without the suffix. Raises ``NotFetched``, ``OSError``.

        ``trace``: headers with the trace that the request belongs to.
        """
        if self._going_count >= self._max_count:
            raise NotFetched(f"{shown(address)}: too many downloads in progress: try again later")
        self._going_count += 1
        try:
            return await asyncio.wait_for(
                self._fetch(URL(address), folder, number, trace), self._limits.seconds
            )
        except asyncio.TimeoutError:
            raise NotFetched(
                f"{shown(address)} took longer than {self._limits.seconds:g} s"
            ) from None
        except aiohttp.ClientConnectorDNSError as error:
            raise NotFetched(f"{shown(address)}: {not_found(error)}") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in NO_SPACE:
                raise  # Not the server's fault.
            raise NotFetched(f"{shown(address)} cannot be fetched: {of_call(error)}") from None
        finally:
            self._going_count -= 1

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _fetch(self, url: URL, folder: Path, number: int, trace: Mapping[str, str]) -> Upload:
        for _ in range(MAX_REDIRECTS_COUNT + 1):
            check_address(url, self._limits)
            async with self._open().get(url, headers=trace, allow_redirects=False) as response:
                if response.status in _REDIRECTS and "Location" in response.headers:
                    url = url.join(URL(response.headers["Location"]))
                    continue
                if response.status != 200:
                    raise NotFetched(f"{shown(str(url))} returned status {response.status}")
                return await self._saved(response, url, folder, number)
        raise NotFetched(f"{shown(str(url))}: more than {MAX_REDIRECTS_COUNT} redirects")

    async def _saved(
        self, response: aiohttp.ClientResponse, url: URL, folder: Path, number: int
    ) -> Upload:
        limit = self._limits.size_bytes
        if (response.content_length or 0) > limit:
            raise NotFetched(f"{shown(str(url))} is larger than {limit} bytes")
        media_type = response.content_type
        name = safe_name(unquote(PurePosixPath(url.path).name)) if url.name else "file"
        suffix = PurePosixPath(name).suffix
        if not _SUFFIX.fullmatch(suffix):
            suffix = mimetypes.guess_extension(media_type) or ""
            name += suffix
        path = folder / f"{number}{suffix}"
        size = 0
        with path.open("xb") as file:
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                size += len(chunk)
                if size > limit:
                    raise NotFetched(f"{shown(str(url))} is larger than {limit} bytes")
                await asyncio.to_thread(file.write, chunk)
        return Upload(str(path), name, media_type)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=connector(self._limits, limit_per_host=100),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


def connector(limits: FetchLimits, *, limit_per_host: int) -> aiohttp.TCPConnector:
    """No limit for all connections together, because some that hang would block others."""
    return aiohttp.TCPConnector(
        resolver=Resolver(private=limits.private),
        use_dns_cache=False,
        limit=0,
        limit_per_host=limit_per_host,
    )


def not_found(error: aiohttp.ClientConnectorDNSError) -> str:
    return str(error.os_error) if isinstance(error.os_error, Unresolved) else of_call(error)


def shown(address: str) -> str:
    """A URL without parts that may be secret."""
    try:
        url = URL(address)
        return str(url.with_user(None).with_query(None).with_fragment(None))[:500]
    except ValueError:
        return "the URL"
