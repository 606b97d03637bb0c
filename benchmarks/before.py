"""This checkout beside an earlier commit: throughput, start and memory, in the same rounds."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import wrk
from benchmarks.peer_venv import ROOT
from benchmarks.request import PREDICT_PATH, QUERY
from benchmarks.servers import Kind, Server, running
from benchmarks.throughput import CONNECTIONS, ratio


@dataclass(frozen=True)
class Row:
    """One of the two, by one door, at one number of connections.

    Attributes:
        of_before: of the other's rate.
        start_seconds: from the start of the process to the first prediction over V2, the median.
    """

    kind: Kind
    door: str
    connections: int
    sample: wrk.Sample
    of_before: float
    host_mb: float
    start_seconds: float


DOORS = {"V2": f"{PREDICT_PATH}?{QUERY}", "Cog": "/cog/nothing/predictions"}
COG_INPUT = {"text": "hello", "count": 3, "ratio": 0.25, "mode": "exact"}


def measure(revision: str, *, rounds: int, seconds: float) -> list[Row]:
    """Interleaved rounds of the do-nothing model.

    Args:
        revision: the commit to compare with, as git knows it.
        rounds: how many for each.
        seconds: how long each is.

    Raises:
        subprocess.CalledProcessError: git knows no such commit, or it cannot be installed.
    """
    samples: dict[tuple[Kind, str, int], list[wrk.Sample]] = {}
    with ExitStack() as stack:
        sites = stack.enter_context(_sites(revision))
        starts = _starts(sites, rounds)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        body = json.dumps({"input": COG_INPUT}).encode()
        cog = wrk.script(folder / "input.json", body, {"Content-Type": "application/json"})
        scripts = {"V2": wrk.SCRIPT, "Cog": cog}
        servers = [
            stack.enter_context(running(kind, "nothing", site=site)) for kind, site in sites.items()
        ]
        for server in servers:
            server.wait_for(DOORS["V2"])
            for door, path in DOORS.items():
                url = server.url + path
                wrk.run(url, connections=max(CONNECTIONS), seconds=2, script=scripts[door])
        for number in range(rounds):
            for door, path in DOORS.items():
                for connections in CONNECTIONS:
                    # Who comes first takes turns: what the last one has left behind costs the next.
                    for server in servers[:: -1 if number % 2 else 1]:
                        sample = wrk.run(
                            server.url + path,
                            connections=connections,
                            seconds=seconds,
                            script=scripts[door],
                        )
                        key = server.kind, door, connections
                        samples.setdefault(key, []).append(sample)
        resident = {one.kind: one.host().memory_info().rss / 1e6 for one in servers}
    return [
        Row(
            kind,
            door,
            connections,
            wrk.typical(samples[kind, door, connections]),
            ratio(samples[kind, door, connections], samples[Kind.BEFORE, door, connections]),
            resident[kind],
            starts[kind],
        )
        for door in DOORS
        for connections in CONNECTIONS
        for kind in sites
    ]


def _starts(sites: dict[Kind, Path], rounds: int) -> dict[Kind, float]:
    found: dict[Kind, list[float]] = {kind: [] for kind in sites}
    for _ in range(rounds):
        for kind, site in sites.items():
            with running(kind, "nothing", site=site) as server:
                found[kind].append(server.wait_for(DOORS["V2"]))
    return {kind: median(seconds) for kind, seconds in found.items()}


@contextmanager
def both(revision: str, model: str) -> Iterator[list[Server]]:
    """That commit and this checkout, in this order, which serve the model."""
    with ExitStack() as stack:
        sites = stack.enter_context(_sites(revision))
        yield [stack.enter_context(running(kind, model, site=site)) for kind, site in sites.items()]


@contextmanager
def _sites(revision: str) -> Iterator[dict[Kind, Path]]:
    """Where that commit and this checkout are installed."""
    # Both in the same way: an editable installation takes a megabyte more.
    revisions = {Kind.BEFORE: revision, Kind.OURS: _now()}
    with ExitStack() as stack:
        yield {kind: stack.enter_context(_installed(one)) for kind, one in revisions.items()}


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
