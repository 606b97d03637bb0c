"""The try-me page: what it costs a host that has it, without visitors and with one."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median

import psutil

from benchmarks import client, wrk
from benchmarks.request import PREDICT_PATH, QUERY
from benchmarks.servers import Kind, Server, running

CONNECTIONS = (1, 16)
PAGE = "/try-me/nothing/"
HEARTBEAT = f"{PAGE}gradio_api/heartbeat/benchmark"
START_SECONDS = 120

OFF, ENABLED, VISITED = "off", "enabled, nobody there", "open by a visitor"
"""Who has asked for the page, and keeps its heartbeat open as a browser does."""


@dataclass(frozen=True)
class Row:
    """One host.

    Attributes:
        page: how the page is.
        samples: of each number of connections, the typical one.
        of_off: the median over the rounds of its rate as a part of that of the host without.
        host_mb: resident memory of the host process.
        page_mb: of the process of the page, 0 if there is none.
    """

    page: str
    samples: dict[int, wrk.Sample]
    of_off: dict[int, float]
    host_mb: float
    page_mb: float


def measure(*, rounds: int, seconds: float) -> list[Row]:
    """Three hosts beside each other, in interleaved rounds."""
    path = f"{PREDICT_PATH}?{QUERY}"
    samples: dict[tuple[str, int], list[wrk.Sample]] = {}
    with ExitStack() as stack:
        servers = {
            page: stack.enter_context(running(Kind.OURS, options=options))
            for page, options in ((OFF, ["--no-ui"]), (ENABLED, []), (VISITED, []))
        }
        for server in servers.values():
            server.wait_for(path)
        stack.enter_context(_visitor(servers[VISITED]))
        for server in servers.values():
            wrk.run(server.url + path, connections=max(CONNECTIONS), seconds=2)
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for page, server in servers.items():
                    sample = wrk.run(server.url + path, connections=connections, seconds=seconds)
                    samples.setdefault((page, connections), []).append(sample)
        return [
            Row(
                page,
                {count: wrk.typical(samples[page, count]) for count in CONNECTIONS},
                {count: _ratio(samples[page, count], samples[OFF, count]) for count in CONNECTIONS},
                _resident_mb(server.host()),
                sum(map(_resident_mb, _pages(server))),
            )
            for page, server in servers.items()
        ]


@contextmanager
def _visitor(server: Server) -> Iterator[None]:
    """Somebody who looks at the page: it is started, made and sent, and a stream stays open."""
    deadline = time.monotonic() + START_SECONDS
    while client.request(server.port, "GET", f"{PAGE}config").status != 200:
        if time.monotonic() > deadline:
            raise RuntimeError("the try-me page does not start")
        time.sleep(0.5)
    assert client.request(server.port, "GET", PAGE).status == 200
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", HEARTBEAT)
    assert connection.getresponse().readline() == b"data: ALIVE\n"
    yield
    connection.close()


def _pages(server: Server) -> list[psutil.Process]:
    return [each for each in server.workers() if "deepaas.cmd.ui" in each.cmdline()]


def _resident_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


def _ratio(samples: list[wrk.Sample], others: list[wrk.Sample]) -> float:
    pairs = zip(samples, others, strict=True)
    return median(a.requests_per_second / b.requests_per_second for a, b in pairs)
