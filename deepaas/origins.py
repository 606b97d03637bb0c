"""Access control: the names that a server accepts, and the web pages that may use it.

A browser sends the requests of any web page to any server that it can reach, including this one.
Its headers tell: ``Host`` is the name that the page has used, ``Origin`` and ``Sec-Fetch-…`` say
which page it is, and pages cannot change them. Other programs only send ``Host``.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass

ANY = "*"
PREFLIGHT_SECONDS = 600
"""How long browsers may cache what a page of an allowed origin may send."""

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
EXPOSED = (
    "*, Content-Disposition, Inference-Header-Content-Length, Link, Location, RateLimit, "
    "RateLimit-Policy, Retry-After, Server-Timing, traceparent, WWW-Authenticate, X-Request-ID"
)
"""Headers of responses that scripts may read. ``*`` is all of them, but not with credentials."""

CHECKED_HEADERS = frozenset(("origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"))
"""Headers that have been checked when a request is forwarded, in lower case."""

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/?#\[\]@\\,]+))(?::([0-9]{0,5}))?")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#@\s]+)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_SHOWN = 200


@dataclass(frozen=True)
class Asked:
    """What the headers of a request say about its sender.

    Attributes:
        hosts: the names that it uses for the server: ``Host``, and that of an absolute target.
        local: the address at which it has arrived; empty if there is none.
        public: the name that a trusted proxy says was used; empty without one.
    """

    method: str
    hosts: tuple[str, ...] = ()
    local: str = ""
    public: str = ""
    origin: str | None = None
    site: str | None = None
    mode: str | None = None
    destination: str | None = None


class Visitors:
    """Checks who may send requests; ``some_origins``: whether pages of any other origin may."""

    def __init__(
        self,
        listen_ip: str | None,
        allowed_hosts: Iterable[str] = (),
        allowed_origins: Iterable[str] = (),
    ) -> None:
        """Hosts are ``NAME``, ``NAME:PORT``, ``.NAME`` for all subdomains, or ``*``.

        Origins are ``SCHEME://NAME``, with ``:PORT`` if it is not the default, or ``*``; ValueError
        for anything else. ``listen_ip`` is None for a Unix socket.
        """
        hosts, origins = list(allowed_hosts), list(allowed_origins)
        self._names = frozenset(_allowed_host(one) for one in hosts if one != ANY)
        self._origins = frozenset(_allowed_origin(one) for one in origins if one != ANY)
        self._listening = (listen_ip or "").lower()
        self.any_host = ANY in hosts or not (hosts or is_loopback(listen_ip))
        self.any_origin = ANY in origins
        self.some_origins = bool(origins)
        # The answers never change, and each request has one of the same few names.
        self.knows = functools.lru_cache(maxsize=64)(self._knows)

    def unknown_host(self, asked: Asked) -> str:
        """What is wrong with the names used for the server; empty if nothing is."""
        for host in asked.hosts:
            if host and not self.knows(host) and not _is_address(host, asked.local):
                return (
                    f"this host does not accept the name {_shown(host)}; its operator can allow it "
                    f"with --allowed-host {_shown(_split(host)[0]) or 'NAME'}"
                )
        return ""

    def foreign_origin(self, asked: Asked) -> str:
        """Why the page that sent the request may not; empty if it may, or if it was no page."""
        if not self._is_foreign(asked):
            return ""
        origin = asked.origin
        whose = _shown(origin) if origin else "another origin"
        example = origin if origin and _ORIGIN.fullmatch(origin) else "https://example.org"
        return (
            f"web pages of {whose} may not use this host; its operator can allow them with "
            f"--allowed-origin {_shown(example)}"
        )

    def allows(self, origin: str) -> bool:
        return self.any_origin or origin.lower() in self._origins

    def cors(self, origin: str | None) -> dict[str, str]:
        """Headers that let scripts of an allowed origin read a response; none for others."""
        if origin is None or not self.allows(origin):
            return {}
        named = origin.lower() in self._origins
        told = {
            "Access-Control-Allow-Origin": origin if named else ANY,
            "Access-Control-Expose-Headers": EXPOSED,
        }
        # Never for any origin: each could then act as the user who is logged in elsewhere.
        return told | {"Access-Control-Allow-Credentials": "true"} if named else told

    def preflight(self, headers: str | None, *, private: bool = False) -> dict[str, str]:
        """Headers that let a browser send requests of a page of an allowed origin.

        ``headers`` are those that it wants to send: authors declare arguments in headers, so any
        are allowed. ``private``: a page of the internet asks for this address of a local network.
        """
        told = {
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": headers or "*",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        return told | {"Access-Control-Allow-Private-Network": "true"} if private else told

    def _is_foreign(self, asked: Asked) -> bool:
        origin, site = asked.origin, asked.site
        if origin is not None and self.allows(origin):
            return False
        if site is None:  # A program, or a browser that does not trust this address.
            names = (asked.public,) if asked.public else asked.hosts
            return origin is not None and not is_origin_of(origin, names)
        if self.any_origin or site in ("same-origin", "none"):
            return False
        # Links to this host may be followed; nothing else is allowed for a foreign page.
        return not (
            asked.method in ("GET", "HEAD")
            and asked.mode == "navigate"
            and asked.destination in ("document", None)
        )

    def _knows(self, host: str) -> bool:
        if self.any_host:
            return True
        name, port = _split(host)
        if not name:
            return False
        if name == self._listening or _is_local_name(name):
            return True
        if (name, None) in self._names or (name, port) in self._names:
            return True
        ends = [name[i:] for i, character in enumerate(name) if character == "."]
        return any((end, p) in self._names for end in ends for p in (None, port))


def is_local_host(host: str) -> bool:
    """Whether a ``Host`` header names the machine itself: localhost, or a loopback address."""
    name, _ = _split(host)
    return bool(name) and _is_local_name(name)


def is_loopback(listen_ip: str | None) -> bool:
    """Whether an address, or all addresses of a name, can only be reached from this machine."""
    if not listen_ip:
        return False  # Everywhere, or a Unix socket.
    if _is_local_name(listen_ip.lower()):
        return True
    try:
        ipaddress.ip_address(listen_ip)
    except ValueError:
        pass
    else:
        return False
    try:
        found = socket.getaddrinfo(listen_ip, None, type=socket.SOCK_STREAM)
    except OSError:
        return False  # Listening fails as well.
    return all(_is_local_name(str(address[0])) for *_, address in found)


def _is_local_name(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True  # This machine, whatever a name server says (RFC 6761).
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or bool(
        address.version == 6 and address.ipv4_mapped and address.ipv4_mapped.is_loopback
    )


def _split(host: str) -> tuple[str, int | None]:
    """Name and port of a ``Host``; an empty name if it is invalid."""
    found = _HOST.fullmatch(host)
    if found is None:
        return "", None
    address, name, port = found.groups()
    number = int(port) if port else None
    if address is None:
        return name.lower().removesuffix("."), number
    try:
        return str(ipaddress.IPv6Address(address)), number
    except ValueError:
        return "", None


def _is_address(host: str, local: str) -> bool:
    return bool(local) and _split(host)[0] == local.lower()


def is_origin_of(origin: str, hosts: tuple[str, ...]) -> bool:
    """Whether a page is this server's own. The scheme is ignored: a proxy may have removed TLS."""
    found = _ORIGIN.fullmatch(origin.lower())
    if found is None or not hosts:
        return False  # For example "null".
    usual = _DEFAULT_PORTS.get(found[1])
    name, port = _split(found[2])
    for host in hosts:
        called, called_port = _split(host)
        if not name or name != called or (port or usual) != (called_port or usual):
            return False
    return True


def _allowed_host(given: str) -> tuple[str, int | None]:
    dot = "." if given.startswith(".") else ""
    name, port = _split(given.removeprefix("."))
    if not name or not (_NAME.fullmatch(name) or (":" in name and not dot)):
        raise ValueError(
            f"allowed-host is {given!r}: it must be a name such as example.org, example.org:8443 "
            "or .example.org (all subdomains), in ASCII, or *"
        )
    return dot + name, port


def _allowed_origin(given: str) -> str:
    found = _ORIGIN.fullmatch(given.lower().removesuffix("/"))
    name, port = _split(found[2]) if found else ("", None)
    if not found or not name:
        raise ValueError(
            f"allowed-origin is {given!r}: it must be like https://example.org, with a port if it "
            "is not the default and without a path, or *"
        )
    shown = f"[{name}]" if ":" in name else name
    usual = port in (None, _DEFAULT_PORTS.get(found[1]))
    return f"{found[1]}://{shown}" + ("" if usual else f":{port}")


def _shown(text: str) -> str:
    """Text from a client for a message: short, and in ASCII."""
    return text[:_LONGEST_SHOWN].encode("ascii", "backslashreplace").decode()
