"""The log on a terminal, and elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

PROGRAM = """
import logging
from deepaas import logs
from deepaas.outlet import replace_standard_streams
replace_standard_streams()
logs.set_up("DEBUG", "", recent=None)
log = logging.getLogger("deepaas.workers.pool")
log.debug("four")
log.info("ready \\x1b[31m and two\\nlines")
log.warning("slow")
log.error("broken")
"""

PLAIN = r"""
DEBUG deepaas.workers.pool: four
INFO deepaas.workers.pool: ready \x1b[31m and two
  lines
WARNING deepaas.workers.pool: slow
ERROR deepaas.workers.pool: broken
"""


def said(terminal: bool, **environment: str) -> str:
    """What it logs, without the times."""
    reading, writing = pty.openpty() if terminal else os.pipe()
    given = {"TERM": "xterm", "NO_COLOR": "", **environment}
    subprocess.run(
        [sys.executable, "-c", PROGRAM], stderr=writing, env={**os.environ, **given}, check=True
    )
    text = os.read(reading, 65536).decode().replace("\r\n", "\n")
    os.close(reading)
    os.close(writing)
    return text


def test_on_a_terminal_it_is_short_and_has_colours() -> None:
    first, info, more, warning, error = said(terminal=True).splitlines()
    assert first.startswith("\x1b[2m") and first.endswith("DEBUG deepaas.workers.pool: four\x1b[0m")
    assert info.endswith("\x1b[0m ready \\x1b[31m and two")
    assert len(info.removesuffix(" ready \\x1b[31m and two")) == len("\x1b[2m12:00:00\x1b[0m")
    assert more == "  lines"
    assert warning.endswith("\x1b[33mwarning\x1b[0m slow")
    assert error.endswith("\x1b[1;31merror\x1b[0m broken")


@pytest.mark.parametrize(
    "terminal,environment", [(False, {}), (True, {"NO_COLOR": "1"}), (True, {"TERM": "dumb"})]
)
def test_elsewhere_it_is_plain(terminal: bool, environment: dict[str, str]) -> None:
    text = said(terminal, **environment)
    lines = [line if line.startswith(" ") else line.split(" ", 2)[2] for line in text.splitlines()]
    assert lines == PLAIN.strip().splitlines()
