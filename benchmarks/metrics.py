"""How long a scrape of `/metrics` takes, and what it costs the requests beside it."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from benchmarks import client, wrk
from benchmarks.servers import free_port

MODELS_COUNT = 100
WORKERS_COUNT = 20
CONNECTIONS = 16
PREDICT = "/v2/models/model-{}/predict/"


@dataclass(frozen=True)
class Scrapes:
    """Times are in milliseconds; `of_unscraped` is of the throughput without scrapes."""

    lines: int
    idle: float
    loaded: float
    longest_loaded: float
    longest_step: float
    of_unscraped: float


def measure(*, rounds: int, seconds: float) -> Scrapes:
    with _host() as (port, process):
        for number in range(MODELS_COUNT):  # Each has been asked: all histograms are there.
            assert client.post(port, PREDICT.format(number)).status == 200
        lines = _scrape(port)[1]
        idle = [_scrape(port)[0] for _ in range(11)]
        url = f"http://127.0.0.1:{port}{PREDICT.format(7)}"
        wrk.run(url, connections=CONNECTIONS, seconds=1)
        ratios, loaded = [], []
        for _ in range(rounds):
            alone = wrk.run(url, connections=CONNECTIONS, seconds=seconds)
            with _scraping(port) as took:
                beside = wrk.run(url, connections=CONNECTIONS, seconds=seconds)
            ratios.append(beside.requests_per_second / alone.requests_per_second)
            loaded += took
        process.terminate()
        longest = float(process.communicate(timeout=20)[0])
    return Scrapes(lines, median(idle), median(loaded), max(loaded), longest, median(ratios))


def _scrape(port: int) -> tuple[float, int]:
    began = time.perf_counter()
    answer = client.request(port, "GET", "/metrics")
    took = 1000 * (time.perf_counter() - began)
    assert answer.status == 200
    return took, answer.body.count(b"\n")


@contextmanager
def _scraping(port: int) -> Iterator[list[float]]:
    """Each second, as Prometheus at its fastest."""
    took: list[float] = []
    end = threading.Event()

    def scrape() -> None:
        while not end.is_set():
            took.append(_scrape(port)[0])
            end.wait(1.0)

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield took
    finally:
        end.set()
        thread.join()


@contextmanager
def _host() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    port = free_port()
    numbers = (str(each) for each in (port, MODELS_COUNT, WORKERS_COUNT))
    command = [sys.executable, "-m", "benchmarks.many_models", *numbers]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield port, process
    finally:
        process.kill()
        process.wait()
