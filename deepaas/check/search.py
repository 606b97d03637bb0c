"""Finds the models to check."""

from __future__ import annotations

import functools
from pathlib import Path

from deepaas.author_files.lines import shown
from deepaas.check import kinds
from deepaas.check.target import CheckTarget, Target, UnknownSource
from deepaas.errors import ConfigError
from deepaas.model.discovery import installed
from deepaas.model.kinds import ModelKind, claimed, load_kinds
from deepaas.programs import OWN


def find(source: str) -> CheckTarget:
    """Find the models of a source; if it is empty, those of the working directory.

    A source that is not the name of an installed model can be the name of a file or folder.

    Raises:
        UnknownSource: the source does not exist, or is ambiguous.
    """
    checks = kinds.load_kinds()
    hosts = load_kinds()
    source = source or "."
    if Path(source).exists() and source not in {one.name for one in installed(hosts)}:
        source = f"./{source}" if "/" not in source else source
    questions = {}
    for name, kind in hosts.items():
        own = checks.get(name, kinds.ModelCheck()).find
        ask = own or functools.partial(_recognised, name, kind)
        questions[name] = functools.partial(ask, source)
    try:
        return claimed(source, questions, lambda: f"{source!r} is not a model of any kind")[1]
    except ConfigError as error:
        raise UnknownSource(error.message) from None


def _recognised(name: str, kind: ModelKind, source: str) -> CheckTarget | None:
    recognised = kind.recognise(source, OWN)
    if recognised is None:
        return None
    source = recognised.source
    target = Target(recognised.name, name, source, place=shown(source))
    return CheckTarget([target], certainty=recognised.certainty)
