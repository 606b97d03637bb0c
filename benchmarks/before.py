"""This checkout beside an earlier commit of it: throughput and memory, in the same rounds."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import wrk
from benchmarks.peer_venv import ROOT
from benchmarks.request import PREDICT_PATH, QUERY
from benchmarks.servers import Kind, Server, running
from benchmarks.throughput import CONNECTIONS, ratio


@dataclass(frozen=True)
class Row:
    """One of the two at one number of connections; ``of_before`` is of the other's rate."""

    kind: Kind
    connections: int
    sample: wrk.Sample
    of_before: float
    host_mb: float


def measure(revision: str, *, rounds: int, seconds: float) -> list[Row]:
    """Interleaved rounds of the do-nothing model.

    Args:
        revision: the commit to compare with, as git knows it.
        rounds: how many for each.
        seconds: how long each is.

    Raises:
        subprocess.CalledProcessError: git knows no such commit, or it cannot be installed.
    """
    kinds = (Kind.BEFORE, Kind.OURS)
    path = f"{PREDICT_PATH}?{QUERY}"
    samples: dict[tuple[Kind, int], list[wrk.Sample]] = {}
    with ExitStack() as stack:
        servers = stack.enter_context(both(revision, "nothing"))
        for server in servers:
            server.wait_for(path)
            wrk.run(server.url + path, connections=max(CONNECTIONS), seconds=2)
        for number in range(rounds):
            for connections in CONNECTIONS:
                # Who comes first takes turns: what the last one has left behind costs the next.
                for server in servers[:: -1 if number % 2 else 1]:
                    sample = wrk.run(server.url + path, connections=connections, seconds=seconds)
                    samples.setdefault((server.kind, connections), []).append(sample)
        resident = {one.kind: one.host().memory_info().rss / 1e6 for one in servers}
    return [
        Row(
            kind,
            connections,
            wrk.typical(samples[kind, connections]),
            ratio(samples[kind, connections], samples[Kind.BEFORE, connections]),
            resident[kind],
        )
        for connections in CONNECTIONS
        for kind in kinds
    ]


@contextmanager
def both(revision: str, model: str) -> Iterator[list[Server]]:
    """That commit and this checkout, in this order, which serve the model."""
    # Both in the same way: an editable installation takes a megabyte more.
    revisions = {Kind.BEFORE: revision, Kind.OURS: _now()}
    with ExitStack() as stack:
        sites = {kind: stack.enter_context(_installed(one)) for kind, one in revisions.items()}
        yield [stack.enter_context(running(kind, model, site=sites[kind])) for kind in sites]


def _now() -> str:
    """A commit of the tracked files as they are in this checkout."""
    command = ["git", "stash", "create"]
    made = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return made.stdout.strip() or "HEAD"


@contextmanager
def _installed(revision: str) -> Iterator[Path]:
    """The package as it was, with its entry points, in a folder for ``PYTHONPATH``."""
    with tempfile.TemporaryDirectory(prefix="deepaas-before-") as folder:
        source, site = Path(folder, "source"), Path(folder, "site")
        source.mkdir()
        archive = subprocess.run(
            ["git", "archive", revision], cwd=ROOT, check=True, stdout=subprocess.PIPE
        )
        subprocess.run(["tar", "-x", "-C", source], input=archive.stdout, check=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", "--target", site, source], check=True)
        yield site
