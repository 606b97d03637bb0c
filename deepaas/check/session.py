"""The running check of one model, in its own process."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from deepaas.check.codes import Code
from deepaas.check.findings import Finding, finding
from deepaas.check.places import SourcePlaces
from deepaas.check.target import Target


def own_time() -> float:
    """A clock in seconds that stops while this thread waits for a processor.

    So code is not reported as slow because the machine is busy.
    """
    try:
        waited_ns = int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        waited_ns = 0
    return time.monotonic() - waited_ns / 1e9


@dataclass(frozen=True)
class CheckJob:
    """The task of the process.

    Attributes:
        skip: stages that ended or blocked an earlier process; a name that ends in ``:`` matches
            all stages with this prefix.
    """

    target: Target
    skip: list[str] = field(default_factory=list)
    call: bool = True

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> CheckJob:
        told = json.loads(text)
        return cls(Target(**told["target"]), told["skip"], told["call"])


@dataclass(frozen=True)
class StepOutcome:
    """Result of running some code; ``seconds`` excludes waiting for a processor."""

    value: Any = None
    error: BaseException | None = None
    skipped: bool = False
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return self.error is None and not self.skipped


class Session:
    """Runs the author's code, and reports findings as lines of JSON.

    It reports each stage to the parent process, which then knows which stage has crashed or hangs.
    ``place`` is used for findings without a line: the module of the model, or its entry point.
    ``schema_place`` is where its ``schema`` is written, once that is known.
    The author's relative paths start from ``there``.
    """

    def __init__(self, job: CheckJob, wire: BinaryIO, spool: Path) -> None:
        self.job = job
        self.target = job.target
        self.spool = spool
        self.places = SourcePlaces([])
        self.place = job.target.place
        self.schema_place = ""
        self.found: list[Finding] = []
        self._wire = wire
        self.there = Path.cwd()

    @property
    def failed(self) -> bool:
        return any(found.severity == "error" for found in self.found)

    def add(self, code: Code | str, where: str, problem: str, fix: str) -> None:
        self.take([finding(code, where, problem, fix, self.target.name)])

    def take(self, findings: Iterable[Finding]) -> None:
        for found in findings:
            self.found.append(found)
            self._tell({"finding": asdict(found)})

    def note(self, text: str) -> None:
        self._tell({"note": text})

    def tell_door(self, door: str, text: str) -> None:
        self._tell({"door": door, "told": text})

    def run(
        self, stage: str, doing: str, function: Callable[[], Any], where: str = ""
    ) -> StepOutcome:
        """Run the author's code and catch everything; ``doing`` describes the stage for users."""
        if any(stage == s or (s.endswith(":") and stage.startswith(s)) for s in self.job.skip):
            return StepOutcome(skipped=True)
        process = os.getpid()
        self._tell({"stage": stage, "doing": doing, "where": where})
        # The author's paths are relative to where the model was loaded, reported ones to here.
        here = Path.cwd()
        os.chdir(self.there)
        began = own_time()
        try:
            outcome = StepOutcome(function(), seconds=own_time() - began)
        except BaseException as error:
            # Also SystemExit and similar exceptions: the check looks for them.
            outcome = StepOutcome(error=error, seconds=own_time() - began)
        self.there = Path.cwd()
        os.chdir(here)
        if os.getpid() != process:
            # The author's code has forked, and this is the child.
            os._exit(0)
        self._tell({"stage": "", "doing": "", "where": ""})
        return outcome

    def guard(self, function: Callable[[], None], name: str) -> None:
        """Run a part of the check. If it fails, report that and continue."""
        try:
            function()
        except Exception as error:
            self.add(
                "check-failed",
                self.place,
                f"the check of {name} failed: {type(error).__name__}: {error}",
                "report this bug, with the package",
            )

    def end(self) -> None:
        self._tell({"end": True})

    def _tell(self, told: dict[str, Any]) -> None:
        self._wire.write(json.dumps(told).encode() + b"\n")
        self._wire.flush()


def printed_bytes() -> int:
    if sys.stdout is not None and not sys.stdout.closed:
        sys.stdout.flush()
    try:
        return os.fstat(1).st_size
    except OSError:
        return 0
