"""Checks whether the packages that a project requires are installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from deepaas.author_files.lines import shown
from deepaas.author_files.project import read
from deepaas.check.findings import Finding, finding
from deepaas.check.target import Target
from deepaas.kinds.entry_point import GROUP
from deepaas.kinds.entry_point.check.codes import HUB_METADATA_OLD, REQUIREMENT_VERSION

HOST = "deepaas"


def check(target: Target) -> Iterator[Finding]:
    for text, place, wanted in _wanted(target):
        version = _installed_version(wanted.name)
        if version is None:
            yield finding(
                "requirement-missing",
                place,
                f"{wanted.name} is required, but not installed",
                f"pip install '{text.partition(';')[0].strip()}'",
            )
            continue
        if version and not wanted.specifier.contains(version, prereleases=True):
            yield finding(
                REQUIREMENT_VERSION,
                place,
                f"{wanted.name} is required as {wanted.specifier}, but {version} is installed",
                _advice(wanted, text),
            )


def _advice(wanted: Requirement, text: str) -> str:
    name = canonicalize_name(wanted.name)
    if name == HOST:
        return (
            f"write {HOST}>=2.7,<3. This host is {metadata.version(HOST)} and serves packages "
            "written for 2.x unchanged"
        )
    of_host = [one for one in _requirements(HOST) if canonicalize_name(one.name) == name]
    if of_host:
        return f"change the requirement: {HOST} itself requires {of_host[0]}"
    return f"pip install '{text.partition(';')[0].strip()}', or change the requirement"


def _requirements(name: str) -> Iterator[Requirement]:
    """Return the requirements without those of extras."""
    for text in metadata.requires(name) or ():
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            wanted.marker = None
            yield wanted


def missing(target: Target) -> set[str]:
    return {
        canonicalize_name(wanted.name)
        for _, _, wanted in _wanted(target)
        if _installed_version(wanted.name) is None
    }


def _wanted(target: Target) -> Iterator[tuple[str, str, Requirement]]:
    for text, place in _declared(target).items():
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            continue  # pip reports it.
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            yield text, place, wanted


def _installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def hub_metadata(target: Target) -> Iterator[Finding]:
    """Report a project that only has the deprecated metadata file of the hub."""
    folder = Path(target.folder)
    old = folder / "metadata.json"
    if target.folder and old.is_file() and not (folder / "ai4-metadata.yml").is_file():
        yield finding(
            HUB_METADATA_OLD,
            shown(old),
            "the AI4OS hub reads ai4-metadata.yml, but this project has no such file",
            "convert it to ai4-metadata.yml (metadata_version 2.0.0)",
        )


def _declared(target: Target) -> Mapping[str, str]:
    if target.folder:
        project = read(Path(target.folder), GROUP)
        if project.requirements:
            return project.requirements
    for entry in metadata.entry_points(group=GROUP, name=target.name):
        if entry.dist is not None and entry.value == target.value:
            place = f"requirements of {entry.dist.name}"
            return dict.fromkeys(entry.dist.requires or (), place)
    return {}
