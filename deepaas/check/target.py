"""What is to be checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from deepaas.check.findings import Finding
from deepaas.errors import ConfigError
from deepaas.model.kinds import Certainty


class UnknownSource(ConfigError):
    """There is nothing of this name; the message says what there is."""


@dataclass(frozen=True)
class Target:
    """One model that is to be checked.

    Attributes:
        place: where it is declared, empty if it is not.
        paths: folders to import from, before all others.
        folder: of the project, empty for what is installed or stands alone.
    """

    name: str
    kind: str
    value: str
    place: str = ""
    paths: list[str] = field(default_factory=list)
    folder: str = ""


@dataclass
class CheckTarget:
    """What a source stands for; without certainty perhaps for models of another kind."""

    targets: list[Target] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    certainty: Certainty = Certainty.SURE
