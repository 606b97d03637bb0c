"""Words of hosts, of models and in names of files do nothing on a terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deepaas.check.findings import Finding, Report
from deepaas.cli.check_command import lines
from deepaas.cli.problems import say
from deepaas.help import CommandParser
from deepaas.visible import visible

EVIL = "\x1b]0;mine\x07 \x9b2J \u202ereversed \r"
SHOWN = "\\x1b]0;mine\\x07 \\x9b2J \\u202ereversed \\r"


def test_visible() -> None:
    assert visible(EVIL) == SHOWN
    assert visible("two\nlines\tof Größe 日本 \u2026") == "two\nlines\tof Größe 日本 \u2026"


def test_messages(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"the model failed: {EVIL}", "next")
    assert capsys.readouterr().err == f"the model failed: {SHOWN}\nnext\n"


def test_options_of_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    parser = CommandParser("predict", description=EVIL)
    parser.add_argument("--mode", choices=[EVIL], help=EVIL)
    for words in (["--help"], ["--mode", "x"], ["--modes"]):
        with pytest.raises(SystemExit):
            parser.parse_args(words)
    told = "".join(capsys.readouterr())
    assert "mine" in told
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(told)


def test_names_of_files(tmp_path: Path) -> None:
    for name in ("a\x1b[2J.py", "b.py"):
        (tmp_path / name).write_text("def get_metadata(): ...\ndef predict(): ...\n")
    command = [sys.executable, "-m", "deepaas.cmd.run", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert r"a\x1b[2J.py, b.py" in ended.stderr


def test_findings() -> None:
    found = Finding("code", "import", "error", f"{EVIL}.py:1", EVIL, EVIL)
    told = "\n".join(line.plain for line in lines(Report("x", {"m": f"/{EVIL}.py"}, [found])))
    assert told.count(SHOWN) == 4
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(told)
