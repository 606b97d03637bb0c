"""A tensor of 600 KB by the Open Inference Protocol, against a bare handler that reads as much."""

import json
import random
import struct
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import wrk
from benchmarks.request import BODY_PATH
from benchmarks.servers import Kind, running
from benchmarks.throughput import CONNECTIONS, ratio

MODEL = "first"
INFER_PATH = f"/oip/v2/models/{MODEL}/infer"
SHAPE = (1, 3, 224, 224)
COUNT = 3 * 224 * 224


@dataclass(frozen=True)
class TensorRow:
    kind: Kind
    connections: int
    sample: wrk.Sample
    of_bare: float


def measure(*, rounds: int, seconds: float) -> list[TensorRow]:
    """Interleaved rounds, so that a noisy minute of the machine hits both alike."""
    samples: dict[tuple[Kind, int], list[wrk.Sample]] = {}
    with ExitStack() as stack:
        script = stack.enter_context(_script())
        bare = stack.enter_context(running(Kind.BARE))
        ours = stack.enter_context(running(Kind.OURS, MODEL))
        bare.wait_for(BODY_PATH)
        ours.wait_until_ready()
        urls = {Kind.BARE: bare.url + BODY_PATH, Kind.OURS: ours.url + INFER_PATH}
        for url in urls.values():
            wrk.run(url, connections=max(CONNECTIONS), seconds=2, script=script)
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for kind, url in urls.items():
                    sample = wrk.run(url, connections=connections, seconds=seconds, script=script)
                    samples.setdefault((kind, connections), []).append(sample)
    return [
        TensorRow(
            kind,
            connections,
            wrk.typical(samples[kind, connections]),
            ratio(samples[kind, connections], samples[Kind.BARE, connections]),
        )
        for connections in CONNECTIONS
        for kind in (Kind.OURS, Kind.BARE)
    ]


@contextmanager
def _script() -> Iterator[Path]:
    """A script for wrk that sends the tensor."""
    size = {"binary_data_size": 4 * COUNT}
    asked = {"name": "image", "shape": SHAPE, "datatype": "FP32", "parameters": size}
    head = json.dumps({"inputs": [asked]}).encode()
    numbers = random.Random(7)
    tensor = struct.pack(f"<{COUNT}f", *(numbers.random() for _ in range(COUNT)))
    with tempfile.TemporaryDirectory(prefix="deepaas-bench-") as folder:
        body, script = Path(folder, "body"), Path(folder, "tensors.lua")
        body.write_bytes(head + tensor)
        script.write_text(
            f'local file = io.open("{body}", "rb")\n'
            'wrk.body = file:read("*a")\n'
            "file:close()\n"
            f'wrk.headers["Inference-Header-Content-Length"] = "{len(head)}"\n'
            f"{wrk.SCRIPT.read_text()}"
        )
        yield script
