"""Headers in which reverse proxies describe the client; used only from trusted proxies.

They determine the links on pages and the address of the client.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Iterable

from aiohttp import web

from deepaas.errors import MalformedRequest

_log = logging.getLogger(__name__)

HEADERS = frozenset(("forwarded", "x-real-ip", "x-gradio-server"))
"""These describe the client, besides all that start with ``PREFIX``; in lower case."""

PREFIX = "x-forwarded-"

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_SCHEMES = ("http", "https")


def is_forwarded(name: str) -> bool:
    """Whether a header describes the client of a proxy; ``name`` is in lower case."""
    return name.startswith(PREFIX) or name in HEADERS


UNIX = "unix"
"""Stands for the address of a client of a Unix socket, which has none."""


class TrustedProxies:
    """Trusted addresses and networks, and ``unix``; ``ValueError`` if one is neither."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        given = list(networks)
        self._trusts_unix = UNIX in given
        self._networks = [ipaddress.ip_network(one, strict=False) for one in given if one != UNIX]
        self._trusts_any = bool(given)
        self._named: set[str] = set()

    def trusts(self, peer: str | None) -> bool:
        if peer == UNIX:
            return self._trusts_unix
        if not self._networks or not peer:
            return False
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)

    def told(self, request: web.Request, name: str) -> str:
        """The value that the nearest proxy added, empty if it is not trusted."""
        values = request.headers.getall(name, ())
        if not values:
            return ""
        peer = _peer(request)
        if not self.trusts(peer):
            self._warn(name, peer)
            return ""
        # Proxies append to the header: everything before may be the client's.
        return values[-1].rpartition(",")[2].strip()

    def client(self, request: web.BaseRequest) -> str:
        """The address of the client behind all of them."""
        peer = _peer(request)
        if not self._trusts_any or not self.trusts(peer):
            return peer
        if "X-Forwarded-For" not in request.headers:  # A plain dict if it is not valid HTTP.
            return peer
        lines = request.headers.getall("X-Forwarded-For")
        for one in reversed([each.strip() for line in lines for each in line.split(",")]):
            try:
                ipaddress.ip_address(one)
            except ValueError:
                break
            peer = one
            if not self.trusts(peer):
                break
        return peer

    def _warn(self, name: str, peer: str) -> None:
        if peer in self._named or len(self._named) >= 10:
            return
        self._named.add(peer)
        _log.warning(
            "ignored %s from %s; if that is your proxy, use --trusted-proxy %s", name, peer, peer
        )


PROXIES: web.AppKey[TrustedProxies] = web.AppKey("trusted_proxies", TrustedProxies)

_NONE = TrustedProxies()


def setup(app: web.Application, networks: Iterable[str]) -> None:
    app[PROXIES] = TrustedProxies(networks)


def forwarded_host(request: web.Request) -> str:
    """Empty without a trusted proxy."""
    return _proxies(request).told(request, "X-Forwarded-Host")


def public_host(request: web.Request) -> str:
    """Name and port of this host in the client's URL.

    Raises:
        MalformedRequest: it is not a valid name.
    """
    told = forwarded_host(request) or request.host
    if _HOST.fullmatch(told) is None:
        raise MalformedRequest(
            "the Host header must be a host name or an IP address, with or without a port"
        )
    return told


def public_scheme(request: web.Request) -> str:
    """``http`` or ``https``, as in the client's URL."""
    told = _proxies(request).told(request, "X-Forwarded-Proto").lower()
    return told if told in _SCHEMES else request.scheme


def is_secure(request: web.Request) -> bool:
    """Whether the client uses ``https``, so that it keeps cookies that are marked as secure."""
    return public_scheme(request) == "https"


def client_address(request: web.Request) -> str:
    """The address of the client behind all trusted proxies."""
    return _proxies(request).client(request)


def _peer(request: web.BaseRequest) -> str:
    remote = request.remote
    return UNIX if remote == "" else remote or "unknown"


def _proxies(request: web.Request) -> TrustedProxies:
    return request.config_dict.get(PROXIES, _NONE)
