"""What somebody sees who breaks off a command: that it was, and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys
from deepaas.cli.interrupt import Interrupted, unwound

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has it ignored, also by the tests.

async def work():
    pass

try:
    with unwound():
        begun = work()  # The signal comes before anybody waits for it.
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
        signal.pause()
except Interrupted as error:
    del begun
    sys.exit(error.code)
"""


@pytest.mark.parametrize("number,code", [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_nothing_is_said_of_coroutines(number: str, code: int) -> None:
    command = [sys.executable, "-W", "default", "-c", PROGRAM, number]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (code, "")
