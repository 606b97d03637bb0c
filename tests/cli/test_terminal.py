"""What a terminal shows, and only a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pytest

from .command import PROGRAMS, Shell

MODEL = """
import sys, time
from pathlib import Path
from webargs import fields, validate
from deepaas.model.v2 import run

def get_predict_args():
    return {
        "debug": fields.Bool(load_default=False),
        "accept": fields.Str(validate=validate.OneOf(["application/json", "image/png"])),
    }

def predict(debug, accept):
    value = 41
    if debug:
        breakpoint()
    wait("go")
    print("a line")
    print("half a line", end="", file=sys.stderr)
    return {"value": value}

def train():
    run.progress(3, 4, "loss 0.5")
    wait("go")

def wait(name):
    while not Path(name).exists():
        time.sleep(0.01)
"""


class Terminal:
    """A command on a terminal of 80 columns."""

    def __init__(self, shell: Shell, *words: str, **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [PROGRAMS / "deepaas-cli", *words],
            cwd=shell.folder,
            env=shell.environment | {"TERM": "xterm-256color"} | environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.screen = ""

    def wait_for(self, pattern: str) -> str:
        """Read until something has been shown; what it was."""
        end = time.monotonic() + 60
        while not (found := re.search(pattern, self.screen)):
            assert time.monotonic() < end, f"{pattern!r} is not in {self.screen!r}"
            self._read()
        return found[0]

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._ours, f"{text}\n".encode())

    def is_quiet(self) -> bool:
        """Whether nothing is drawn for so long that a spinner would have been."""
        return not select.select([self._ours], [], [], 0.5)[0]

    def end(self) -> tuple[int, str]:
        """Read to the end; the exit code, and all that was shown."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(30), self.screen

    def _read(self) -> bool:
        if not select.select([self._ours], [], [], 60)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # Nobody has the terminal any more.
            return False
        self.screen += data.decode(errors="replace")
        return bool(data)


YIELDS = """
import sys, time
from pathlib import Path
from typing import Iterator

def predict() -> Iterator[str]:
    for name in ("first", "second", "third"):
        while not Path(name).exists():
            time.sleep(0.01)
        print("half a line", end="", file=sys.stderr)
        yield name
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path, "waits")
    (tmp_path / "waits.py").write_text(MODEL)
    shell.environment["PYTHONPATH"] += f":{tmp_path}"
    return shell


def test_a_spinner_with_the_time_until_the_result(shell: Shell) -> None:
    terminal = Terminal(shell, "predict")
    line = terminal.wait_for(r"\S+ predicting waits \S*0:00:01")
    assert "\x1b[" in line  # it has colours
    (shell.folder / "go").touch()
    code, screen = terminal.end()
    assert code == 0
    # The line is erased before others print, and the result begins a line of its own.
    assert "\r\x1b[Ka line\r\n" in screen
    assert screen.endswith('half a line\r\n{\r\n  "value": 41\r\n}\r\n')


def test_a_spinner_until_the_first_part_of_a_stream(shell: Shell) -> None:
    (shell.folder / "yields.py").write_text(YIELDS)
    terminal = Terminal(shell, "--model-name", "yields.py:predict", "predict", "--stream")
    terminal.wait_for(r"\S+ predicting yields ")
    (shell.folder / "first").touch()
    terminal.wait_for(r'\r\x1b\[Khalf a line\r\n"first"\r\n')
    assert terminal.is_quiet()
    (shell.folder / "second").touch()
    (shell.folder / "third").touch()
    code, screen = terminal.end()
    assert code == 0
    # Each line begins one, whatever the model prints.
    assert screen.endswith('"first"\r\nhalf a line\r\n"second"\r\nhalf a line\r\n"third"\r\n')


def test_a_file_of_lines_has_the_spinner_to_its_end(shell: Shell) -> None:
    (shell.folder / "yields.py").write_text(YIELDS.replace("half a line", "a line\\n"))
    words = ("--model-name", "yields.py:predict", "-o", "lines", "predict", "--stream")
    terminal = Terminal(shell, *words)
    (shell.folder / "first").touch()
    terminal.wait_for(r"a line\r\n(.|\n)*predicting yields ")
    (shell.folder / "second").touch()
    (shell.folder / "third").touch()
    assert terminal.end()[0] == 0
    assert (shell.folder / "lines").read_text().splitlines() == ['"first"', '"second"', '"third"']


def test_the_progress_of_a_training_without_colours(shell: Shell) -> None:
    terminal = Terminal(shell, "train", NO_COLOR="1")
    line = terminal.wait_for(r"training waits .*3/4 loss 0.5 .*0:00:\d\d")
    assert "━" in line
    assert "\x1b[3" not in line
    (shell.folder / "go").touch()
    assert terminal.end()[0] == 0


def test_plain_where_it_is_wanted(shell: Shell) -> None:
    (shell.folder / "go").touch()
    for words, environment in ((("--plain", "predict"), {}), (("predict",), {"TERM": "dumb"})):
        code, screen = Terminal(shell, *words, **environment).end()
        assert code == 0
        assert "predicting" not in screen


def test_a_debugger_has_the_terminal_for_itself(shell: Shell) -> None:
    (shell.folder / "go").touch()
    terminal = Terminal(shell, "predict", "--debug")
    terminal.wait_for(r"\(Pdb\) ")
    assert terminal.is_quiet()
    terminal.type("value = 42")
    terminal.type("continue")
    code, screen = terminal.end()
    assert code == 0
    assert '"value": 42' in screen
    # From the prompt on until the answer nothing is drawn.
    assert "predicting" not in screen.partition("(Pdb)")[2].partition("a line")[0]


def test_a_terminal_is_spared_what_it_cannot_show(shell: Shell) -> None:
    code, screen = Terminal(shell, "predict", "--accept", "image/png").end()
    assert code == 2
    assert "the result will be image/png, which a terminal cannot show" in screen
