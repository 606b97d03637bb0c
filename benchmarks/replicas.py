"""Replicas of a PyTorch model on the cores of this machine, with and without limits of threads.

``python -m benchmarks.replicas`` prints the table of docs/performance.md.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks import machine, wrk
from benchmarks.servers import Kind, running

MODEL = "two_layers"
ROWS = (1, 32)
"""How many images a call has: one row is a matrix times a vector, which threads hardly share."""

CONNECTIONS = 8
PREDICT = f"/v2/models/{MODEL}/predict/"

ONE, LIMITED, UNLIMITED = "one replica", "two replicas", "two replicas, a thread per core each"


@dataclass(frozen=True)
class ReplicaRow:
    """`of_one` is the median over the rounds of its rate as a part of that of one replica."""

    name: str
    rows: int
    sample: wrk.Sample
    of_one: float


def measure(*, rounds: int, seconds: float) -> list[ReplicaRow]:
    """Three hosts beside each other, in interleaved rounds."""
    cores = str(len(os.sched_getaffinity(0)))
    options: dict[str, tuple[Sequence[str], dict[str, str]]] = {
        ONE: ((), {}),
        LIMITED: (("--workers", "2"), {}),
        # What libraries do by themselves.
        UNLIMITED: (("--workers", "2"), {"OMP_NUM_THREADS": cores}),
    }
    samples: dict[tuple[str, int], list[wrk.Sample]] = {}
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(
                running(Kind.OURS, MODEL, options=["--no-ui", *words], environment=environment)
            )
            for name, (words, environment) in options.items()
        }
        for server in servers.values():
            server.wait_for(PREDICT)
            server.wait_until_ready()
        for number in range(rounds + 1):  # The first one warms up.
            for rows in ROWS:
                for name, server in servers.items():
                    url = f"{server.url}{PREDICT}?rows={rows}"
                    sample = wrk.run(url, connections=CONNECTIONS, seconds=seconds)
                    if number:
                        samples.setdefault((name, rows), []).append(sample)
    return [
        ReplicaRow(name, rows, wrk.typical(found), _ratio(found, samples[ONE, rows]))
        for (name, rows), found in sorted(samples.items(), key=lambda one: one[0][1])
    ]


def draw(rows: Sequence[ReplicaRow]) -> str:
    lines = [
        f"| {CONNECTIONS} connections | rows | requests/s | of one replica |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| {row.name} | {row.rows} | {row.sample.requests_per_second:.0f} | {row.of_one:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)


def _ratio(samples: list[wrk.Sample], others: list[wrk.Sample]) -> float:
    pairs = zip(samples, others, strict=True)
    return median(a.requests_per_second / b.requests_per_second for a, b in pairs)


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    print(f"Machine: {machine.describe()}.\n")
    print(draw(measure(rounds=3 if quick else 7, seconds=2 if quick else 3)))
