"""Files that clients name by an address: fetched with limits, and not from everywhere.

A host stands in networks that its clients cannot see. So an address is looked up here, and the
connection goes to the very address that was found good; redirects are looked at in the same way.
"""

from __future__ import annotations

import asyncio
import ipaddress
import mimetypes
import re
import socket
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from deepaas.messages import Upload
from deepaas.web.uploads import safe_name

MAX_REDIRECTS_COUNT = 5
CHUNK_BYTES = 1024 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_NUMBER = re.compile(r".*:.*|(.*\.)?(\d+|0[xX][0-9a-fA-F]*)\.?")
"""Hosts that readers of URLs take for a number, however it is written."""
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")


class NotFetched(Exception):
    """A file cannot be had from where a client says that it is; the text says why."""


@dataclass(frozen=True)
class Limits:
    """What a file may take.

    Attributes:
        size_bytes: the largest.
        seconds: the longest, from the first connection to the last byte.
        private: whether addresses may be called that are not of the public internet.
    """

    size_bytes: int
    seconds: float
    private: bool = False


def may_be_called(address: str) -> bool:
    """Whether an IP address is one of the public internet (and none of these in disguise)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return may_be_called(str(inner))
        if ip in _NAT64:
            return may_be_called(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def check_address(url: URL, limits: Limits) -> None:
    """Look whether a URL may be called, as far as that can be seen without looking it up.

    Raises:
        NotFetched: it may not.
    """
    if url.scheme not in ("http", "https") or not url.host:
        raise NotFetched(f"{shown(str(url))} is not an http or https URL")
    # A name is looked at when it is looked up; a number is not looked up.
    if not limits.private and _NUMBER.fullmatch(url.host) and not may_be_called(url.host):
        raise NotFetched(f"{url.host} is not an address of the public internet")


class PublicResolver(AbstractResolver):
    """Finds only addresses that may be called."""

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name.

        Raises:
            OSError: it has none that may be called.
        """
        found = await self._inner.resolve(host, port, family)
        good = [one for one in found if may_be_called(one["host"])]
        if not good:
            raise OSError(f"{host} is not an address of the public internet")
        return good

    async def close(self) -> None:
        await self._inner.close()


class Fetcher:
    """Fetches files. Must be closed.

    Args:
        limits: what each may take.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, address: str, folder: Path, number: int) -> Upload:
        """Fetch one file.

        Args:
            address: its URL, http or https.
            folder: where to put it.
            number: its name there, without what it ends in.

        Raises:
            NotFetched: it cannot be had.
        """
        try:
            return await asyncio.wait_for(
                self._fetch(URL(address), folder, number), self._limits.seconds
            )
        except asyncio.TimeoutError:
            raise NotFetched(
                f"{shown(address)} took longer than {self._limits.seconds:g} s"
            ) from None
        except aiohttp.ClientConnectorDNSError as error:
            raise NotFetched(f"{shown(address)}: {error.os_error}") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            said = str(error) or type(error).__name__
            raise NotFetched(f"{shown(address)} cannot be fetched: {said}") from None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _fetch(self, url: URL, folder: Path, number: int) -> Upload:
        for _ in range(MAX_REDIRECTS_COUNT + 1):
            check_address(url, self._limits)
            async with self._open().get(url, allow_redirects=False) as response:
                if response.status in _REDIRECTS and "Location" in response.headers:
                    url = url.join(URL(response.headers["Location"]))
                    continue
                if response.status != 200:
                    raise NotFetched(f"{shown(str(url))} answers {response.status}")
                return await self._saved(response, url, folder, number)
        raise NotFetched(f"{shown(str(url))} is redirected more than {MAX_REDIRECTS_COUNT} times")

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
            resolver = None if self._limits.private else PublicResolver()
            self._session = aiohttp.ClientSession(
                # Many: one address that hangs must not keep the others waiting.
                connector=aiohttp.TCPConnector(
                    resolver=resolver, use_dns_cache=False, limit=1000, limit_per_host=100
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


def shown(address: str) -> str:
    """An address for people: without what may be secret in it."""
    try:
        url = URL(address)
        return str(url.with_user(None).with_query(None).with_fragment(None))[:500]
    except ValueError:
        return "the address"
