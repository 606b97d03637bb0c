"""A collector of spans (OTLP over HTTP), which can also be slow, broken or gone."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.waiting import wait_until


class Collector:
    """Attributes:
    mode: `works`, `hangs`, or `fails` (with 500).
    """

    def __init__(self) -> None:
        self.mode = "works"
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self.requests: list[ExportTraceServiceRequest] = []
        self.end = threading.Event()
        self.url = ""

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for request in list(self.requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def of(self, request_id: str, count: int = 1) -> list[Any]:
        """All spans of the trace of a request: the server's first, then by time."""

        def servers() -> list[Any]:
            return [one for one in self.spans if told(one).get("deepaas.request_id") == request_id]

        wait_until(servers, f"the span of {request_id} has arrived")
        (server,) = servers()

        def children() -> list[Any]:
            return [
                one
                for one in self.spans
                if one.trace_id == server.trace_id
                and one is not server
                and one.span_id != server.span_id
            ]

        wait_until(lambda: len(children()) >= count - 1, f"{count} spans have arrived")
        return [server, *sorted(children(), key=lambda one: int(one.start_time_unix_nano))]


def told(span: Any) -> dict[str, Any]:
    """Its attributes."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.headers.append({k.lower(): v for k, v in self.headers.items()})
            collector.paths.append(self.path)
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if collector.mode == "hangs":
                collector.end.wait(60)
            status = 500 if collector.mode == "fails" else 200
            if status == 200:
                collector.bodies.append(body)
                collector.requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield collector
    finally:
        collector.end.set()
        server.shutdown()
        thread.join()
        server.server_close()
