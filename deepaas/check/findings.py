"""What a check has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from deepaas.check.codes import CODES, Code

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        area: what it is about, one of :data:`deepaas.check.codes.AREAS`.
        severity: "error" for what fails when somebody uses the model, "warning" for the rest.
        where: ``file:line`` as far as that is known, or what stands for it.
        model: the name of the model, empty for what concerns the whole package.
    """

    code: str
    area: str
    severity: Severity
    where: str
    problem: str
    fix: str
    model: str = ""


def finding(code: Code | str, where: str, problem: str, fix: str, model: str = "") -> Finding:
    """Make a finding of a kind, or of that of :data:`deepaas.check.codes.CODES` with this name."""
    kind = CODES[code] if isinstance(code, str) else code
    return Finding(kind.name, kind.area, kind.severity, where, problem, fix, model)


@dataclass
class Report:
    """The result of one check; ``models`` has entry points (or modules) by name."""

    source: str
    models: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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
        }
