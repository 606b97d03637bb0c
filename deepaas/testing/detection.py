"""Finds the model that the tests of a project test."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from configparser import ConfigParser, Error
from importlib import import_module
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from deepaas.errors import ConfigError
from deepaas.model.discovery import choose, installed
from deepaas.model.kinds import load_kinds, offers

# pytest depends on tomli if Python has no tomllib.
tomllib = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

CHOOSE = "choose one with deepaas_model under [tool.pytest.ini_options] in pyproject.toml"


class Undecided(Exception):
    """The model is unknown; the message says why and what to do."""


def detect(project: Path) -> str:
    """The only model of a project: its name if it is installed, otherwise the path of the project.

    Args:
        project: the folder of the project.

    Raises:
        Undecided: there is no model, or several.
    """
    try:
        return _installed_by(project)
    except Undecided:
        path = f"{project}/"
        try:
            choose([path])
        except ConfigError:
            pass
        else:
            return path
        raise


def _installed_by(project: Path) -> str:
    name = _name_of(project)
    there = set()
    for distribution in distributions():
        own = str(distribution.metadata["Name"] or "")
        there.add(_normal(own))
        if name is None and _folder_of(distribution) == project:
            name = own
    if name is None:
        raise Undecided(f"{project} is not a Python project (no name in pyproject.toml): {CHOOSE}")
    if _normal(name) not in there:
        raise Undecided(
            f"the project {name} is not installed for {sys.executable}. Run "
            f"pip install -e {project}, or {CHOOSE}"
        )
    kinds = load_kinds()
    found = (one for one in installed(kinds) if _normal(one.package) == _normal(name))
    models = list(dict.fromkeys(one.name for one in found))
    if len(models) > 1:
        raise Undecided(f"{name} has several models: {', '.join(models)}. To choose one, {CHOOSE}")
    if not models:
        raise Undecided(
            f"the installed {name} offers no model: add {offers(kinds)}, and run pip install -e "
            f"{project} again; or {CHOOSE}"
        )
    return models[0]


def _name_of(project: Path) -> str | None:
    for name in _names_of(project):
        if isinstance(name, str) and name:
            return name
    return None


def _names_of(project: Path) -> Iterator[Any]:
    try:
        told = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = {}
    yield told.get("project", {}).get("name")
    yield told.get("tool", {}).get("poetry", {}).get("name")
    parser = ConfigParser(interpolation=None)
    try:
        parser.read(project / "setup.cfg", encoding="utf-8")
    except (Error, ValueError):
        return
    yield parser.get("metadata", "name", fallback=None)


def _folder_of(distribution: Distribution) -> Path | None:
    try:
        told = json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        return None
    url = urlsplit(str(told.get("url", "")))
    return Path(unquote(url.path)) if url.scheme == "file" else None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
