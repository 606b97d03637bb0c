"""Checks many models in one process, which forks for each.

Each is what `python -m deepaas.check` does, without the start of an interpreter. Who ends its
process, or does not come back, needs one of its own: `deepaas.check.check` sees to that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deepaas.check import __main__ as program
from deepaas.check import noting
from deepaas.check.findings import Finding, finding
from deepaas.check.search import find
from deepaas.check.session import CheckJob, Session
from deepaas.check.target import UnknownSource


class Many:
    """A process that checks some sources; they are all checked when :meth:`findings` returns."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__]
            if sys.version_info >= (3, 11)
            else [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(list(sources)))
        self._process.stdin.close()

    def findings(self) -> dict[str, list[Finding]]:
        """By source; of what is none there is one of the code `host-refuses`."""
        assert self._process.stdout is not None
        told = json.load(self._process.stdout)
        assert self._process.wait() == 0
        return {source: [Finding(**one) for one in found] for source, found in told.items()}


def _check(source: str) -> list[dict[str, Any]]:
    try:
        found = find(source)
    except UnknownSource as error:
        return [asdict(finding("host-refuses", source, str(error), ""))]
    told = [asdict(one) for one in found.findings]
    for target in found.targets:
        told += _forked(CheckJob(target))
    return told


def _forked(job: CheckJob) -> list[dict[str, Any]]:
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            # As the process of a check has it, which looks how much was printed.
            os.dup2(os.open(f"{folder}/stdout", os.O_WRONLY | os.O_CREAT), 1)
            spool = Path(folder, "spool")
            spool.mkdir()
            with os.fdopen(writing, "wb") as wire:
                session = Session(job, wire, spool)
                program.check(session)
                session.end()
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as wire:
            lines = [json.loads(line) for line in wire]
        os.waitpid(child, 0)
    told = [line["finding"] for line in lines if "finding" in line]
    if any("end" in line for line in lines):
        return told
    return [*told, asdict(finding("crash", job.target.place, "the process has ended", ""))]


if __name__ == "__main__":
    noting.note_fields()
    json.dump({source: _check(source) for source in json.load(sys.stdin)}, sys.stdout)
