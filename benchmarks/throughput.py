"""Requests per second and latency of the do-nothing model, against a bare aiohttp handler."""

from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks import client, wrk
from benchmarks.request import ANSWER, PREDICT_PATH, QUERY
from benchmarks.servers import Kind, Server, running

CONNECTIONS = (1, 16)


@dataclass(frozen=True)
class Row:
    kind: Kind
    connections: int
    sample: wrk.Sample
    of_bare: float
    of_theirs: float


def measure(*, rounds: int, seconds: float) -> list[Row]:
    """Interleaved rounds, so that a noisy minute of the machine hits all alike."""
    kinds = [Kind.BARE, Kind.OURS, Kind.THEIRS]
    path = f"{PREDICT_PATH}?{QUERY}"
    samples: dict[tuple[Kind, int], list[wrk.Sample]] = {}
    with ExitStack() as stack:
        servers = [stack.enter_context(running(kind)) for kind in kinds]
        for server in servers:
            server.wait_for(path)
            _check(server, path)
            wrk.run(server.url + path, connections=max(CONNECTIONS), seconds=2)
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for server in servers:
                    sample = wrk.run(server.url + path, connections=connections, seconds=seconds)
                    samples.setdefault((server.kind, connections), []).append(sample)
        for server in servers:
            _check(server, path)
    return [
        Row(
            kind,
            connections,
            wrk.typical(samples[kind, connections]),
            ratio(samples[kind, connections], samples[Kind.BARE, connections]),
            ratio(samples[kind, connections], samples[Kind.THEIRS, connections]),
        )
        for connections in CONNECTIONS
        for kind in kinds
    ]


def _check(server: Server, path: str) -> None:
    answer = client.post(server.port, path)
    if answer.status != 200 or answer.json() != ANSWER:
        raise wrk.WrkError(f"{server.kind.value} answers {answer.status}: {answer.body[:200]!r}")


def ratio(ours: list[wrk.Sample], other: list[wrk.Sample]) -> float:
    """The median over the rounds of the ratio within a round."""
    pairs = zip(ours, other, strict=True)
    return median(a.requests_per_second / b.requests_per_second for a, b in pairs)
