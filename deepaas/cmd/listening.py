"""The listeners of ``deepaas-run``: from the options to open sockets."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from deepaas.errors import ConfigError
from deepaas.notes import Notes
from deepaas.origins import Visitors
from deepaas.reach import OPEN_TO_ALL, elsewhere, is_open, network_url
from deepaas.web.addresses import ListenAddress
from deepaas.web.connections import Connections
from deepaas.web.facts import OF_HOST
from deepaas.web.listener import Listener

if TYPE_CHECKING:
    from deepaas.web.certificate import Certificate

_log = logging.getLogger("deepaas")

HEALTH = "health"
"""For a listener with nothing but ``/healthz`` and ``/readyz``, which answer on all of them."""


def check_doors(listening: Iterable[ListenAddress], doors: Iterable[str]) -> None:
    """``ConfigError`` for a door that is not there."""
    known = [*doors, OF_HOST, HEALTH]
    for one in listening:
        for name in sorted((one.doors or frozenset()).difference(known)):
            raise ConfigError(f"--listen {one}: no door {name!r}: there are {', '.join(known)}")


class Listeners:
    """All listeners of the host, in the order of the options."""

    def __init__(
        self,
        listening: Iterable[ListenAddress],
        notes: Notes,
        certificate: Certificate | None = None,
    ) -> None:
        """Bind; ``ConfigError`` if an address cannot be used."""
        self._opened: list[Listener] = []
        try:
            for address in listening:
                self._opened.append(_opened(address, notes, certificate))
        except ConfigError:
            for one in self._opened:
                one.close()
            raise

    @property
    def main(self) -> Listener | None:
        """The first that serves pages over TCP."""
        return next((one for one in self._opened if one.bound and _has_pages(one.address)), None)

    def others(self) -> list[str]:
        """The others, for people."""
        main = self.main
        return [_told(one) for one in self._opened if not one.address.private and one is not main]

    def described(self) -> list[str]:
        """Who can connect to each of them, and how, for the operator."""
        return [_described(one) for one in self._opened if not one.address.private]

    def start(self, connections: Connections) -> None:
        for one in self._opened:
            one.start(connections)

    async def stop(self) -> None:
        """Stop accepting connections. Can be called twice."""
        for one in self._opened:
            await one.stop()

    def tell_who_may_ask(
        self, visitors: Mapping[ListenAddress, Visitors], *, has_keys: bool
    ) -> None:
        """Warn if others than this machine can use the host."""
        for one in self._opened:
            if (bound := one.bound) and is_open(bound) and not has_keys:
                _log.warning(OPEN_TO_ALL, network_url(bound, "", one.scheme) or f"port {bound[1]}")
        # The clients of a Unix socket are no browsers.
        if any(one.any_host for at, one in visitors.items() if not at.path):
            _log.info("all host names are accepted (see --allowed-host)")
        if any(one.any_origin for one in visitors.values()):
            _log.warning("web pages of all origins can use this host (--allowed-origin *)")


def _opened(address: ListenAddress, notes: Notes, certificate: Certificate | None) -> Listener:
    if address.tls and certificate is None:
        raise ConfigError(f"--listen {address} tls=yes: this needs --tls-cert")
    try:
        return Listener(address, notes, certificate)
    except OSError as error:
        # Remove what socket.create_server adds: the message already says it.
        reason = (error.strerror or str(error)).partition(" (while")[0]
        if not address.ip:
            raise ConfigError(f"could not listen on {address}: {reason}") from None
        where = f"{address.ip} port {address.port}"
        todo = elsewhere(error, address.port)
        raise ConfigError(f"could not listen on {where}: {reason}{todo}") from None


def _has_pages(address: ListenAddress) -> bool:
    return address.doors is None or OF_HOST in address.doors


def _described(one: Listener) -> str:
    bound, doors = one.bound, sorted(one.address.doors or ())
    if bound is None:
        told = f"{one.address}: programs on this machine, as permitted by the socket's mode"
    else:
        where = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        reach = "other machines as well" if is_open(bound) else "only this machine"
        told = f"{one.scheme}://{where}:{bound[1]}: {reach}{'' if one.has_tls else ', no TLS'}"
    return f"{told}; only {', '.join(doors)}" if doors else told


def _told(one: Listener) -> str:
    doors: Sequence[str] = sorted(one.address.doors or ())
    where = f"{one.scheme}://{one.address}" if one.address.ip else str(one.address)
    return f"{where} ({', '.join(doors)})" if doors else where
