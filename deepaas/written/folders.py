"""Models in files and folders that nobody has installed: where they are, and what they are called.

Nothing of them is run here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from deepaas.errors import ConfigError
from deepaas.near_names import near_path
from deepaas.written.contents import look, may_be_model
from deepaas.written.lines import shown

API = "api.py"

PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")

_OTHER_FOLDERS = frozenset(
    ["build", "dist", "doc", "docs", "examples", "node_modules", "notebooks", "test", "tests"]
)


def is_path(reference: str) -> bool:
    """Whether somebody means a file or a folder, and not a name."""
    if reference in (".", "..", "~"):
        return True
    return "/" in reference or re.search(r"\.py(:[\w.]+)?$", reference) is not None


def missing(place: Path) -> str:
    """Words for a path where nothing is."""
    near = near_path(place)
    return f"there is no {place}{f'; did you mean {shown(near)}?' if near else ''}"


def split(source: str) -> tuple[Path, str]:
    """Path of a model, and its name in that file, which may be empty."""
    path, colon, name = source.rpartition(":")
    if not colon or not path.endswith(".py"):
        path, name = source, ""
    return Path(path).expanduser().absolute(), name


def is_project(folder: Path) -> bool:
    return any((folder / name).is_file() for name in PROJECT_FILES)


def project_folder(file: Path) -> Path:
    """Where the relative paths of a file's author begin: the project that it is in, or beside it.

    A file belongs to a project in its own folder or in one of the two above its package.
    """
    top = package_root(file)
    return next((one for one in (top, top.parent, top.parent.parent) if is_project(one)), top)


def package_root(file: Path) -> Path:
    """The folder from which a file is imported: above all packages that it is in."""
    folder = file.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def code_folder(file: Path) -> Path:
    """The package that a file is in, the outermost one, or the folder of a file that is in none."""
    root = package_root(file)
    return root / file.relative_to(root).parts[0] if root != file.parent else root


def model_file(folder: Path) -> Path:
    """The file of the model in a folder, of whichever kind it is.

    That is an ``api.py`` there or in ``src/``, or in a folder below; or else the only file that
    defines a model. Raises ``ConfigError`` if there is none, or several.
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
    raise ConfigError(f"several models found in {folder}. Choose one: {named}.")
