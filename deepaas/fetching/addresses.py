"""Checks addresses, and resolves host names.

The host may be in networks that its clients cannot reach. So names are resolved here, and
connections are made to exactly the address that was checked.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
import threading
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

LOOK_UP_SECONDS = 10.0

LOOK_UPS_COUNT = 32

_NUMBER = re.compile(r".*:.*|(.*\.)?(\d+|0[xX][0-9a-fA-F]*)\.?")
"""Host parts of URLs that parsers treat as an IP address, in any notation."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
# Python versions differ in which ranges they treat as special.
_SPECIAL_IPV6 = [ipaddress.IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "3fff::/20")]
_SPECIAL_IPV4 = [ipaddress.IPv4Network(one) for one in ("100.64.0.0/10", "192.0.0.0/24")]


def is_number(host: str) -> bool:
    """Whether the host of a URL is an IP address, in any notation."""
    return _NUMBER.fullmatch(host) is not None


def may_be_called(address: str) -> bool:
    """Whether an IP address is on the public internet, including addresses embedded in IPv6."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        special = any(ip in network for network in _SPECIAL_IPV4)
        return ip.is_global and not ip.is_multicast and not special
    inner = ip.ipv4_mapped or ip.sixtofour
    if inner is None and ip in _NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if inner is not None:
        return may_be_called(str(inner))
    if ip not in _PUBLIC_IPV6 or any(ip in network for network in _SPECIAL_IPV6):
        return False
    return ip.is_global


class Unresolved(OSError):
    """A name has no allowed address; the text says why, for clients."""


class Resolver(AbstractResolver):
    """Resolves names in its own threads, so that slow names do not occupy those of the host.

    The threads are daemons, so that they do not keep the host from exiting.
    `private`: also allows addresses that are not on the public internet.
    """

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._room = asyncio.Semaphore(LOOK_UPS_COUNT)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """``OSError``: there is no allowed address, or resolving it timed out."""
        try:
            found = await asyncio.wait_for(self._look_up(host, port, family), LOOK_UP_SECONDS)
        except asyncio.TimeoutError:
            raise Unresolved(f"resolving {host} timed out") from None
        good = [one for one in found if self._private or may_be_called(one["host"])]
        if not good:
            raise Unresolved(f"{host} is not on the public internet")
        return good

    async def close(self) -> None:
        """Nothing to release."""

    async def _look_up(
        self, host: str, port: int, family: socket.AddressFamily
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[ResolveResult]] = loop.create_future()
        await self._room.acquire()

        def come(found: list[ResolveResult], error: Exception | None) -> None:
            # Released here, because the thread occupies a slot until now.
            self._room.release()
            if answer.done():
                return
            if error is None:
                answer.set_result(found)
            else:
                answer.set_exception(error)

        def work() -> None:
            found: list[ResolveResult] = []
            problem: Exception | None = None
            try:
                found = _asked(host, port, family)
            except (OSError, UnicodeError) as error:
                problem = error
            with contextlib.suppress(RuntimeError):  # The host has exited meanwhile.
                loop.call_soon_threadsafe(come, found, problem)

        threading.Thread(target=work, name="look-up", daemon=True).start()
        return await answer


def _asked(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(
        host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [_result(host, *one) for one in found]


def _result(
    name: str, family: int, _type: int, proto: int, _name: str, address: tuple[Any, ...]
) -> ResolveResult:
    # Includes the interface of a link-local address.
    host, port = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    return ResolveResult(
        hostname=name,
        host=host,
        port=int(port),
        family=family,
        proto=proto,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
