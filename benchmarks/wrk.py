"""Runs `wrk`, one thread, and reads its figures."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

SCRIPT = Path(__file__).with_name("wrk.lua")
TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Sample:
    requests_per_second: float
    p50_ms: float
    p99_ms: float


class WrkError(Exception):
    """`wrk` is missing, or not every request was answered well."""


def run(
    url: str,
    *,
    connections: int,
    seconds: float,
    script: Path = SCRIPT,
    timeout_seconds: int = TIMEOUT_SECONDS,
) -> Sample:
    result = told_of(
        url,
        connections=connections,
        seconds=seconds,
        script=script,
        timeout_seconds=timeout_seconds,
    )
    if result["failed_count"]:
        raise WrkError(f"{result['failed_count']} of {result['requests']} requests to {url} failed")
    if not result["requests"]:
        raise WrkError(f"{url} answered no request in {seconds} s")
    rate = result["requests"] / result["seconds"]
    return Sample(rate, result["p50_ms"], result["p99_ms"])


def told_of(
    url: str,
    *,
    connections: int,
    seconds: float,
    script: Path,
    timeout_seconds: int = TIMEOUT_SECONDS,
) -> dict[str, Any]:
    """What the script tells of a run in its last line.

    Raises:
        WrkError: there is no `wrk`, or it failed.
    """
    if shutil.which("wrk") is None:
        raise WrkError("wrk is not installed (Debian: apt-get install wrk)")
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--latency"]
    command += ["--duration", f"{max(1, round(seconds))}s", "--timeout", f"{timeout_seconds}s"]
    command += ["--script", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WrkError(f"wrk failed: {done.stderr or done.stdout}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def typical(samples: list[Sample]) -> Sample:
    """The median of each figure."""
    return Sample(
        median(sample.requests_per_second for sample in samples),
        median(sample.p50_ms for sample in samples),
        median(sample.p99_ms for sample in samples),
    )


def script(path: Path, body: bytes, headers: dict[str, str]) -> Path:
    """A script that posts this body; ``path`` is for the body, the script lies beside it."""
    path.write_bytes(body)
    beside = path.with_suffix(".lua")
    told = "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in headers.items())
    beside.write_text(
        f'local file = io.open("{path}", "rb")\n'
        'wrk.body = file:read("*a")\n'
        f"file:close()\n{told}{SCRIPT.read_text()}"
    )
    return beside
