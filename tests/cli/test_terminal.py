"""What a terminal shows, and only a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pytest
from support.host import Host, start_host
from support.prepared import PROGRAMS

from .command import Shell

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


DRAWS = """
import base64
from pathlib import Path

def predict() -> Path:
    Path("drawn.png").write_bytes(b"\\x89PNG\\r\\n\\x1a\\n")
    return Path("drawn.png")
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
            preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),
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

    def press_ctrl_c(self) -> None:
        """As the keyboard does it."""
        os.write(self._ours, b"\x03")

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


HIDDEN_CURSOR, SHOWN_CURSOR = "\x1b[?25l", "\x1b[?25h"

YIELDS = """
import os, time
from pathlib import Path
from typing import Iterator

def predict() -> Iterator[str]:
    for name in ("first", "second", "third"):
        while not Path(os.environ["DEEPAAS_TEST_DIR"], name).exists():
            time.sleep(0.01)
        yield name
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("host")
    (folder / "yields.py").write_text(YIELDS)
    options = ("--model-name", f"{folder}/yields.py:predict", "--no-ui")
    with start_host(["gated", "trains"], *options) as host:
        yield host


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path, "waits")
    (tmp_path / "waits.py").write_text(MODEL)
    shell.environment["PYTHONPATH"] += f":{tmp_path}"
    return shell


def test_lines_around_what_a_model_prints(shell: Shell) -> None:
    terminal = Terminal(shell, "predict")
    terminal.wait_for("loading waits\r\npredicting waits\r\n")
    assert terminal.is_quiet()
    (shell.folder / "go").touch()
    code, screen = terminal.end()
    assert code == 0
    said = 'loading waits\r\npredicting waits\r\na line\r\nhalf a line{\r\n  "value": 41\r\n}\r\n'
    assert screen == said


WRITES = """
import logging, subprocess, sys, time

def predict() -> str:
    print("printed")
    logging.getLogger("mine").warning("logged")
    print("on standard error", file=sys.stderr)
    name = input("who? ")
    for step in range(3):
        print(f"\\r{step + 1}/3", end="", file=sys.stderr, flush=True)
        time.sleep(0.15)
    print(file=sys.stderr)
    subprocess.run(["echo", "from a program"], check=True)
    return name
