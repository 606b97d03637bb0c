"""The model or models to check."""

from __future__ import annotations

from dataclasses import dataclass, field

from deepaas.check.findings import Finding
from deepaas.errors import ConfigError
from deepaas.model.kinds import Certainty


class UnknownSource(ConfigError):
    """No such model; the message lists those that exist."""


@dataclass(frozen=True)
class Target:
    """One model to check.

    Attributes:
        place: where it is declared, or empty.
        paths: folders to import from, before all others.
        folder: the project; empty for an installed package or a single file.
    """

    name: str
    kind: str
    value: str
    place: str = ""
    paths: list[str] = field(default_factory=list)
    folder: str = ""


@dataclass
class CheckTarget:
    """The models of a source; with low certainty, they may be of another kind."""

    targets: list[Target] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    certainty: Certainty = Certainty.SURE
