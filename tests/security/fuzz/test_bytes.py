"""Requests of every route, changed by chance, over plain sockets."""

import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import pytest
from support import client
from support.host import Host
from support.loop_watch import LoopWatch, watched_host
from support.storm_size import Size
from support.trainings import Client
from support.waiting import wait_until

from .corpus import valid_requests
from .judge import as_before
from .message import Message
from .mutations import mangled, mutated
from .wire import exchange

MODEL = "fuzzed"
SMALL_SECONDS = 20.0
THREADS_COUNT = 8
ENDS = ["read"] * 12 + ["half"] * 4 + ["close", "reset"]


@pytest.fixture(scope="module")
def watched() -> Iterator[tuple[Host, LoopWatch]]:
    options = ["--train-queue-size", "2", "--workers", "2", "--predict-timeout", "20"]
    with watched_host([MODEL], *options, max_peak_mb=200) as found:
        yield found


@pytest.fixture(scope="module")
def corpus(watched: tuple[Host, LoopWatch]) -> list[Message]:
    host, _ = watched
    trainings = Client(host, MODEL)
    answer = trainings.send("POST")
    run = str(answer.json()["uuid"])
    wait_until(lambda: trainings.status(run) == "done", "a training is done")
    found = valid_requests(MODEL, run)
    # Both pages run, and everything has been used once: only then is it as it will be.
    for path in (f"/try-me/{MODEL}/", "/tensorboard/data/runs"):
        wait_until(partial(_is_there, host, path), f"{path} is there")
    with ThreadPoolExecutor(THREADS_COUNT) as threads:
        list(threads.map(lambda message: exchange(host.port, [message.encode()], "read"), found))
    return found


def _is_there(host: Host, path: str) -> bool:
    answer = client.request(host.port, "GET", path, timeout=60)
    return answer.status in (200, 404, 501) and b'http-equiv="refresh"' not in answer.body


def test_every_route_is_among_them(corpus: list[Message]) -> None:
    paths = b"\n".join(message.target for message in corpus)
    for path in (b"/swagger.json", b"/try-me/fuzzed/config", b"/tensorboard/data/runs", b"/readyz"):
        assert path in paths
    assert {message.method for message in corpus} >= {b"GET", b"HEAD", b"POST", b"PUT", b"DELETE"}


def test_changed_by_chance(
    watched: tuple[Host, LoopWatch], corpus: list[Message], size: Size
) -> None:
    host, loop = watched
    seed = os.environ.get("DEEPAAS_FUZZ_SEED") or secrets.token_hex(4)
    only = os.environ.get("DEEPAAS_FUZZ_ONLY", "")
    numbers = [int(only)] if only else range(size(1000, 50_000))
    until = time.monotonic() + size(int(SMALL_SECONDS), 24 * 3600)
    print(f"DEEPAAS_FUZZ_SEED={seed}")
    with as_before(host, loop) as judge, ThreadPoolExecutor(THREADS_COUNT) as threads:

        def send(number: int) -> int:
            if time.monotonic() > until:
                return 0
            random = Random(f"{seed}:{number}")
            data = b"".join(
                mutated(random, random.choice(corpus)).encode()
                for _ in range(random.choice([1] * 9 + [2, 3]))
            )
            if random.random() < 0.2:
                data = mangled(random, data)
            at = random.randrange(len(data) + 1) if random.random() < 0.2 else len(data)
            end = random.choice(ENDS)
            name = f"DEEPAAS_FUZZ_SEED={seed} DEEPAAS_FUZZ_ONLY={number} ({end}) {data[:600]!r}"
            judge.look(name, exchange(host.port, [data[:at], data[at:]], end))
            return 1

        sent = sum(threads.map(send, numbers))
    assert sent, "nothing was sent"
    print(f"{sent} requests")


def test_unchanged(watched: tuple[Host, LoopWatch], corpus: list[Message]) -> None:
    """What is valid gets no 5xx either."""
    host, loop = watched

    def send(message: Message) -> None:
        answer = exchange(host.port, [message.encode()], "read")
        judge.look(message.encode()[:300].decode(errors="replace"), answer)

    with as_before(host, loop) as judge, ThreadPoolExecutor(THREADS_COUNT) as threads:
        list(threads.map(send, corpus))
