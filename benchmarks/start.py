"""Seconds from the start of the process to the first answered prediction."""

from statistics import median

from benchmarks.request import PREDICT_PATH, QUERY
from benchmarks.servers import Kind, running


def measure(*, rounds: int) -> dict[Kind, float]:
    seconds: dict[Kind, list[float]] = {Kind.OURS: [], Kind.THEIRS: []}
    for _ in range(rounds):
        for kind, found in seconds.items():
            with running(kind) as server:
                found.append(server.wait_for(f"{PREDICT_PATH}?{QUERY}"))
    return {kind: median(found) for kind, found in seconds.items()}
