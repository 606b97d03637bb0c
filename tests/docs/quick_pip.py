"""`pip` for readers of pages: what they do most, it does without pip's own three processes.

`pip install --quiet --editable PROJECT` and `pip wheel --quiet --wheel-dir FOLDER PROJECT` ask the
backend that the project names, as pip does without build isolation, and put what it makes where pip
would, so that `pip uninstall` finds it. All else goes to pip itself, and so does everything with
DEEPAAS_SOAK=1; docs/start-here.md is always pasted with pip alone.
"""

from __future__ import annotations

import contextlib
import csv
import importlib
import io
import json
import os
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

INSTALL = ["install", "--quiet", "--editable"]
WHEEL = ["wheel", "--quiet", "--wheel-dir"]


def main(words: list[str]) -> int:
    """The command."""
    if words[:3] == INSTALL and len(words) == 4:
        install(Path(words[3].partition("[")[0]).resolve())
        return 0
    if words[:3] == WHEEL and len(words) == 5:
        wheels = Path(words[3]).resolve()
        wheels.mkdir(parents=True, exist_ok=True)
        make(Path(words[4]).resolve(), wheels, "build_wheel")
        return 0
    from pip._internal.cli.main import main as pip

    return int(pip(words))


def install(project: Path) -> None:
    """Put the editable wheel of a project among the packages of this interpreter."""
    packages = Path(sysconfig.get_path("purelib"))
    with tempfile.TemporaryDirectory() as folder:
        wheel = zipfile.ZipFile(make(project, Path(folder), "build_editable"))
        wheel.extractall(packages)
    (record,) = (name for name in wheel.namelist() if name.endswith(".dist-info/RECORD"))
    about = packages / Path(record).parent
    origin = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (about / "direct_url.json").write_text(json.dumps(origin))
    (about / "INSTALLER").write_text("pip\n")
    with (packages / record).open("a", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerows(
            [f"{about.name}/{name}", "", ""] for name in ("direct_url.json", "INSTALLER")
        )


def make(project: Path, folder: Path, hook: str) -> Path:
    """Have the backend of a project make a wheel."""
    os.chdir(project)
    named = tomllib.loads(Path("pyproject.toml").read_text())["build-system"]["build-backend"]
    backend: Any = importlib.import_module(named)
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            return folder / str(getattr(backend, hook)(str(folder)))
    except BaseException:
        sys.stderr.write(said.getvalue())
        raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
