"""Many command lines of `deepaas-run` that end by themselves, for the price of one start.

One process imports the program and forks for each of them: what they do, they do in a process of
their own, whose output and exit code are those of the program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import processes
from .host import Ended, expose

_DRIVER = """
import json, os, signal, sys
from deepaas.cmd.run import main

codes = []
for number, line in enumerate(json.loads(sys.argv[1])):
    if not (pid := os.fork()):
        signal.alarm({seconds})
        output = os.open(str(number), os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.argv = ["deepaas-run", *line]
        sys.exit(main())
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(json.dumps(codes))
"""


def run_each(
    folder: Path, models: Iterable[str], lines: Sequence[Sequence[str]], seconds: int = 30
) -> list[Ended]:
    """Run each command line to its end; nothing of them may stay.

    Args:
        folder: an empty one.
        models: module names of `tests/models` that can be named.
        lines: the arguments of each.
        seconds: how long each may take, -14 is its exit code otherwise.
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
    driver = [sys.executable, "-c", _DRIVER.format(seconds=seconds), json.dumps(lines)]
    try:
        ran = subprocess.run(driver, env=environment, cwd=outputs, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        codes = json.loads(ran.stdout)
        assert processes.marked(mark) == []
        assert list(tmp.iterdir()) == []
    finally:
        processes.kill_marked(mark)
    return [
        Ended(code, (outputs / str(number)).read_text(errors="replace"))
        for number, code in enumerate(codes)
    ]
