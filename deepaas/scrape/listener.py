"""``--metrics-listen``: ``/metrics`` at an address of its own."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import web

from deepaas.errors import ConfigError
from deepaas.notes import Notes
from deepaas.origins import Visitors
from deepaas.scrape.collector import MetricsCollector
from deepaas.scrape.page import PATH, for_all
from deepaas.scrape.setup import SCRAPE
from deepaas.settings import Settings
from deepaas.web.addresses import ListenAddress, parse
from deepaas.web.connection import ConnectionLimits
from deepaas.web.connections import Connections
from deepaas.web.errors import NOTES, SHAPES, ErrorShapes
from deepaas.web.health import Drain
from deepaas.web.listener import Listener
from deepaas.web.origins import check_visitors
from deepaas.web.page_security import protect
from deepaas.web.serving import serving

if TYPE_CHECKING:
    from deepaas.web.certificate import Certificate

_log = logging.getLogger(__name__)

CONNECTIONS_COUNT = 32
SECONDS = 10.0


def address_of(text: str, *, has_certificate: bool) -> ListenAddress:
    """Read ``ADDRESS:PORT [tls=yes|no]`` of ``--metrics-listen``. Raises ``ConfigError``."""
    try:
        found = parse(text)
    except ValueError:
        found = ListenAddress()
    if not found.ip or found.doors is not None:
        raise ConfigError(
            f"metrics-listen is {text!r}: it must be ADDRESS:PORT, such as 127.0.0.1:9100, "
            "0.0.0.0:9100 or [::]:9100, perhaps with tls=no after it"
        )
    if found.tls and not has_certificate:
        raise ConfigError(f"metrics-listen is {text!r}: this needs --tls-cert")
    return found


@contextlib.asynccontextmanager
async def listening(
    collector: MetricsCollector, settings: Settings, notes: Notes, certificate: Certificate | None
) -> AsyncIterator[Listener]:
    """Serve metrics there. Raises ``ConfigError``."""
    at = address_of(settings.metrics_listen, has_certificate=certificate is not None)
    visitors = Visitors(at.ip, settings.allowed_host, settings.allowed_origin)
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
        listener = Listener(at, notes, certificate)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise ConfigError(f"could not listen on {at} for metrics: {reason}") from None
    try:
        listener.start(connections)
        yield listener
    finally:
        connections.end_handshakes()
        await listener.stop()
        await runner.cleanup()


@contextlib.asynccontextmanager
async def serve_metrics(
    app: web.Application,
    settings: Settings,
    connections: Connections,
    notes: Notes,
    certificate: Certificate | None,
) -> AsyncIterator[None]:
    """Serve the metrics of a host at an address of their own, if that is configured."""
    scrape = app[SCRAPE]
    scrape.host.connections = connections
    if not settings.metrics_listen:
        yield
        return
    async with listening(scrape.collector, settings, notes, certificate) as listener:
        assert listener.bound is not None
        ip, port = listener.bound
        shown = f"[{ip}]" if ":" in ip else ip
        _log.info("metrics: %s://%s:%s%s", listener.scheme, shown, port, PATH)
        yield
