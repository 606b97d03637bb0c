"""Kinds of finding that only packages have."""

from __future__ import annotations

from deepaas.check.codes import error, warning

PROJECT_UNREADABLE = error(
    "project-unreadable", "package", "`pyproject.toml`, `setup.cfg` or `setup.py` is invalid"
)
NO_ENTRY_POINT = warning(
    "no-entry-point",
    "package",
    "the project declares no entry point in the group `deepaas.v2.model`: it can only be served by "
    "its path",
)
ENTRY_POINT_NOWHERE = error(
    "entry-point-nowhere",
    "package",
    "the entry point refers to a module or object that does not exist",
)
ENTRY_POINT_TWICE = error(
    "entry-point-twice",
    "package",
    "two installed packages have an entry point with this name: the host uses neither",
)
INSTALL_STALE = warning(
    "install-stale",
    "package",
    "the project is installed, but without this entry point: install it again",
)
IMPORT_SIBLING = warning(
    "import-sibling",
    "import",
    "a module of the package is imported like a script next to it: once the package is installed, "
    "it is not found",
)
REQUIREMENT_VERSION = warning(
    "requirement-version",
    "package",
    "the installed version of a required package does not match the requirement",
)
HUB_METADATA_OLD = warning(
    "hub-metadata-old",
    "package",
    "there is a deprecated `metadata.json`, but no `ai4-metadata.yml`",
)

CODES = (
    PROJECT_UNREADABLE,
    NO_ENTRY_POINT,
    ENTRY_POINT_NOWHERE,
    ENTRY_POINT_TWICE,
    INSTALL_STALE,
    IMPORT_SIBLING,
    REQUIREMENT_VERSION,
    HUB_METADATA_OLD,
)
