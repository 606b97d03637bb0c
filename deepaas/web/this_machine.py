"""Whether somebody on this machine asks: a program or a browser, and no proxy for others."""

from __future__ import annotations

import ipaddress

from aiohttp import hdrs, web

from deepaas.origins import is_local_host
from deepaas.web.forwarded import is_forwarded

_OF_PROXIES = frozenset(("via",))


def is_of_this_machine(request: web.Request) -> bool:
    """Scripts of web pages are excluded; a page that is opened in a browser here is not."""
    headers = request.headers
    return (
        _is_loopback(request.remote)
        # A proxy that does not say for whom it asks at least has a name for this host.
        and all(is_local_host(host) for host in headers.getall(hdrs.HOST, ()))
        and request.raw_path.startswith("/")
        and not any(is_forwarded(name) or name in _OF_PROXIES for name in map(str.lower, headers))
        and hdrs.ORIGIN not in headers
    )


def _is_loopback(address: str | None) -> bool:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False  # A Unix socket: usually that of a proxy.
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
