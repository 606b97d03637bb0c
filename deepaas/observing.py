"""What the operator sees of requests, from the options: access log and traces.

Nothing that is off is imported.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from deepaas import logs
from deepaas.errors import ConfigError
from deepaas.settings import Settings
from deepaas.web import forwarded
from deepaas.web.facts import FACTS
from deepaas.web.request_details import details_from

if TYPE_CHECKING:
    from deepaas.tracing.otel import OtelTracing
    from deepaas.web.access_log import AccessLog
    from deepaas.web.traced import TracedRequests

_log = logging.getLogger(__name__)


def build_access_log(settings: Settings, app: web.Application) -> AccessLog | None:
    """Raises ``ConfigError``."""
    place = settings.access_log or ("-" if settings.debug else "")
    if not place:
        return None
    from deepaas.web.access_log import AccessLog, writing

    write = writing(place, as_json=settings.log_format == logs.JSON)
    return AccessLog(app[forwarded.PROXIES], write)


def build_tracing(settings: Settings, environment: Mapping[str, str]) -> OtelTracing | None:
    """None if nobody wants traces. Raises ``ConfigError``."""
    from_environment = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or environment.get(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    )
    is_off = (
        environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER", "otlp").strip() == "none"
    )
    if is_off or not (settings.otel_endpoint or from_environment):
        return None
    try:
        from deepaas.tracing.otel import OtelTracing
    except ImportError as error:
        missing = f"traces need deepaas[otel]: {error}"
        if settings.otel_endpoint:
            raise ConfigError(f"otel-endpoint: {missing}") from None
        _log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set, but %s", missing)
        return None
    return OtelTracing(settings.otel_endpoint)


def build_traced_requests(app: web.Application, tracing: OtelTracing) -> TracedRequests:
    from deepaas.web.traced import TracedRequests

    return TracedRequests(app[forwarded.PROXIES], details_from(app[FACTS]), tracing)
