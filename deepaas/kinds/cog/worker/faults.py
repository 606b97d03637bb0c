"""Problems of a predictor: all of them at once, each with its line in the author's file."""

from __future__ import annotations

from typing import Any, NamedTuple

from deepaas.kinds.cog.worker.source import line_of
from deepaas.runtime.failures import CannotBeServed


class Fault(NamedTuple):
    """One problem, and what to do about it; ``line`` is 0 if the place is unknown."""

    problem: str
    fix: str
    file: str = ""
    line: int = 0

    @property
    def sentence(self) -> str:
        fix = f"{self.fix[:1].upper()}{self.fix[1:]}"
        return f"{self.problem}. {fix}"

    def __str__(self) -> str:
        return f"{self.sentence} ({self.file}:{self.line})" if self.line else self.sentence


class Faults(CannotBeServed):
    """All problems of a predictor. Their places are only for the log: clients get the first one."""

    def __init__(self, where: str, faults: list[Fault]) -> None:
        first, *others = faults
        listed = [f"Problems of {where}:", *(f"  - {fault}" for fault in faults)]
        place = f"{first.file}:{first.line}" if first.line else ""
        more = f" (and {len(others)} more)" if others else ""
        details = "\n".join(listed) if others else place
        super().__init__(f"{where}: {first.sentence}{more}", details)
        self.faults = faults


class FaultList:
    """Collects the problems that are found while a predictor is read."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, problem: str, fix: str, thing: Any = None, part: str = "") -> None:
        """`thing` is the function or class with the problem, `part` an input, or ``return``."""
        self.found.append(Fault(problem, fix, *line_of(thing, part)))
