"""What it costs to check keys and limits, and to count, log and trace requests.

A host that does all of it beside one that does nothing of it.
"""

import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks import wrk
from benchmarks.request import PREDICT_PATH, QUERY
from benchmarks.servers import Kind, running
from benchmarks.throughput import CONNECTIONS, ratio

OFF, ON = "off", "on"

NEVER_REACHED = "100000000/s"

SAMPLER = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}


@dataclass(frozen=True)
class Row:
    """One host at one number of connections; ``of_off`` is of the rate of the host without."""

    what: str
    connections: int
    sample: wrk.Sample
    of_off: float


def measure(*, rounds: int, seconds: float) -> list[Row]:
    """Interleaved rounds, so that a noisy minute of the machine hits both alike."""
    path = f"{PREDICT_PATH}?{QUERY}"
    key = secrets.token_urlsafe(32)
    samples: dict[tuple[str, int], list[wrk.Sample]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deepaas-bench-")))
        collector = stack.enter_context(_collector())
        off = running(Kind.OURS, options=["--no-metrics"])
        limits = [f"--limit-per-{scope}={NEVER_REACHED}" for scope in ("key", "address", "model")]
        seen = ["--metrics", "--access-log", str(folder / "access.log")]
        on = running(
            Kind.OURS,
            options=[*limits, *seen, "--otel-endpoint", collector],
            environment={"DEEPAAS_API_KEY": key, **SAMPLER},
        )
        servers = {OFF: stack.enter_context(off), ON: stack.enter_context(on)}
        scripts = {
            OFF: wrk.SCRIPT,
            ON: wrk.script(folder / "keyed", b"", {"Authorization": f"Bearer {key}"}),
        }
        for what, server in servers.items():
            server.wait_until_ready()
            wrk.run(
                server.url + path, connections=max(CONNECTIONS), seconds=2, script=scripts[what]
            )
        for number in range(rounds):
            for connections in CONNECTIONS:
                for what in (OFF, ON) if number % 2 else (ON, OFF):
                    sample = wrk.run(
                        servers[what].url + path,
                        connections=connections,
                        seconds=seconds,
                        script=scripts[what],
                    )
                    samples.setdefault((what, connections), []).append(sample)
    return [
        Row(
            what,
            connections,
            wrk.typical(samples[what, connections]),
            ratio(samples[what, connections], samples[OFF, connections]),
        )
        for connections in CONNECTIONS
        for what in (OFF, ON)
    ]


class _Sink(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def _collector() -> Iterator[str]:
    """The URL of something that takes all spans."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Sink) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
