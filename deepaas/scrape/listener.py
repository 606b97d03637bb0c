"""``--metrics-listen``: ``/metrics`` at an address of its own."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import AsyncIterator

from aiohttp import web

from deepaas.errors import ConfigError
from deepaas.notes import Notes
from deepaas.origins import Visitors
from deepaas.scrape.collector import MetricsCollector
from deepaas.scrape.page import PATH, for_all
from deepaas.scrape.setup import SCRAPE
from deepaas.settings import Settings
from deepaas.web.addresses import ListenAddress
from deepaas.web.connection import ConnectionLimits
from deepaas.web.connections import Connections
from deepaas.web.errors import NOTES, SHAPES, ErrorShapes
from deepaas.web.health import Drain
from deepaas.web.listener import Listener
from deepaas.web.origins import check_visitors
from deepaas.web.page_security import protect
from deepaas.web.serving import serving

_log = logging.getLogger(__name__)

CONNECTIONS_COUNT = 32
SECONDS = 10.0

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[^\s:\[\]]+)):(?P<port>[0-9]{1,5})")


def address_of(text: str) -> tuple[str, int]:
    """Address and port of ``--metrics-listen``. Raises ``ConfigError``."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise ConfigError(
            f"metrics-listen is {text!r}: it must be ADDRESS:PORT, such as 127.0.0.1:9100, "
            "0.0.0.0:9100 or [::]:9100"
        )
    return found["six"] or found["four"], int(found["port"])


@contextlib.asynccontextmanager
async def listening(
    text: str, collector: MetricsCollector, settings: Settings, notes: Notes
) -> AsyncIterator[tuple[str, int]]:
    """Serve metrics there; yields the address. Raises ``ConfigError``."""
    ip, port = address_of(text)
    at = ListenAddress(ip=ip, port=port)
    visitors = Visitors(ip, settings.allowed_host, settings.allowed_origin)
    app = web.Application(middlewares=[serving(Drain()), check_visitors({at: visitors})])
    protect(app, visitors)
    app[NOTES], app[SHAPES] = notes, ErrorShapes()
    app.router.add_get(PATH, for_all(collector))
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=SECONDS)
    await runner.setup()
    assert runner.server is not None
    limits = ConnectionLimits(CONNECTIONS_COUNT, 0, SECONDS, 10 * SECONDS, SECONDS, SECONDS)
    connections = Connections(runner.server, limits, notes)
    try:
        listener = Listener(at, notes)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise ConfigError(f"could not listen on {text} for metrics: {reason}") from None
    try:
        listener.start(connections)
        assert listener.bound is not None
        yield listener.bound
    finally:
        await listener.stop()
        await runner.cleanup()


@contextlib.asynccontextmanager
async def serve_metrics(
    app: web.Application, settings: Settings, connections: Connections, notes: Notes
) -> AsyncIterator[None]:
    """Serve the metrics of a host at an address of their own, if that is configured."""
    scrape = app[SCRAPE]
    scrape.host.connections = connections
    if not settings.metrics_listen:
        yield
        return
    async with listening(settings.metrics_listen, scrape.collector, settings, notes) as address:
        ip, port = address
        shown = f"[{ip}]" if ":" in ip else ip
        _log.info("metrics: http://%s:%s%s", shown, port, PATH)
        yield
