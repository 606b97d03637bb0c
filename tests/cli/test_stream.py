"""`deepaas-cli predict --stream`, with a model in the same process and at a host."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.host import Host, start_host
from support.prepared import PROGRAMS
from support.waiting import wait_until

from .command import SECONDS, Ended, Shell

SPEAKERS = Path(__file__).parents[1] / "client/models/speakers.py"
MODELS = ("speaks", "counts", "counts_later", "shouts", "draws", "whole")

Process = subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    paths = [f"{name}={SPEAKERS}:{name}" for name in MODELS]
    with start_host([], "--no-ui", *paths) as host:
        yield host


class Speaking:
    """The command with the predictors, wherever these are.

    Attributes:
        folder: where the predictors look for gates and have their journal.
    """

    def __init__(self, shell: Shell, host: Host | None) -> None:
        self.folder = shell.folder if host is None else host.home
        self.shell = shell
        self._url = "" if host is None else host.url

    def words(self, model: str, *words: str) -> list[str]:
        if self._url:
            return ["--url", self._url, "--model-name", model, "predict", *words]
        return ["--model-name", f"{model}={SPEAKERS}:{model}", "predict", *words]

    def run(self, model: str, *words: str, before: tuple[str, ...] = ()) -> Ended:
        return self.shell.run(*before, *self.words(model, *words))

    def start(self, model: str, *words: str, before: tuple[str, ...] = ()) -> Process:
        return self.shell.start(*before, *self.words(model, *words))

    def wait_for(self, line: str) -> None:
        """Wait until the predictors' journal says something."""
        journal = self.folder / "journal"
        wait_until(
            lambda: journal.exists() and line in journal.read_text().splitlines(),
            f"the journal says: {line}",
        )


@pytest.fixture(params=["here", "at a host"])
def speaking(request: pytest.FixtureRequest, host: Host, tmp_path: Path) -> Speaking:
    return Speaking(Shell(tmp_path), None if request.param == "here" else host)


def lines(output: bytes) -> list[Any]:
    return [json.loads(line) for line in output.splitlines()]


def read(process: Process) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def end(process: Process) -> tuple[list[Any], str]:
    """The lines that are left, and what was said."""
    output, errors = process.communicate(timeout=SECONDS)
    return lines(output), errors.decode()


def test_each_line_comes_when_its_part_is_made(speaking: Speaking, tmp_path: Path) -> None:
    gate = tmp_path.name  # of its own at the host, too
    process = speaking.start("speaks", "--text", "one two three", "--stream", "--gate", gate)
    assert read(process) == "one"
    (speaking.folder / gate).touch()
    rest, errors = end(process)
    assert (rest, process.returncode) == (["two", "three"], 0)
    assert "Traceback" not in errors


def test_lines_of_every_kind(speaking: Speaking) -> None:
    assert speaking.run("speaks", "--text", "", "--stream").output == b""
    assert lines(speaking.run("draws", "--stream").output) == [
        "data:image/png;base64,cGljdHVyZSAw",
        "data:image/png;base64,cGljdHVyZSAx",
    ]
    # A model that does not yield has one.
    assert speaking.run("whole", "--stream").output == b'{"text": "all"}\n'
    # What does not fit into a message comes whole as well.
    assert lines(speaking.run("shouts", "--size", "100000", before=("--stream",)).output) == [
        "a" * 100_000,
        "b" * 100_000,
    ]


def test_an_argument_of_the_model_may_have_the_same_name(speaking: Speaking) -> None:
    """Then the option stands before the command, as all the others may."""
    assert speaking.run("shouts", "--size", "2", "--stream").json == ["éé", "ßß"]
    ended = speaking.run("shouts", "--size", "2", "--stream", before=("--stream",))
    assert ended.output == '"éé"\n"ßß"\n'.encode()


def test_a_failure_in_the_middle(speaking: Speaking) -> None:
    ended = speaking.run("speaks", "--text", "one two", "--fail", "--stream")
    assert (ended.code, lines(ended.output)) == (1, ["one", "two"])
    last = ended.errors.splitlines()[-1]
    assert last.startswith("deepaas-cli: error: ")
    assert last.endswith("ValueError: lost the thread")


def test_lines_in_a_file(speaking: Speaking, tmp_path: Path) -> None:
    for option in ("--output", "--deepaas_method_output"):
        ended = speaking.run("speaks", "--text", "one two", "--stream", option, "new/lines")
        assert (ended.code, ended.output) == (0, b"")
        assert "Result saved to new/lines" in ended.errors
        assert (tmp_path / "new/lines").read_bytes() == b'"one"\n"two"\n'
    # A call that is refused leaves the last result alone, one that fails does not.
    assert speaking.run("speaks", "--stream", "-o", "new/lines").code == 2
    assert (tmp_path / "new/lines").read_bytes() == b'"one"\n"two"\n'
    assert speaking.run("speaks", "--text", "a", "--fail", "--stream", "-o", "new/lines").code == 1
    assert (tmp_path / "new/lines").read_bytes() == b'"a"\n'
    ended = speaking.run("speaks", "--text", "", "--stream", "-o", "new/lines")
    assert (ended.code, (tmp_path / "new/lines").read_bytes()) == (0, b"")


@pytest.mark.parametrize("model", ["counts", "counts_later"])
def test_who_reads_no_more_stops_the_model(speaking: Speaking, tmp_path: Path, model: str) -> None:
    process = speaking.start(model, "--stream", "--label", tmp_path.name)
    assert read(process) == 0
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read().decode()
    assert (process.wait(SECONDS), "Traceback" in errors, "rror" in errors) == (0, False, False)
    speaking.wait_for(f"{tmp_path.name} stopped")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (">/dev/full", "could not write the result: No space left on device"),
        ("-o /dev/full", "could not write the result to '/dev/full': No space left on device"),
    ],
)
def test_what_takes_no_more_stops_the_model(
    speaking: Speaking, tmp_path: Path, target: str, said: str
) -> None:
    words = " ".join(speaking.words("counts", "--stream", "--label", tmp_path.name, target))
    ended = speaking.shell.run("-c", f"{PROGRAMS}/deepaas-cli {words}", program="/bin/sh")
    assert ended.code == 2
    assert ended.errors.splitlines()[-1] == f"deepaas-cli: error: {said}"
    speaking.wait_for(f"{tmp_path.name} stopped")


@pytest.mark.parametrize("model", ["counts", "counts_later"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_stops_the_model(
    speaking: Speaking, tmp_path: Path, model: str, number: signal.Signals, code: int
) -> None:
    process = speaking.start(model, "--stream", "--label", tmp_path.name)
    assert read(process) == 0
    process.send_signal(number)
    rest, errors = end(process)
    assert rest == list(range(1, len(rest) + 1))
    assert (process.returncode, "Traceback" in errors) == (code, False)
    assert errors.splitlines()[-1].endswith("interrupted")
    speaking.wait_for(f"{tmp_path.name} stopped")


def test_an_interruption_while_nobody_reads(speaking: Speaking) -> None:
    """What a pipe has no room for does not keep the command."""
    process = speaking.start("shouts", "--size", "200000", before=("--stream",))
    assert process.stdout is not None
    assert process.stdout.read(1) == b'"'
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 130
    process.communicate()
