"""The installed kinds of model, found by their entry points; no model is imported."""

from __future__ import annotations

import enum
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from deepaas import plugins
from deepaas.errors import ConfigError
from deepaas.programs import Interpreter

_log = logging.getLogger(__name__)

_USUAL_STEMS = frozenset(
    ["__init__", "api", "app", "main", "model", "predict", "predictor", "run", "runner", "train"]
)
"""Common file names that do not describe the model: use the name of the folder instead."""


class Certainty(enum.IntEnum):
    """How likely a reference is a model of this kind; the kind with the highest certainty wins."""

    GUESS = 0
    LIKELY = 1
    SURE = 2


class Recognised(NamedTuple):
    """`name` is the default name, `source` is for the worker's part of the kind."""

    name: str
    source: str
    certainty: Certainty = Certainty.SURE


class Installed(NamedTuple):
    """A model that an installed package declares.

    `package` is empty if unknown; `source` is the location in the package.
    """

    name: str
    package: str = ""
    version: str = ""
    source: str = ""


class _HasCertainty(Protocol):
    @property
    def certainty(self) -> Certainty: ...


Claim = TypeVar("Claim", bound=_HasCertainty)


def _none(*_: object) -> tuple[()]:
    """Return nothing: no installed models, or no requirements."""
    return ()


@dataclass(frozen=True)
class ModelKind:
    """The host's part of a kind of model. It imports no models, and no libraries for models.

    Attributes:
        recognise: what the operator means by a reference (``demo_app``, ``./predict.py``), None
            where it is none of this kind. Raises ``ConfigError`` for what would be one, but is
            wrong; that is told if no other kind knows better. Its second argument is the
            interpreter in which a model of this name would run.
        watch: files and folders that ``--reload`` watches for a source, there or not.
        needs: names of distributions that have to be installed for a source beside the kind's own.
        installed: models that an interpreter has, which are served when none is named.
        in_vain: a sentence for each package that declares models in a way that nobody looks for.
        offer: what a package needs for its models to be among these: "an entry point in …".
        files: names of files that make a folder one of a model. In such a folder the commands take
            this model if none is named and none is installed.
    """

    recognise: Callable[[str, Interpreter], Recognised | None]
    watch: Callable[[str], Sequence[Path]]
    needs: Callable[[str], Sequence[str]] = _none
    installed: Callable[[Interpreter], Sequence[Installed]] = _none
    in_vain: Callable[[], Sequence[str]] = _none
    offer: str = ""
    files: Sequence[str] = ()


Kinds = Mapping[str, ModelKind]
"""Kinds by the names of their entry points."""


def load_kinds() -> Kinds:
    """Load the kinds of all installed packages; failures are logged."""
    return plugins.load_all(plugins.MODEL_KINDS, ModelKind)


def claimed(
    reference: str, questions: Mapping[str, Callable[[], Claim | None]], unknown: Callable[[], str]
) -> tuple[str, Claim]:
    """Return the kind with the highest certainty for a reference. Raises ``ConfigError``."""
    claims: dict[str, Claim] = {}
    refusals: list[str] = []
    for name, ask in questions.items():
        try:
            if (claim := ask()) is not None:
                claims[name] = claim
        except ConfigError as error:  # noqa: PERF203
            refusals.append(error.message)
        except Exception:
            _log.exception("The kind %r failed to recognise %s", name, reference)
    if not claims:
        raise ConfigError(refusals[0] if refusals else unknown())
    most = max(claim.certainty for claim in claims.values())
    names = [name for name, claim in claims.items() if claim.certainty == most]
    if len(names) > 1:
        raise ConfigError(f"{reference} could be a model of several kinds: {', '.join(names)}.")
    return names[0], claims[names[0]]


def in_vain(kinds: Kinds) -> list[str]:
    """What packages declare, but nobody looks for, as sentences."""
    return [remark for kind in kinds.values() for remark in kind.in_vain()]


def offers(kinds: Kinds) -> str:
    return " or ".join(kind.offer for kind in kinds.values() if kind.offer)


def name_of(place: Path) -> str:
    """Return the default name of the model in a file or folder."""
    if place.is_dir():
        return cleaned(place.name) or "model"
    name = place.stem
    if name in _USUAL_STEMS:
        folders = (one for one in place.parents if one.name not in ("api", "src"))
        name = next(folders, place).name
    return cleaned(name) or "model"


def cleaned(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")
