"""Makes a project that is served by its path visible to ``importlib.metadata``.

Models read their version and author from the metadata of their project. This works the same whether
the project is installed or not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import Any

from deepaas.author_files.project import PackageProject


def show(project: PackageProject) -> None:
    """Make a project available by its name, unless one with this name is installed."""
    if project.name:
        sys.meta_path.append(_ProjectFinder(_ProjectDistribution(project)))


class _ProjectFinder(metadata.DistributionFinder):
    def __init__(self, distribution: _ProjectDistribution) -> None:
        self._distribution = distribution

    def find_spec(self, *_: Any) -> None:
        """Find no modules."""

    def find_distributions(
        self, context: metadata.DistributionFinder.Context | None = None
    ) -> Iterable[metadata.Distribution]:
        wanted = _normal((context and context.name) or "")
        return [self._distribution] if wanted == _normal(self._distribution.project.name) else []


class _ProjectDistribution(metadata.Distribution):
    def __init__(self, project: PackageProject) -> None:
        self.project = project

    def read_text(self, filename: str) -> str | None:
        return _headers(self.project.about) if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Path:
        return self.project.folder.joinpath(path)


def _headers(about: Sequence[tuple[str, str]]) -> str:
    message = Message()
    message["Metadata-Version"] = "2.1"
    for name, value in about:
        # A line break would end the headers.
        message[name] = " ".join(value.split())
    return message.as_string()


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
