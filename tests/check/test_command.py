"""`deepaas-cli check`: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from support.command_lines import run_cli
from support.waiting import wait_until

from deepaas.check import codes, kinds

from .test_broken import BROKEN

COMMAND = [sys.executable, "-m", "deepaas.cli", "check"]
ROOT = BROKEN.parents[2]
PAGE = ROOT / "docs" / "how-to" / "check.md"


def run(*arguments: str, folder: Path = BROKEN) -> subprocess.CompletedProcess[str]:
    return run_cli("check", *arguments, folder=folder)


def test_findings_are_for_people() -> None:
    done = run("result-breaks-schema")
    assert done.returncode == 1
    assert done.stdout == (
        "result-breaks-schema (result-breaks-schema/api.py)\n"
        "\n"
        "Calls\n"
        "error   result-breaks-schema/api.py:22  calling predict with examples[0]: result "
        "'label': declared String, required, but missing; result 'labels': not declared, got "
        "['a', 'a', 'a'] (list), so clients get no result  [result-breaks-schema]\n"
        "        fix: add 'label', remove 'labels', or change the schema in "
        "result-breaks-schema/api.py:6\n"
        "\n"
        "1 error\n"
    )
    assert done.stderr == ""


def test_warnings_count_if_wanted() -> None:
    assert run("secret-shown").returncode == 0
    done = run("secret-shown", "--strict")
    assert done.returncode == 1
    assert done.stdout.endswith("1 warning\n")


def test_calls_can_be_left_out() -> None:
    done = run("predict-fails", "--no-call")
    assert done.returncode == 0
    assert "note: not fully checked: predict and warm were not called (--no-call)" in done.stdout
    assert done.stdout.endswith("no problems found\n")


def test_json_is_for_programs() -> None:
    done = run("result-not-sendable-accept", "--json")
    report = json.loads(done.stdout)  # Nothing that the model prints is in between.
    assert done.returncode == 1
    name = "result-not-sendable-accept"
    assert report["models"] == {name: str(BROKEN / name / "api.py")}
    assert (report["errors"], report["warnings"]) == (1, 0)
    (found,) = report["findings"]
    assert set(found) == {"code", "area", "severity", "where", "problem", "fix", "model"}
    assert found["code"] == "result-not-sendable"


def test_wrong_usage() -> None:
    for arguments, said in (
        (["nobodys_model"], "no model, folder, file or module called 'nobodys_model'"),
        (["crash", "--python", "/nonexistent"], "could not run /nonexistent"),
        (["crash", "--timeout", "soon"], "'soon' is not a number of seconds above 0"),
    ):
        done = run(*arguments)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


def test_colours_on_a_terminal_only() -> None:
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"}
    process = subprocess.Popen(
        [*COMMAND, "secret-shown"], cwd=BROKEN, stdout=theirs, env=environment
    )
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:
        pass  # The terminal is closed.
    os.close(ours)
    assert process.wait() == 0
    assert b"\x1b[33mwarning" in said
    plain = re.sub(rb"\x1b\[[\d;]*m", b"", said).replace(b"\r\n", b"\n").decode()
    assert plain == run("secret-shown").stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_all_that_was_started(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    text = "import subprocess, time\nsubprocess.Popen(['sleep', '3600'])\n"
    (tmp_path / "api.py").write_text(f"{text}open('begun', 'w').close()\ntime.sleep(3600)\n")
    mark = f"CHECK_{os.getpid()}_{code}"
    process = subprocess.Popen(
        [*COMMAND, "api.py"],
        cwd=tmp_path,
        env=os.environ | {"CHECK_TEST": mark, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((tmp_path / "begun").exists, "the import", 60)
    # The command, the small process above the author's code, that, and what it has started.
    assert len(_marked(mark)) == 4
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in said
    wait_until(lambda: not _marked(mark), "the end of all processes", 10)
    assert not list(tmp_path.glob("deepaas-check-*"))


def test_nothing_that_a_model_starts_is_left(tmp_path: Path) -> None:
    text = (
        "import subprocess\nsubprocess.Popen(['sleep', '3600'])\n\n\ndef predict():\n    return 1\n"
    )
    (tmp_path / "api.py").write_text(text)
    mark = f"CHECK_{os.getpid()}_left"
    environment = os.environ | {"CHECK_TEST": mark, "TMPDIR": str(tmp_path)}
    done = subprocess.run([*COMMAND, "api.py"], cwd=tmp_path, env=environment)
    assert done.returncode == 0
    wait_until(lambda: not _marked(mark), "the end of all processes", 10)
    assert [path.name for path in tmp_path.iterdir() if path.name != "__pycache__"] == ["api.py"]


def test_documentation_names_every_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    _, _, behind = text.partition("<!-- codes: made from deepaas/check/codes.py -->\n\n")
    table, end, _ = behind.partition("\n\n<!-- end of codes -->")
    assert end
    assert table == codes.table(kinds.codes())


def _marked(mark: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _bears(process, mark)]


def _bears(process: psutil.Process, mark: str) -> bool:
    try:
        living = process.status() != psutil.STATUS_ZOMBIE
        return living and process.environ().get("CHECK_TEST") == mark
    except (psutil.Error, OSError):
        return False
