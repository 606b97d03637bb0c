"""``python -m deepaas.cmd.health``: the health check of the host in this container."""

from __future__ import annotations

import argparse
import http.client
import socket
import ssl
import sys
from collections.abc import Sequence

from deepaas import config
from deepaas.cmd.addresses import addresses_of
from deepaas.errors import ConfigError
from deepaas.web.addresses import ListenAddress

TIMEOUT_SECONDS = 5.0

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses to connect to, for the addresses that mean "all"."""


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 if the host is healthy, 1 if not, 2 if its configuration is invalid."""
    parser = argparse.ArgumentParser(
        prog="python -m deepaas.cmd.health",
        description="Check whether the host on this machine responds. Its address is read from the "
        "environment and the default configuration files, as deepaas-run does.",
    )
    parser.add_argument("--ready", action="store_true", help="check whether all models are ready")
    path = "/readyz" if parser.parse_args(argv).ready else "/healthz"
    try:
        settings = config.load([])
        address = _nearest(addresses_of(settings))
    except ConfigError as error:
        print(f"deepaas.cmd.health: {error}", file=sys.stderr)
        return 2
    connection = _connection(address, bool(settings.tls_cert))
    try:
        connection.request("GET", f"{settings.base_path}{path}")
        answer = connection.getresponse()
        print(answer.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        where = f"{address}{settings.base_path}{path}"
        print(f"deepaas.cmd.health: could not connect to {where}: {error}", file=sys.stderr)
        return 1
    else:
        return 0 if answer.status == 200 else 1
    finally:
        connection.close()


def _nearest(addresses: Sequence[ListenAddress]) -> ListenAddress:
    """The one that is easiest to ask; systemd's sockets are not known here."""
    found = [one for one in addresses if not one.passed]
    if not found:
        raise ConfigError("there is no address to connect to in --listen, only systemd's sockets")
    return min(found, key=lambda one: (not one.path, one.tls is not False))


def _connection(address: ListenAddress, has_tls: bool) -> http.client.HTTPConnection:
    if address.path:
        return _UnixConnection(address.path)
    ip = _ANY.get(address.ip, address.ip)
    if has_tls and address.tls is not False:
        # Not in the name of the certificate, and on this machine it need not be.
        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection(
            ip, address.port, timeout=TIMEOUT_SECONDS, context=context
        )
    return http.client.HTTPConnection(ip, address.port, timeout=TIMEOUT_SECONDS)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


if __name__ == "__main__":
    sys.exit(main())
