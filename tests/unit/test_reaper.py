"""The program above a worker, by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from deepaas import reaper

WITHOUT_PROC = """
import os, runpy, sys
told = os.listdir
def listdir(path):
    if path == "/proc":
        raise FileNotFoundError(path)
    return told(path)
os.listdir = listdir
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_where_the_system_tells_nothing_of_processes() -> None:
    """The program itself is ended all the same, with its group."""
    lifeline, ours = os.pipe()
    told, report = os.pipe()
    held, holds = os.pipe()
    command = reaper.reaped(["/bin/sh", "-c", "sleep 600 & wait"], lifeline=lifeline, report=report)
    at = command.index(str(Path(reaper.__file__)))
    process = subprocess.Popen(
        [*command[:at], "-c", WITHOUT_PROC, *command[at:]], pass_fds=[lifeline, report, holds]
    )
    for descriptor in (lifeline, report, holds):
        os.close(descriptor)
    with os.fdopen(told, "rb") as lines, os.fdopen(held, "rb") as pipe:
        assert int(lines.readline()) > 0
        os.close(ours)
        assert lines.readline() == b"-9\n"
        assert process.wait(60) == -9
        assert pipe.read() == b"", "both have gone"
    assert sys.executable == command[0]
