"""Models that do real work, in batches and one by one, beside LitServe and a bare loop."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import raw_loop, real_calls, wrk
from benchmarks.servers import Kind, Server, running
from benchmarks.throughput import ratio

MODELS = ("digits", "pictures", "arrays", "sleeps", "rows")
CONNECTIONS = (1, 8, 32, 64, 128)
SIZE = 32

MIN_OF_SINGLE = 0.95
"""Of the same host without batches."""
MIN_OF_LITSERVE = {("digits", 1): 1.2, ("digits", 32): 2.0, "any": 1.0}
"""By model and connections."""
MIN_OF_RAW = {("digits", 128): 0.5, ("sleeps", 64): 0.85}
"""Of the model in a loop, without a server."""

Way = tuple[Kind, bool]
"""A server, and whether it joins calls."""

WAYS: tuple[Way, ...] = tuple(
    (kind, b) for kind in (Kind.OURS, Kind.LITSERVE) for b in (True, False)
)


@dataclass(frozen=True)
class RealRow:
    """One server with one model at one number of connections.

    ``of_litserve`` is of the better of LitServe's two ways, ``of_single`` of the same server
    without batches, ``of_raw`` of the loop's best.
    """

    model: str
    kind: Kind
    batched: bool
    connections: int
    sample: wrk.Sample
    of_litserve: float
    of_single: float
    of_raw: float


def measure(*, rounds: int, seconds: float, models: tuple[str, ...] = MODELS) -> list[RealRow]:
    """Interleaved rounds, so that a noisy minute of the machine hits all alike."""
    return [row for model in models for row in _of_model(model, rounds, seconds)]


def _of_model(model: str, rounds: int, seconds: float) -> list[RealRow]:
    samples: dict[tuple[Way, int], list[wrk.Sample]] = {}
    raw = max(raw_loop.rates(model, seconds).values())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deepaas-bench-")))
        servers = [stack.enter_context(_server(model, way)) for way in WAYS]
        scripts = [real_calls.script(folder, model, kind) for kind, _ in WAYS]
        asked = list(zip(WAYS, servers, scripts, strict=True))
        for (kind, _), server, script in asked:
            server.wait_until_ready() if kind is Kind.OURS else server.wait_for_port()
            _run(server, model, 8, 2, script)
        for number in range(rounds):
            for connections in CONNECTIONS:
                for way, server, script in asked[:: -1 if number % 2 else 1]:
                    sample = _run(server, model, connections, seconds, script)
                    samples.setdefault((way, connections), []).append(sample)
    return [
        RealRow(
            model,
            kind,
            batched,
            connections,
            wrk.typical(samples[(kind, batched), connections]),
            min(
                ratio(samples[(kind, batched), connections], samples[other, connections])
                for other in WAYS
                if other[0] is Kind.LITSERVE
            ),
            ratio(samples[(kind, batched), connections], samples[(kind, False), connections]),
            wrk.typical(samples[(kind, batched), connections]).requests_per_second / raw,
        )
        for connections in CONNECTIONS
        for kind, batched in WAYS
    ]


def _server(model: str, way: Way) -> AbstractContextManager[Server]:
    kind, batched = way
    if kind is Kind.OURS:
        return running(kind, model, options=["--batch", f"{model}={'auto' if batched else 'off'}"])
    return running(kind, model, options=[str(SIZE)] if batched else [])


def _run(server: Server, model: str, connections: int, seconds: float, script: Path) -> wrk.Sample:
    url = server.url + real_calls.path(model, server.kind)
    return wrk.run(url, connections=connections, seconds=seconds, script=script)


def drawn(rows: list[RealRow]) -> list[str]:
    """A table in Markdown."""
    lines = [
        "| real work | server | batches | connections | requests/s | p50 ms | p99 ms "
        "| of LitServe's best | of one by one | of a loop |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        sample = row.sample
        lines.append(
            f"| {row.model} | {row.kind.value} | {'yes' if row.batched else 'no'} "
            f"| {row.connections} | {sample.requests_per_second:,.0f} | {sample.p50_ms:.1f} "
            f"| {sample.p99_ms:.1f} | {row.of_litserve:.2f} | {row.of_single:.2f} "
            f"| {row.of_raw:.2f} |"
        )
    return [*lines, ""]


def missed(rows: list[RealRow]) -> Iterator[str]:
    """One line for each bar that does not hold."""
    for row in rows:
        if row.kind is not Kind.OURS or not row.batched:
            continue
        where = f"{row.model} at {row.connections} connections"
        case = (row.model, row.connections)
        bar = MIN_OF_LITSERVE.get(case, MIN_OF_LITSERVE["any"])
        if row.of_litserve < bar:
            yield f"{where}: {row.of_litserve:.2f} of LitServe's best, not {bar}"
        if row.of_single < MIN_OF_SINGLE:
            yield f"{where}: {row.of_single:.2f} of one by one, not {MIN_OF_SINGLE}"
        if row.of_raw < MIN_OF_RAW.get(case, 0.0):
            yield f"{where}: {row.of_raw:.2f} of a loop, not {MIN_OF_RAW[case]}"
