"""``python -m deepaas.cmd.health``: the health check of the host in this container."""

from __future__ import annotations

import argparse
import http.client
import sys
from collections.abc import Sequence

from deepaas import config
from deepaas.errors import ConfigError

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
    except ConfigError as error:
        print(f"deepaas.cmd.health: {error}", file=sys.stderr)
        return 2
    address = _ANY.get(settings.listen_ip, settings.listen_ip)
    connection = http.client.HTTPConnection(address, settings.listen_port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"{settings.base_path}{path}")
        answer = connection.getresponse()
        print(answer.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        where = f"{address}:{settings.listen_port}{settings.base_path}{path}"
        print(f"deepaas.cmd.health: could not connect to {where}: {error}", file=sys.stderr)
        return 1
    else:
        return 0 if answer.status == 200 else 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
