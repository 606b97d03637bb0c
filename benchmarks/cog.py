"""Predictions by Cog's API, beside Cog 0.23.1: good answers per second; and whether one is lost."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

from benchmarks import cog023, wrk
from benchmarks.packages import MODELS
from benchmarks.servers import START_TIMEOUT_SECONDS, free_port, stop

CONNECTIONS = (1, 16)
OURS, THEIRS = "this host", "Cog 0.23.1"

PREDICTOR = MODELS / "echo.py"
SCRIPT = Path(__file__).with_suffix(".lua")
DOCUMENT = {
    "openapi": "3.0.2",
    "paths": {},
    "components": {
        "schemas": {
            "Input": {
                "type": "object",
                "title": "Input",
                "properties": {"text": {"type": "string", "title": "Text", "x-order": 0}},
                "required": ["text"],
            }
        }
    },
}
"""What Cog's build would have made of the predictor: without it, its server checks nothing."""


@dataclass(frozen=True)
class Sample:
    good_per_second: float
    refused_share: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Row:
    """One server at one number of connections; ``of_theirs`` is of its rate."""

    server: str
    connections: int
    sample: Sample
    of_theirs: float


@dataclass(frozen=True)
class Lost:
    """How many of many predictions had no answer, or another one's."""

    asked_count: int
    lost_count: int


def measure(*, rounds: int, seconds: float) -> list[Row]:
    """Interleaved rounds, so that a noisy minute of the machine hits both alike."""
    samples: dict[tuple[str, int], list[Sample]] = {}
    with ExitStack() as stack:
        urls = {name: stack.enter_context(_running(name)) for name in (OURS, THEIRS)}
        for url in urls.values():
            _wrk(url, connections=max(CONNECTIONS), seconds=2)
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for name, url in urls.items():
                    sample = _wrk(url, connections=connections, seconds=seconds)
                    samples.setdefault((name, connections), []).append(sample)
    return [
        Row(
            name,
            connections,
            _typical(samples[name, connections]),
            _ratio(samples[name, connections], samples[THEIRS, connections]),
        )
        for connections in CONNECTIONS
        for name in (OURS, THEIRS)
    ]


def measure_lost(*, count: int) -> Lost:
    """Ask our host for this many predictions at 16 connections, and look at each answer."""
    with _running(OURS) as url:
        return Lost(count, asyncio.run(_ask_all(url, count)))


async def _ask_all(url: str, count: int) -> int:
    numbers = iter(range(count))
    lost_count = 0

    async def ask(session: aiohttp.ClientSession) -> None:
        nonlocal lost_count
        for number in numbers:
            name, text = f"benchmark-{number}", str(number)
            try:
                async with session.post(url, json={"id": name, "input": {"text": text}}) as answer:
                    told = await answer.json()
            except (aiohttp.ClientError, ValueError):
                told = {}
            lost_count += (told.get("id"), told.get("output")) != (name, text)

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(ask(session) for _ in range(max(CONNECTIONS))))
    return lost_count


@contextmanager
def _running(name: str) -> Iterator[str]:
    """One of the servers; gives the URL of its predictions."""
    with tempfile.TemporaryDirectory(prefix="deepaas-bench-") as folder:
        home, port = Path(folder), free_port()
        environment = os.environ | {"XDG_STATE_HOME": folder, "XDG_CACHE_HOME": folder}
        if name == OURS:
            ours = str(Path(sys.executable).parent / "deepaas-run")
            options = ["--listen-ip", "127.0.0.1", "--listen-port", str(port), "--no-ui"]
            command, base = [ours, *options, f"echo={PREDICTOR}:Predictor"], "/cog/echo"
        else:
            (home / ".cog").mkdir()
            (home / ".cog/openapi_schema.json").write_text(json.dumps(DOCUMENT))
            environment |= {
                "PORT": str(port),
                "COG_PREDICT_TYPE_STUB": f"{PREDICTOR}:Predictor",
                "PATH": f"{cog023.python().parent}:{os.environ['PATH']}",
            }
            command, base = cog023.command(), ""
        with open(home / "log", "wb") as log:
            process = subprocess.Popen(
                command,
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            url = f"http://127.0.0.1:{port}{base}/predictions"
            asyncio.run(_wait_for(url, process, home / "log"))
            yield url
        finally:
            stop(process)


async def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                async with session.post(url, json={"input": {"text": "x"}}) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)
    raise RuntimeError(f"{url} does not answer: {log.read_text(errors='replace')[-2000:]}")


def _wrk(url: str, *, connections: int, seconds: float) -> Sample:
    told = wrk.told_of(url, connections=connections, seconds=seconds, script=SCRIPT)
    if not told["good"]:
        raise wrk.WrkError(f"{url} gave no good answer in {seconds} s")
    rate = told["good"] / told["seconds"]
    refused = 1 - told["good"] / told["requests"]
    return Sample(rate, refused, told["p50_ms"], told["p99_ms"])


def _typical(samples: list[Sample]) -> Sample:
    """The median of each figure."""
    return Sample(
        median(sample.good_per_second for sample in samples),
        median(sample.refused_share for sample in samples),
        median(sample.p50_ms for sample in samples),
        median(sample.p99_ms for sample in samples),
    )


def _ratio(ours: list[Sample], theirs: list[Sample]) -> float:
    """The median over the rounds of the ratio within a round."""
    pairs = zip(ours, theirs, strict=True)
    return median(a.good_per_second / b.good_per_second for a, b in pairs)
