"""Which addresses may be called, and how their names are looked up.

A host stands in networks that its clients cannot see. So a name is looked up here, and the
connection goes to the very address that was found good.
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
"""Hosts that readers of URLs take for a number, however it is written."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
# Versions of Python differ in what they know to be special.
_SPECIAL_IPV6 = [ipaddress.IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "3fff::/20")]
_SPECIAL_IPV4 = [ipaddress.IPv4Network(one) for one in ("100.64.0.0/10", "192.0.0.0/24")]


def is_number(host: str) -> bool:
    """Whether a URL's host is an address already, however it is written."""
    return _NUMBER.fullmatch(host) is not None


def may_be_called(address: str) -> bool:
    """Whether an IP address is one of the public internet (and none of these in disguise)."""
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
    """A name has no address that may be called; the text says why, for clients."""


class Resolver(AbstractResolver):
    """Looks names up, in threads of its own: a slow name must not take those of the host.

    The threads are daemons: one that waits for a slow name does not keep the host from ending.
    `private`: addresses are told, too, that are not of the public internet.
    """

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._room = asyncio.Semaphore(LOOK_UPS_COUNT)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """``OSError``: it has none that may be called, or nobody says so in time."""
        try:
            found = await asyncio.wait_for(self._look_up(host, port, family), LOOK_UP_SECONDS)
        except asyncio.TimeoutError:
            raise Unresolved(f"{host} cannot be looked up in time") from None
        good = [one for one in found if self._private or may_be_called(one["host"])]
        if not good:
            raise Unresolved(f"{host} is not an address of the public internet")
        return good

    async def close(self) -> None:
        """Nothing is held that would have to be given back."""

    async def _look_up(
        self, host: str, port: int, family: socket.AddressFamily
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[ResolveResult]] = loop.create_future()
        await self._room.acquire()

        def come(found: list[ResolveResult], error: Exception | None) -> None:
            # Here, not where the answer is waited for: the thread takes its room until now.
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
            with contextlib.suppress(RuntimeError):  # The host has ended meanwhile.
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
    # With the interface of a link-local address, which stands beside it.
    host, port = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    return ResolveResult(
        hostname=name,
        host=host,
        port=int(port),
        family=family,
        proto=proto,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
