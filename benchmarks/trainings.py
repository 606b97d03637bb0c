"""Trainings: what one costs the predictions beside it, and how fast 10,000 of them are listed."""

import asyncio
import functools
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import client
from benchmarks.servers import Kind, Server, running
from deepaas.training.runs import RunOutcome, State, TrainingRun
from deepaas.training.state_directory import StateDirectory
from deepaas.training.store import Store

MODEL = "demo_app"
IMAGE = Path(__file__).parents[1] / "docs" / "images" / "seven.png"
PREDICT = f"/v2/models/{MODEL}/predict/"
TRAIN = f"/v2/models/{MODEL}/train/"
BOUNDARY = client.BOUNDARY


@dataclass(frozen=True)
class Beside:
    """Milliseconds of a prediction of demo_app, alone and beside a training of it.

    Attributes:
        alone: median without a training.
        beside: median while one runs.
        ratio: median over the rounds of the ratio within a round.
    """

    alone: float
    beside: float
    ratio: float


@dataclass(frozen=True)
class Listing:
    """Median milliseconds of one kind of list over many finished trainings."""

    what: str
    milliseconds: float
    runs_count: int


def measure_beside(*, rounds: int, count: int) -> Beside:
    alone: list[float] = []
    beside: list[float] = []
    with running(Kind.OURS, MODEL) as server:
        server.wait_until_ready()
        _predictions(server, count)
        for _ in range(rounds):
            alone.append(_predictions(server, count))
            training = _begin(server)
            beside.append(_predictions(server, count))
            _request(server, "DELETE", f"{TRAIN}{training}")
    ratio = median(b / a for a, b in zip(alone, beside, strict=True))
    return Beside(median(alone), median(beside), ratio)


def measure_lists(*, rounds: int, runs_count: int = 10_000) -> list[Listing]:
    def fill(state: Path) -> None:
        asyncio.run(_fill(state / "deepaas", runs_count))

    found = []
    with running(Kind.OURS, MODEL, prepare=fill) as server:
        server.wait_until_ready()
        for what, query in (
            ("the newest 100", "?limit=100&order=newest"),
            ("100 in the middle", f"?limit=100&offset={runs_count // 2}"),
            ("100 that failed", "?limit=100&status=error"),
            ("all of them", ""),
        ):
            ask = functools.partial(_request, server, "GET", TRAIN + query)
            times = [_seconds(ask) for _ in range(rounds)]
            found.append(Listing(what, 1000 * median(times), runs_count))
    return found


def _begin(server: Server) -> str:
    """Start a training that would take long, and wait until it is at it."""
    run = str(_request(server, "POST", f"{TRAIN}?epochs=500&copies=4")["uuid"])
    while _request(server, "GET", TRAIN + run).get("progress", {}).get("step", 0) < 1:
        time.sleep(0.1)
    return run


def _predictions(server: Server, count: int) -> float:
    """Median milliseconds of one prediction after the other."""
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="seven.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode()
    body += IMAGE.read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)

    def predict() -> None:
        connection.request("POST", PREDICT, body, headers)
        response = connection.getresponse()
        assert response.read() and response.status == 200

    times = [_seconds(predict) for _ in range(count)]
    connection.close()
    return 1000 * median(times)


def _request(server: Server, method: str, path: str) -> Any:
    answer = client.request(server.port, method, path)
    assert answer.status == 200, answer.body
    return answer.json()


def _seconds(what: Callable[[], Any]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


async def _fill(state: Path, runs_count: int) -> None:
    """A state directory with many finished trainings; every tenth has failed."""
    directory = StateDirectory(state)
    store = await Store.open(f"sqlite+aiosqlite:///{directory.database}")
    for number in range(runs_count):
        run = TrainingRun(
            uuid=uuid.uuid4().hex,
            model=MODEL,
            place=directory.id,
            state=State.QUEUED,
            created=time.time(),
            args=b'{"name":"trained","epochs":60,"batch_size":64,"learning_rate":0.004}',
        )
        await store.add(run)
        await store.claim("filler", directory.id, [MODEL], time.time())
        failed = number % 10 == 0
        outcome = RunOutcome(
            State.ERROR if failed else State.DONE,
            time.time(),
            "ValueError: on purpose" if failed else "",
            None if failed else b'{"accuracy":0.98,"epochs":60,"weights":"trained"}',
            has_result=not failed,
        )
        await store.finish(run.uuid, "filler", outcome)
    await store.close()
