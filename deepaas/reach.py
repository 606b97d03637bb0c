"""By which URLs a server that listens can be reached, from this machine and from others."""

from __future__ import annotations

import ipaddress
import socket

OPEN_TO_ALL = (
    "everybody who can reach %s can use the models, as no password is asked for: listen on "
    "127.0.0.1, or behind a reverse proxy that asks for one"
)

_OUTSIDE = {4: (socket.AF_INET, "192.0.2.1"), 6: (socket.AF_INET6, "2001:db8::1")}
"""An address outside of this machine by IP version: of networks for documentation (RFC 5737)."""


def own_url(listening: tuple[str, int], base_path: str) -> str:
    """As a program on this machine calls the server, listening as the kernel tells it."""
    address = ipaddress.ip_address(listening[0])
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"http://{shown}:{listening[1]}{base_path}"


def is_open(listening: tuple[str, int]) -> bool:
    """Whether other machines can reach it."""
    return not ipaddress.ip_address(listening[0]).is_loopback


def network_url(listening: tuple[str, int], base_path: str) -> str | None:
    """As other machines call it; None if they cannot, or nobody knows by which address."""
    address = ipaddress.ip_address(listening[0])
    if address.is_loopback:
        return None
    if not address.is_unspecified:
        return own_url(listening, base_path)
    family, outside = _OUTSIDE[address.version]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Sends nothing: it only asks the kernel which of its addresses it would send from.
            probe.connect((outside, 9))
            ours: str = probe.getsockname()[0]
    except OSError:
        return None
    return own_url((ours, listening[1]), base_path)
