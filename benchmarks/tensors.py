"""A tensor of 600 KB: by the Open Inference Protocol, and as nested lists in JSON.

The first beside a bare handler that reads as much, the second beside LitServe.
"""

import json
import random
import struct
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import wrk
from benchmarks.request import BODY_PATH
from benchmarks.servers import Kind, Server, running
from benchmarks.throughput import CONNECTIONS, ratio

OIP, JSON = "Open Inference Protocol", "JSON"
MODEL = "first"
INFER_PATH = f"/oip/v2/models/{MODEL}/infer"
JSON_PATH = f"/v2/models/{MODEL}/predict/"
SHAPE = (1, 3, 224, 224)
COUNT = 3 * 224 * 224


@dataclass(frozen=True)
class TensorRow:
    """One server at one number of connections; ``of_other`` is of the yardstick's rate."""

    form: str
    kind: Kind
    connections: int
    sample: wrk.Sample
    of_other: float


def measure(*, rounds: int, seconds: float) -> list[TensorRow]:
    """Interleaved rounds, so that a noisy minute of the machine hits both alike."""
    with ExitStack() as stack:
        ours = stack.enter_context(running(Kind.OURS, MODEL))
        bare = stack.enter_context(running(Kind.BARE))
        lit = stack.enter_context(running(Kind.LITSERVE, MODEL))
        binary, nested = stack.enter_context(_scripts())
        ours.wait_until_ready()
        bare.wait_for(BODY_PATH)
        lit.wait_for_port()

        for_bare = [(ours, INFER_PATH), (bare, BODY_PATH)]
        for_litserve = [(ours, JSON_PATH), (lit, JSON_PATH)]
        return [
            *_beside(OIP, for_bare, binary, rounds, seconds),
            *_beside(JSON, for_litserve, nested, rounds, seconds),
        ]


def _beside(
    form: str, asked: list[tuple[Server, str]], script: Path, rounds: int, seconds: float
) -> list[TensorRow]:
    """The last one is the yardstick."""
    samples: dict[tuple[Kind, int], list[wrk.Sample]] = {}
    for server, path in asked:
        wrk.run(server.url + path, connections=max(CONNECTIONS), seconds=2, script=script)
    for number in range(rounds):
        for connections in CONNECTIONS:
            for server, path in asked[:: -1 if number % 2 else 1]:
                url = server.url + path
                sample = wrk.run(url, connections=connections, seconds=seconds, script=script)
                samples.setdefault((server.kind, connections), []).append(sample)
    yardstick = asked[-1][0].kind
    return [
        TensorRow(
            form,
            server.kind,
            connections,
            wrk.typical(samples[server.kind, connections]),
            ratio(samples[server.kind, connections], samples[yardstick, connections]),
        )
        for connections in CONNECTIONS
        for server, _ in asked
    ]


@contextmanager
def _scripts() -> Iterator[tuple[Path, Path]]:
    """Scripts for wrk that send the tensor, in binary and in JSON."""
    size = {"binary_data_size": 4 * COUNT}
    told = {"name": "image", "shape": SHAPE, "datatype": "FP32", "parameters": size}
    head = json.dumps({"inputs": [told]}).encode()
    source = random.Random(7)
    packed = struct.pack(f"<{COUNT}f", *(source.random() for _ in range(COUNT)))
    nested = {"image": _nested(iter(struct.unpack(f"<{COUNT}f", packed)), SHAPE)}
    with tempfile.TemporaryDirectory(prefix="deepaas-bench-") as folder:
        length = {"Inference-Header-Content-Length": str(len(head))}
        yield (
            wrk.script(Path(folder, "binary"), head + packed, length),
            wrk.script(
                Path(folder, "json"),
                json.dumps(nested).encode(),
                {"Content-Type": "application/json"},
            ),
        )


def _nested(numbers: Iterator[float], shape: tuple[int, ...]) -> Any:
    if not shape:
        return next(numbers)
    return [_nested(numbers, shape[1:]) for _ in range(shape[0])]
