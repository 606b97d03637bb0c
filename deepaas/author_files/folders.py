"""Finds models in files and folders that are not installed.

None of their code is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from deepaas.author_files.contents import look, may_be_model
from deepaas.author_files.lines import shown
from deepaas.errors import ConfigError
from deepaas.near_names import near_path

API = "api.py"

PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")

_OTHER_FOLDERS = frozenset(
    ["build", "dist", "doc", "docs", "examples", "node_modules", "notebooks", "test", "tests"]
)


def is_path(reference: str) -> bool:
    """Whether a reference is a path, not a name."""
    if reference in (".", "..", "~"):
        return True
    return "/" in reference or re.search(r"\.py(:[\w.]+)?$", reference) is not None


def missing(place: Path) -> str:
    """Words for a path where nothing is."""
    near = near_path(place)
    return f"{place} does not exist.{f' Did you mean {shown(near)}?' if near else ''}"


def split(source: str) -> tuple[Path, str]:
    """Split a source into the path and the name in the file, which may be empty."""
    path, colon, name = source.rpartition(":")
    if not colon or not path.endswith(".py"):
        path, name = source, ""
    return Path(path).expanduser().absolute(), name


def is_project(folder: Path) -> bool:
    return any((folder / name).is_file() for name in PROJECT_FILES)


def project_folder(file: Path) -> Path:
    """Return the folder of the project of a file. The author's relative paths start from it.

    A project is in the folder of the file's top-level package or module, or up to two levels above.
    """
    top = package_root(file)
    return next((one for one in (top, top.parent, top.parent.parent) if is_project(one)), top)


def package_root(file: Path) -> Path:
    """Return the folder from which a file is imported: the parent of its top-level package."""
    folder = file.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def code_folder(file: Path) -> Path:
    """Return the top-level package of a file, or its folder if it is not in a package."""
    root = package_root(file)
    return root / file.relative_to(root).parts[0] if root != file.parent else root


def model_file(folder: Path) -> Path:
    """Return the file of the model in a folder, of any kind.

    This is an ``api.py`` in the folder, in ``src/`` or in a folder of either; otherwise the only
    file that defines a model. Raises ``ConfigError`` if there is none, or several.
    """
    tops = [one for one in (folder, folder / "src") if one.is_dir()]
    inner = [one for top in tops for one in _folders(top)]
    for folders in (tops, inner):
        apis = [file for one in folders for file in (one / API, one / "api" / "__init__.py")]
        if files := [file for file in apis if file.is_file()]:
            return _only(folder, files)
    defining = [file for one in (*tops, *inner) for file in sorted(one.glob("*.py"))]
    if files := [file for file in defining if look(file) == "contract"]:
        return _only(folder, files)
    near = [file for file in defining if file.parent in tops]
    for defines in (lambda file: look(file) == "typed", may_be_model):
        if files := [file for file in near if defines(file)]:
            return _only(folder, files)
    raise ConfigError(
        f"no model found in {folder}: no {API}, and no file that defines get_predict_args or a "
        "predictor with typed inputs."
    )


def _folders(top: Path) -> Iterator[Path]:
    for one in sorted(top.iterdir()):
        skipped = one.name.startswith((".", "_")) or one.name in _OTHER_FOLDERS
        if one.is_dir() and not skipped and not (one / "pyvenv.cfg").exists():
            yield one


def _only(folder: Path, files: list[Path]) -> Path:
    if len(files) == 1:
        return files[0]
    named = ", ".join(str(file.relative_to(folder)) for file in files)
    raise ConfigError(
        f"several models found in {folder}. Choose one: {named}. "
        f"For example: deepaas-run {shown(files[0])}"
    )
