"""Command lines that end by themselves."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from . import prepared, processes
from .host import Ended, expose


def run_cli(
    *words: str, folder: Path, environment: Mapping[str, str] = os.environ, seconds: int = 60
) -> subprocess.CompletedProcess[str]:
    """Run `deepaas-cli` to its end, in a folder."""
    command: list[str | Path] = [prepared.PROGRAMS / "deepaas-cli", *words]
    return prepared.run(command, folder=folder, environment=environment, seconds=seconds)


def run_each(
    folder: Path, models: Iterable[str], lines: Sequence[Sequence[str]], seconds: int = 30
) -> list[Ended]:
    """Run each command line of `deepaas-run` to its end; nothing of them may stay.

    Args:
        folder: an empty one.
        models: module names of `tests/models` that can be named.
        lines: the arguments of each.
        seconds: how long each may take.
    """
    outputs, tmp = folder / "outputs", folder / "tmp"
    outputs.mkdir()
    tmp.mkdir()
    mark = str(folder)
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DEEPAAS_", "OS_DEFAULT", "PYTEST", "COV"))
    }
    environment |= {
        "PYTHONPATH": expose(models, folder / "packages"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(tmp),
        "XDG_STATE_HOME": str(folder / "state"),
        "DEEPAAS_TEST_DIR": str(folder),
        processes.MARK: mark,
    }
    ended = []
    try:
        for number, line in enumerate(lines):
            path = outputs / str(number)
            with path.open("wb") as output:
                process = prepared.start(
                    [prepared.PROGRAM, *line],
                    environment=environment,
                    folder=outputs,
                    output=output.fileno(),
                )
            ended.append(Ended(process.wait(seconds), path.read_text(errors="replace")))
        assert processes.marked(mark) == []
        assert list(tmp.iterdir()) == []
    finally:
        processes.kill_marked(mark)
    return ended
