"""Findings of a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from deepaas.check.codes import CODES, Code

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One problem.

    Attributes:
        area: one of :data:`deepaas.check.codes.AREAS`.
        severity: "error" if serving or using the model fails, otherwise "warning".
        where: ``file:line`` if known, otherwise a file or another description.
        model: the name of the model, empty for problems of the package.
    """

    code: str
    area: str
    severity: Severity
    where: str
    problem: str
    fix: str
    model: str = ""


def finding(code: Code | str, where: str, problem: str, fix: str, model: str = "") -> Finding:
    """Make a finding; `code` may be a name in :data:`deepaas.check.codes.CODES`."""
    kind = CODES[code] if isinstance(code, str) else code
    return Finding(kind.name, kind.area, kind.severity, where, problem, fix, model)


@dataclass
class Report:
    """The result of one check.

    Attributes:
        models: maps their names to entry points or modules.
        doors: by model, how doors call it, by the name of the door.
    """

    source: str
    models: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    doors: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def errors(self) -> list[Finding]:
        return [found for found in self.findings if found.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        return [found for found in self.findings if found.severity == "warning"]

    def add(self, found: Finding) -> None:
        if found not in self.findings:
            self.findings.append(found)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def as_json(self) -> Mapping[str, Any]:
        """The report as ``--json`` prints it."""
        return {
            "source": self.source,
            "models": self.models,
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "findings": [asdict(found) for found in self.findings],
            "notes": self.notes,
            "doors": self.doors,
        }
