"""Samples and sends spans with the SDK of OpenTelemetry, over OTLP and HTTP.

The standard variables ``OTEL_…`` apply. A collector that is slow or gone delays nothing: spans wait
in a queue of limited length, a thread sends them, and the rest is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import threading
from collections.abc import Sequence

from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Sampler, TraceIdRatioBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.span import TraceState

import deepaas
from deepaas.trace_context import TraceParent
from deepaas.tracing.spans import Attributes, Span, Trace, new_span_id

_log = logging.getLogger(__name__)

PATH = "/v1/traces"

_RATIO_BITS = TraceIdRatioBased.TRACE_ID_LIMIT

CLOSE_SECONDS = 2.0
"""How long remaining spans are sent when the host stops."""


class OtelTracing:
    """The sampler, and the sender of spans. Must be closed.

    ``endpoint``: base URL of the collector; empty for the one in the environment.
    """

    def __init__(self, endpoint: str) -> None:
        # It tells every failure, with a traceback.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._sampler = provider.sampler
        self._bound = _bound(self._sampler)
        self._resource = provider.resource
        self._scope = InstrumentationScope("deepaas", deepaas.__version__)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}{PATH}" if endpoint else None)
        self._processor = BatchSpanProcessor(_TellingExporter(exporter))

    def new_trace_id(self) -> str:
        number = random.getrandbits(128)
        if self._bound is not None and number & _RATIO_BITS >= self._bound:
            return ""
        return f"{number or 1:032x}"

    def begin(
        self,
        trace_id: str,
        parent: TraceParent | None,
        state: str,
        name: str,
        attributes: Attributes,
    ) -> Trace | None:
        context = Context()
        trace_state = TraceState.from_header([state]) if state else None
        if parent is not None:
            span = api.NonRecordingSpan(_context(parent, is_remote=True, state=trace_state))
            context = api.set_span_in_context(span, context)
        decided = self._sampler.should_sample(
            context, int(trace_id, 16), name, SpanKind.SERVER, attributes, (), trace_state
        )
        if not decided.decision.is_sampled():  # type: ignore[no-untyped-call]
            return None
        me = TraceParent(trace_id, new_span_id(), is_sampled=True)
        return Trace(self, me, parent, state)

    def send(self, span: Span) -> None:
        state = TraceState.from_header([span.state]) if span.state else None
        parent = span.parent
        self._processor.on_end(
            ReadableSpan(
                name=span.name,
                context=_context(span.me, is_remote=False, state=state),
                parent=None
                if parent is None
                else _context(parent, is_remote=span.is_remote_child, state=state),
                resource=self._resource,
                attributes={**span.attributes, "error.type": span.error}
                if span.error
                else span.attributes,
                links=[Link(_context(span.link, is_remote=False))] if span.link else (),
                kind=SpanKind.SERVER if span.is_server else SpanKind.INTERNAL,
                status=Status(StatusCode.ERROR) if span.error else Status(StatusCode.UNSET),
                start_time=span.began_ns,
                end_time=span.ended_ns,
                instrumentation_scope=self._scope,
            )
        )

    async def close(self) -> None:
        """Send the rest for a short time."""
        loop = asyncio.get_running_loop()
        closed = asyncio.Event()

        def close() -> None:
            self._processor.shutdown()  # type: ignore[no-untyped-call]
            with contextlib.suppress(RuntimeError):  # The loop has ended before.
                loop.call_soon_threadsafe(closed.set)

        # Not one of the loop's threads: the end of the host would wait for it.
        threading.Thread(target=close, name="deepaas-traces", daemon=True).start()
        try:
            await asyncio.wait_for(closed.wait(), CLOSE_SECONDS)
        except asyncio.TimeoutError:
            _log.warning("the last spans were not sent: the collector did not answer in time")


class _TellingExporter(SpanExporter):
    """Logs when sending begins to fail, and when it works again."""

    def __init__(self, exporter: OTLPSpanExporter) -> None:
        self._exporter = exporter
        self._is_failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        is_failing = result is not SpanExportResult.SUCCESS
        if is_failing and not self._is_failing:
            _log.warning("spans cannot be sent to the collector, and are lost until it answers")
        elif self._is_failing and not is_failing:
            _log.info("spans are sent to the collector again")
        self._is_failing = is_failing
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def _bound(sampler: Sampler) -> int | None:
    """From which number on a new trace is not sampled; None if the sampler has to be asked.

    It takes longer to ask than to handle a small request.
    """
    root = getattr(sampler, "_root", sampler)
    return root.bound if isinstance(root, TraceIdRatioBased) else None


def _resource() -> Resource:
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    own = {"service.version": deepaas.__version__}
    return Resource.create(own if named else {"service.name": "deepaas", **own})


def _context(one: TraceParent, *, is_remote: bool, state: TraceState | None = None) -> SpanContext:
    return SpanContext(
        int(one.trace_id, 16),
        int(one.span_id, 16),
        is_remote,
        TraceFlags(TraceFlags.SAMPLED if one.is_sampled else TraceFlags.DEFAULT),
        state,
    )
