"""Who sends a request, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Right(str, Enum):
    """No right includes another one.

    ``READ`` is for models, their descriptions, documents and pages; ``PREDICT`` for predictions,
    including those that are stored; ``TRAIN`` for training runs, with their files and curves;
    ``MANAGE`` for the log and for the host itself; ``METRICS`` for ``/metrics``.
    """

    READ = "read"
    PREDICT = "predict"
    TRAIN = "train"
    MANAGE = "manage"
    METRICS = "metrics"

    __hash__ = str.__hash__  # The one of Enum is a function in Python.

    def __str__(self) -> str:
        return self.value


ALL_RIGHTS = frozenset(Right)


@dataclass(frozen=True)
class Principal:
    """The owner of a key.

    Attributes:
        name: for logs and metrics; empty for a request without a key.
        models: the names of the models that its rights are for; None for all.
        limits: as in ``--limits``; empty for those of everybody.
    """

    name: str
    rights: frozenset[Right]
    models: frozenset[str] | None = None
    limits: str = ""

    @property
    def words(self) -> str:
        """What it may do: ``read, predict; models a, b``."""
        if self.rights == ALL_RIGHTS:
            rights = "all rights"
        else:
            rights = ", ".join(right for right in Right if right in self.rights) or "no rights"
        if self.models is None:
            return rights
        return f"{rights}; models {', '.join(sorted(self.models)) or 'none'}"

    def may(self, right: Right, model: str) -> bool:
        return right in self.rights and (self.models is None or model in self.models)

    def may_all(self, right: Right) -> bool:
        """Whether it has the right for all models, and so for the host."""
        return right in self.rights and self.models is None

    def may_some(self, right: Right) -> bool:
        return right in self.rights and self.models != frozenset()


NOBODY = Principal("", frozenset())
"""Whoever asks an open route without a key."""

PUBLIC = Principal("", frozenset((Right.READ,)))
"""Whoever reads a document that is open to all."""