"""


def test_whatever_a_model_writes_stands_as_it_was_written(shell: Shell) -> None:
    (shell.folder / "writes.py").write_text(WRITES)
    terminal = Terminal(shell, "predict", DEEPAAS_V2_MODEL="writes.py:predict")
    terminal.wait_for(r"who\? ")
    assert terminal.is_quiet()
    terminal.type("me")
    code, screen = terminal.end()
    assert code == 0
    begin, _, rest = screen.partition("predicting writes\r\n")
    assert begin.startswith("loading writes\r\n")
    lines = ("printed", "WARNING mine: logged", "on standard error", "who? me")
    bar = "\r1/3\r2/3\r3/3\r\n"
    assert rest == "\r\n".join((*lines, bar)) + 'from a program\r\n"me"\r\n'


def test_ctrl_c_leaves_the_terminal_as_it_was(shell: Shell) -> None:
    terminal = Terminal(shell, "predict")
    terminal.wait_for("predicting waits\r\n")
    terminal.press_ctrl_c()
    code, screen = terminal.end()
    assert code == 130
    assert "\x1b" not in screen
    assert screen.endswith("predicting waits was interrupted\r\n")


def test_a_spinner_with_the_time_until_a_host_has_answered(shell: Shell, host: Host) -> None:
    words = ("--url", host.url, "--model-name", "gated", "predict", "--label=a", "--gate=go")
    terminal = Terminal(shell, *words)
    line = terminal.wait_for(r"\S+ predicting gated \S*0:00:01")
    assert "\x1b[" in line  # it has colours
    host.touch("go")
    code, screen = terminal.end()
    assert code == 0
    # Nothing of it is left, the cursor is there again, and the result begins a line of its own.
    assert re.search(r'\x1b\[2K\{\r\n  "label": "a",\r\n  "pid": \d+\r\n\}\r\n$', screen)
    assert screen.rindex(SHOWN_CURSOR) > screen.rindex(HIDDEN_CURSOR)


def test_ctrl_c_takes_the_spinner_away(shell: Shell, host: Host) -> None:
    words = ("--url", host.url, "--model-name", "gated", "predict", "--label=b", "--gate=never")
    terminal = Terminal(shell, *words)
    terminal.wait_for("predicting gated")
    terminal.press_ctrl_c()
    code, screen = terminal.end()
    assert code == 130
    assert screen.rindex(SHOWN_CURSOR) > screen.rindex("predicting gated")


def test_a_spinner_until_the_first_part_of_a_stream(shell: Shell, host: Host) -> None:
    words = ("--url", host.url, "--model-name", "yields", "predict", "--stream")
    terminal = Terminal(shell, *words)
    terminal.wait_for(r"\S+ predicting yields ")
    host.touch("first")
    terminal.wait_for(r'\x1b\[2K"first"\r\n')
    assert terminal.is_quiet()
    host.touch("second")
    host.touch("third")
    code, screen = terminal.end()
    assert code == 0
    assert screen.endswith('"first"\r\n"second"\r\n"third"\r\n')


def test_the_progress_of_a_training_in_lines(shell: Shell) -> None:
    terminal = Terminal(shell, "train")
    terminal.wait_for("training waits\r\ntraining waits: 3/4 loss 0.5\r\n")
    (shell.folder / "go").touch()
    assert terminal.end()[0] == 0


def test_the_progress_of_a_training_of_a_host_without_colours(shell: Shell, host: Host) -> None:
    words = ("--url", host.url, "--model-name", "trains", "train", "--how", "steps", "--text", "t")
    terminal = Terminal(shell, *words, "--count", "4", NO_COLOR="1")
    host.touch("t-0")
    line = terminal.wait_for(r"training trains .*1/4 step 0 .*0:00:\d\d")
    assert "━" in line
    assert "\x1b[3" not in line
    for step in range(1, 4):
        host.touch(f"t-{step}")
    assert terminal.end()[0] == 0


def test_plain_where_it_is_wanted(shell: Shell) -> None:
    (shell.folder / "go").touch()
    for words, environment in ((("--plain", "predict"), {}), (("predict",), {"TERM": "dumb"})):
        code, screen = Terminal(shell, *words, **environment).end()
        assert code == 0
        assert "predicting" not in screen
        assert "loading" not in screen


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
    assert "predicting" not in screen.partition("(Pdb)")[2]


BROWSER = """#!/bin/sh
echo "$1" > opened
"""


def test_what_a_terminal_cannot_show_becomes_a_file_with_the_ending_of_its_type(
    shell: Shell,
) -> None:
    (shell.folder / "draws.py").write_text(DRAWS)
    for name in ("result.png", "result2.png"):
        code, screen = Terminal(shell, "--model", "draws.py:predict", "predict").end()
        assert code == 0
        assert f"Result saved to {name}" in screen
        assert (shell.folder / name).read_bytes().startswith(b"\x89PNG")


def test_a_result_is_opened_in_the_browser(shell: Shell) -> None:
    (shell.folder / "go").touch()
    browser = shell.folder / "browser"
    browser.write_text(BROWSER)
    browser.chmod(0o755)
    ended = shell.run("--model-name", "waits", "predict", "--open", BROWSER=f"{browser} %s")
    assert (ended.code, ended.output) == (0, b"")
    result = shell.folder / "result.json"
    assert json.loads(result.read_text()) == {"value": 41}
    assert (shell.folder / "opened").read_text().strip() == result.as_uri()


SHOWS_A_PICTURE = """
def get_metadata():
    return {"picture": "data:image/png;base64," + 9999 * "A", "name": "shows"}
"""


def test_data_urls_are_cut_on_a_terminal(shell: Shell) -> None:
    (shell.folder / "shows.py").write_text(SHOWS_A_PICTURE)
    code, screen = Terminal(shell, "get_metadata", DEEPAAS_V2_MODEL="shows.py").end()
    assert code == 0
    assert "AAA… (10021 characters)" in screen
    assert len(screen) < 1000


def test_help_without_a_command(shell: Shell) -> None:
    code, screen = Terminal(shell).end()
    assert code == 0
    assert "Call the functions of a model" in screen
