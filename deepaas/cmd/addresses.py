"""The addresses of the options, for ``deepaas-run`` and for the check whether it is healthy."""

from __future__ import annotations

from deepaas.errors import ConfigError
from deepaas.settings import Settings
from deepaas.web import addresses
from deepaas.web.addresses import ListenAddress


def addresses_of(settings: Settings) -> list[ListenAddress]:
    """The addresses to listen on; ``ConfigError`` if one is invalid."""
    found = [_parsed(given) for given in settings.listen]
    return found or [ListenAddress(ip=settings.listen_ip, port=settings.listen_port)]


def _parsed(given: str) -> ListenAddress:
    try:
        return addresses.parse(given)
    except ValueError as error:
        raise ConfigError(f"--listen {given!r}: {error}") from None
