"""Tensors as DeepInverse's client sends them, beside the server of its documentation."""

import json
import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import wrk
from benchmarks.servers import Kind, running
from benchmarks.throughput import CONNECTIONS, ratio
from deepaas.messages import Tensor
from deepaas.protocols.deepinv.data_urls import url_of

MODELS = ("identity", "denoiser")
SMALL, LARGE = (1, 1, 256, 256), (1, 3, 1024, 1024)
SHAPES = (SMALL, LARGE)
PATHS = {Kind.OURS: "/deepinv/{model}", Kind.FLASK: "/"}
LONGER = 3
"""A large image takes longer, and so do its rounds."""


@dataclass(frozen=True)
class ReconstructionRow:
    """One server with one model, at one shape and number of connections."""

    model: str
    shape: tuple[int, ...]
    kind: Kind
    connections: int
    sample: wrk.Sample
    of_flask: float


def measure(*, rounds: int, seconds: float) -> list[ReconstructionRow]:
    """Interleaved rounds, so that a noisy minute of the machine hits both alike."""
    return [row for model in MODELS for row in _of_model(model, rounds, seconds)]


def _of_model(model: str, rounds: int, seconds: float) -> list[ReconstructionRow]:
    rows = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deepaas-bench-")))
        servers = [stack.enter_context(running(kind, model)) for kind in PATHS]
        servers[0].wait_until_ready()
        servers[1].wait_for_port()
        urls = {one.kind: one.url + PATHS[one.kind].format(model=model) for one in servers}
        for shape in SHAPES:
            script = _script(folder, shape)
            lasts = seconds * (LONGER if shape == LARGE else 1)
            samples: dict[tuple[Kind, int], list[wrk.Sample]] = {}
            for url in urls.values():
                wrk.run(url, connections=2, seconds=lasts, script=script)
            for number in range(rounds):
                for connections in CONNECTIONS:
                    for kind in [*urls][:: -1 if number % 2 else 1]:
                        sample = wrk.run(
                            urls[kind],
                            connections=connections,
                            seconds=lasts,
                            script=script,
                            timeout_seconds=60,
                        )
                        samples.setdefault((kind, connections), []).append(sample)
            rows += [
                ReconstructionRow(
                    model,
                    shape,
                    kind,
                    connections,
                    wrk.typical(samples[kind, connections]),
                    ratio(samples[kind, connections], samples[Kind.FLASK, connections]),
                )
                for connections in CONNECTIONS
                for kind in urls
            ]
    return rows


def _script(folder: Path, shape: tuple[int, ...]) -> Path:
    """A script for wrk that sends a tensor of this shape; any numbers but denormal ones."""
    count = 1
    for size in shape:
        count *= size
    data = b"".join(bytes(byte & 0x3F for byte in os.urandom(4096)) for _ in range(count // 1024))
    file = b"".join(url_of(Tensor("float32", [*shape], data))).decode()
    body = json.dumps({"input": {"file": file, "metadata": {}}}).encode()
    name = "-".join(map(str, shape))
    return wrk.script(folder / name, body, {"Content-Type": "application/json"})
