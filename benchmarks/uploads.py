"""64 MB uploads: how long one takes, and what a hundred of them do to the memory."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from benchmarks import client
from benchmarks.request import UPLOAD_PATH
from benchmarks.servers import Kind, Server, running

SIZE_BYTES = 64 * 10**6
MB = 10**6


@dataclass(frozen=True)
class Memory:
    """Resident megabytes."""

    kind: Kind
    host_at_start: float
    workers_at_start: float
    host_after: float
    workers_after: float
    host_peak: float
    upload_count: int


@dataclass(frozen=True)
class UploadTime:
    """Median seconds, and the median over the rounds of the ratio within a round."""

    ours: float
    theirs: float
    ratio: float


def measure_memory(kind: Kind, *, count: int) -> Memory:
    content = _content()
    with _ready(kind) as server:
        host_at_start, workers_at_start = _resident(server)
        for _ in range(count):
            _upload(server, content)
            _sweep(server.tmp)
        host_after, workers_after = _resident(server)
        peak = _peak(server.process.pid)
    return Memory(kind, host_at_start, workers_at_start, host_after, workers_after, peak, count)


def measure_time(*, rounds: int) -> UploadTime:
    content = _content()
    ours: list[float] = []
    theirs: list[float] = []
    with _ready(Kind.OURS) as our_server, _ready(Kind.THEIRS) as their_server:
        for server in (our_server, their_server):
            _upload(server, content)
        for _ in range(rounds):
            for server, found in ((our_server, ours), (their_server, theirs)):
                found.append(_upload(server, content))
                _sweep(server.tmp)
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    return UploadTime(median(ours), median(theirs), ratio)


@contextmanager
def _ready(kind: Kind) -> Iterator[Server]:
    """A server of the `filesize` model that has answered one tiny upload."""
    with running(kind, "filesize") as server:
        deadline = time.perf_counter() + 60
        while True:
            try:
                if client.upload(server.port, UPLOAD_PATH, memoryview(b"x")).status == 200:
                    break
            except OSError:
                pass
            if time.perf_counter() > deadline or server.process.poll() is not None:
                raise RuntimeError(f"{kind.value} does not take uploads")
            time.sleep(0.02)
        if kind is Kind.OURS:
            # Answered when the store of trainings is open: what it takes counts from the start.
            client.request(server.port, "GET", "/v2/models/filesize/train/")
        yield server


def _upload(server: Server, content: memoryview) -> float:
    start = time.perf_counter()
    answer = client.upload(server.port, UPLOAD_PATH, content)
    elapsed = time.perf_counter() - start
    if answer.status != 200 or answer.json()["predictions"] != {"size": len(content)}:
        raise RuntimeError(f"{server.kind.value}: {answer.status} {answer.body[:200]!r}")
    return elapsed


def _content() -> memoryview:
    return memoryview(bytes(range(256)) * (SIZE_BYTES // 256))


def _sweep(folder: Path) -> None:
    """DEEPaaS leaves a copy of every upload: do not fill the disk with them."""
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size >= SIZE_BYTES // 2:
            path.unlink(missing_ok=True)


def _resident(server: Server) -> tuple[float, float]:
    host = server.host().memory_info().rss / MB
    workers = sum(_rss(worker) for worker in server.workers()) / MB
    return host, workers


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _peak(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / MB
    raise RuntimeError("the kernel does not tell the peak")
