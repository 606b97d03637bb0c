"""What is found with packages only."""

from __future__ import annotations

from deepaas.check.codes import error, warning

PROJECT_UNREADABLE = error(
    "project-unreadable", "package", "`pyproject.toml`, `setup.cfg` or `setup.py` is broken"
)
NO_ENTRY_POINT = warning(
    "no-entry-point",
    "package",
    "the project declares no entry point in the group `deepaas.v2.model`: it is served by its path "
    "only",
)
ENTRY_POINT_NOWHERE = error(
    "entry-point-nowhere",
    "package",
    "the entry point names a module or an object that does not exist",
)
ENTRY_POINT_TWICE = error(
    "entry-point-twice",
    "package",
    "two installed packages have an entry point of this name: the host takes neither",
)
INSTALL_STALE = warning(
    "install-stale",
    "package",
    "the project is installed, but without this entry point: install it again",
)
IMPORT_SIBLING = warning(
    "import-sibling",
    "import",
    "a module of the package is imported as if it were a script beside another: once the package "
    "is installed, it is not found",
)
REQUIREMENT_VERSION = warning(
    "requirement-version",
    "package",
    "a package that the project requires is installed in another version",
)
HUB_METADATA_OLD = warning(
    "hub-metadata-old", "package", "there is a `metadata.json` as of old, but no `ai4-metadata.yml`"
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
