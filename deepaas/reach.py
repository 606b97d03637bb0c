"""The URLs of a listening server, for this machine and for others."""

from __future__ import annotations

import errno
import ipaddress
import socket

OPEN_TO_ALL = (
    "anybody who can reach %s can use the models, because no key is required: create one with "
    "'deepaas-cli keys create NAME' and restart, or listen on 127.0.0.1"
)

_OUTSIDE = {4: (socket.AF_INET, "192.0.2.1"), 6: (socket.AF_INET6, "2001:db8::1")}
"""Addresses outside this machine by IP version, from networks for documentation (RFC 5737)."""


def own_url(listening: tuple[str, int], base_path: str, scheme: str = "http") -> str:
    """The URL for programs on this machine; `listening` is the address from the kernel."""
    address = ipaddress.ip_address(listening[0])
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"{scheme}://{shown}:{listening[1]}{base_path}"


def is_open(listening: tuple[str, int]) -> bool:
    """Whether other machines can connect."""
    return not ipaddress.ip_address(listening[0]).is_loopback


def network_url(listening: tuple[str, int], base_path: str, scheme: str = "http") -> str | None:
    """The URL for other machines; None if they cannot reach it, or its address is unknown."""
    address = ipaddress.ip_address(listening[0])
    if address.is_loopback:
        return None
    if not address.is_unspecified:
        return own_url(listening, base_path, scheme)
    family, outside = _OUTSIDE[address.version]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Sends nothing: the kernel only selects the source address.
            probe.connect((outside, 9))
            ours: str = probe.getsockname()[0]
    except OSError:
        return None
    return own_url((ours, listening[1]), base_path, scheme)


def elsewhere(error: OSError, port: int) -> str:
    """What to do if a server cannot listen on its port, as the end of a message."""
    if error.errno == errno.EADDRINUSE:
        return (
            ". Another program uses it, perhaps another one of DEEPaaS: stop that, or use another "
            f"port: --listen-port {port + 1} (0 for any free one)"
        )
    if error.errno == errno.EACCES:
        return ". Ports below 1024 need special rights: use --listen-port 5000"
    if error.errno == errno.EADDRNOTAVAIL:
        return ". This machine does not have this address: use --listen-ip 127.0.0.1 or 0.0.0.0"
    return ""
