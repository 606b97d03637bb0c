"""`deepaas-cli train` with a model in the same process."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from support.waiting import wait_until

from .command import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, "trains")


def runs(shell: Shell) -> list[Path]:
    return sorted((shell.folder / "deepaas-runs").glob("*/*"))


def noted(shell: Shell, text: str) -> bool:
    journal = shell.folder / "journal"
    return journal.exists() and f"{text}\n" in journal.read_text()


def interrupted(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    return output, errors


def test_a_training_is_told_as_deepaas_2_tells_it(shell: Shell) -> None:
    told = shell.run("train", "--text", "a", "--password", "hunter2").json
    assert list(told) == ["date", "args", "status", "uuid", "result"]
    assert list(told["result"]) == ["finish_date", "duration", "output"]
    assert told["status"] == "done"
    assert len(told["uuid"]) == 32
    assert told["args"]["text"] == "a"
    assert told["args"]["password"] == "********"
    assert told["result"]["output"] == {"text": "a"}
    # It has written nothing.
    assert not (shell.folder / "deepaas-runs").exists()


def test_progress_and_files(shell: Shell) -> None:
    for number in range(2):
        (shell.folder / f"t-{number}").touch()
    ended = shell.run("train", "--how", "steps", "--text", "t", "--count", "2")
    assert ended.json["result"]["output"] == {"steps": 2}
    lines = ended.errors.splitlines()
    assert "training trains: 2/2 step 1" in lines
    assert "step 0" in lines
    (events,) = runs(shell)
    assert f"Files of this training run: ./{events.parent.relative_to(shell.folder)}" in lines
    ended = shell.run("--run-dir", "mine", "train", "--how", "writes", "--count", "1")
    assert (shell.folder / "mine" / "0.txt").exists()
    assert ended.json["result"]["output"] == {"directory": str(shell.folder / "mine")}


def test_trainings_that_fail(shell: Shell) -> None:
    ended = shell.run("train", "--how", "raises", "--text", "no luck")
    assert (ended.code, ended.output) == (1, b"")
    assert ended.errors.splitlines()[-1] == (
        "deepaas-cli: error: train failed: ValueError: no luck"
    )
    ended = shell.run("train", "--how", "exits", "--count", "3")
    assert (ended.code, ended.output) == (1, b"")


def test_ctrl_c_lets_a_training_save_what_it_has(shell: Shell) -> None:
    process = shell.start("train", "--how", "keeps", "--text", "k")
    wait_until(lambda: noted(shell, "ready k"), "the training has begun")
    output, errors = interrupted(process)
    assert output == b""
    assert b"training trains was interrupted" in errors
    assert [path.name for path in runs(shell)] == ["begun", "checkpoint"]


def test_a_training_that_looks_for_ctrl_c_ends_by_itself(shell: Shell) -> None:
    process = shell.start("train", "--how", "saves")
    wait_until(
        lambda: bool(list(shell.folder.glob("deepaas-cli-*/control/polled"))),
        "it looks whether it is to stop",
    )
    output, errors = interrupted(process)
    assert b'"status": "cancelled"' in output
    assert b'"output": {"steps":' in output
    assert b"cancelling the training run" in errors
    assert [path.name for path in runs(shell)] == ["checkpoint"]


def test_ctrl_c_twice_ends_whatever_the_training_does(shell: Shell) -> None:
    (shell.folder / "stubborn.py").write_text(STUBBORN)
    shell.environment["PYTHONPATH"] += f":{shell.folder}"
    entry_points = shell.folder / "packages" / "test_models-1.dist-info" / "entry_points.txt"
    entry_points.write_text("[deepaas.v2.model]\nstubborn = stubborn\n")
    process = shell.start("--model-name", "stubborn", "train")
    wait_until(lambda: (shell.folder / "begun").exists(), "the training has begun")
    process.send_signal(signal.SIGINT)
    wait_until(lambda: (shell.folder / "ignored").exists(), "the training ignores it")
    assert process.poll() is None
    interrupted(process)
    assert not list(shell.folder.glob("deepaas-cli-*"))


STUBBORN = """
import time
from pathlib import Path

def train():
    while True:
        try:
            Path("begun").touch()
            time.sleep(100)
        except KeyboardInterrupt:
            Path("ignored").touch()
"""
