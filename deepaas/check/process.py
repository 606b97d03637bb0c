"""Starts the process of a check, and watches it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from deepaas.author_files.lines import shown
from deepaas.check.findings import Finding, Report, finding
from deepaas.check.session import CheckJob
from deepaas.check.target import CheckTarget, UnknownSource
from deepaas.programs import OWN, Interpreter, module_command
from deepaas.reaper import reaped

LOOK_SECONDS = 0.2
STACK_SECONDS = 1.0
MAX_STARTS_COUNT = 8
OWN_SECONDS = 60.0
MAX_WORDS_CHARACTERS = 200
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)
_OURS = ("check", "kinds", "runtime")
_NOT_THE_AUTHORS = ("site-packages", "/lib/python", *(f"deepaas/{p}/" for p in _OURS))


class BadInterpreter(Exception):
    """The interpreter cannot run a check; the message says why."""


def find(source: str, python: str) -> CheckTarget:
    """Find models with another interpreter. Raises ``UnknownSource`` or ``BadInterpreter``."""
    with tempfile.TemporaryDirectory(prefix="deepaas-check-") as folder:
        reading, writing = os.pipe()
        try:
            command = _command(python, writing, Path(folder), "find", source)
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, pass_fds=[writing]
            )
        except OSError as error:
            os.close(reading)
            raise BadInterpreter(f"could not run {python}: {error.strerror}.") from None
        finally:
            os.close(writing)
        with os.fdopen(reading, "rb") as wire:
            told = wire.read()
    if done.returncode != 0 or not told:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise BadInterpreter(
            f"{python} could not run the check: {last or 'no output'}. "
            f"Install DEEPaaS there too: {python} -m pip install 'deepaas>=2.7'"
        )
    answer = msgspec.json.decode(told)
    if "unknown" in answer:
        raise UnknownSource(answer["unknown"])
    return msgspec.convert(answer, CheckTarget)


class How(NamedTuple):
    """How to check a model; ``timeout`` is in seconds, for each call of the author's code."""

    python: str
    timeout: float
    told: Callable[[str], None]


def check(job: CheckJob, how: How, report: Report) -> None:
    """Check one model. If the process ends early, continue after that step in a new one."""
    ended: list[Finding] = []
    for _ in range(MAX_STARTS_COUNT):
        with tempfile.TemporaryDirectory(prefix="deepaas-check-") as folder:
            run = _Run(job, how, Path(folder))
            run.watch()
        if run.ended is None:
            break
        ended.append(run.ended)
        stage = run.stage["stage"]
        if not stage or stage in ("import", "object"):
            break
        if stage.startswith("call:"):
            report.note("predict was not called again after that")
            stage = "call:"
        job = replace(job, skip=[*job.skip, stage])
    for found in [*run.found, *ended]:
        report.add(found)
    for note in run.notes:
        report.note(note)
    report.doors |= {job.target.name: run.doors} if run.doors else {}


class _Run:
    """One process of a check; ``ended`` is a finding if the process ended early or hung."""

    def __init__(self, job: CheckJob, how: How, folder: Path) -> None:
        self.found: list[Finding] = []
        self.notes: list[str] = []
        self.doors: dict[str, str] = {}
        self.stage: dict[str, str] = {"stage": "", "doing": "", "where": ""}
        self.ended: Finding | None = None
        self._job = job
        self._folder = folder
        self._timeout = how.timeout
        self._told = how.told
        self._done = False
        self._wire, writing = os.pipe()
        lifeline, self._lifeline = os.pipe()
        unread = os.open(os.devnull, os.O_WRONLY)
        own = _command(how.python, writing, folder, "check", job.as_json())
        command = reaped(own, lifeline=lifeline, report=unread)
        with open(folder / "stdout", "wb") as out, open(folder / "stderr", "wb") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                pass_fds=[writing, lifeline, unread],
                start_new_session=True,
            )
        for descriptor in (writing, lifeline, unread):
            os.close(descriptor)
        # If memory runs out, this process is killed first.
        with contextlib.suppress(OSError):
            Path(f"/proc/{self._process.pid}/oom_score_adj").write_text("1000")

    def watch(self) -> None:
        try:
            if self._read():
                if not self._done:
                    self.ended = self._crash(self._process.wait())
            else:
                self.ended = self._hang()
        finally:
            os.close(self._lifeline)  # This ends it and all processes of the author's code.
            self._process.send_signal(signal.SIGCONT)  # The author's code may have stopped it.
            self._process.wait()
            os.close(self._wire)

    def _read(self) -> bool:
        rest = b""
        deadline = time.monotonic() + self._patience()
        while not self._done:
            gone = self._process.poll() is not None
            wait = 0 if gone else min(LOOK_SECONDS, max(0.0, deadline - time.monotonic()))
            ready, _, _ = select.select([self._wire], [], [], wait)
            data = os.read(self._wire, 65536) if ready else b""
            if data:
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
                deadline = time.monotonic() + self._patience()
            elif gone:
                return True
            elif ready:
                # The author's code has closed the pipe; the process may still continue.
                time.sleep(LOOK_SECONDS)
            if time.monotonic() > deadline:
                return False
        return True

    def _patience(self) -> float:
        """Time limit for the next message; longer outside the author's code, on a busy machine."""
        return self._timeout if self.stage["stage"] else max(self._timeout, OWN_SECONDS)

    def _take(self, told: dict[str, Any]) -> None:
        if "finding" in told:
            self.found.append(Finding(**told["finding"]))
        elif "note" in told:
            self.notes.append(told["note"])
        elif "door" in told:
            self.doors[told["door"]] = told["told"]
        elif "stage" in told:
            self.stage = told
            if told["doing"]:
                self._told(told["doing"])
        self._done = self._done or "end" in told

    def _crash(self, code: int) -> Finding:
        how = f"exit code {code}"
        fix = "raise an exception instead: os._exit() ends the worker"
        if code < 0:
            how = f"signal {signal.Signals(-code).name}"
            fix = "compiled code has crashed here: check the values passed to it"
            if -code == signal.SIGKILL:
                fix = "the system may have run out of memory: load less data, or in smaller pieces"
        words = self._last_words()
        told = f"ended the process ({how})" + (f". Last output: {words}" if words else "")
        return self._finding("crash", told, fix)

    def _hang(self) -> Finding:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGUSR2)
        until = time.monotonic() + STACK_SECONDS
        while not self._stack() and time.monotonic() < until:
            time.sleep(0.02)
        what = f"timed out after {self._timeout:g} s"
        return self._finding("hang", what, "make it faster, or allow more time: --timeout SECONDS")

    def _finding(self, code: str, what: str, fix: str) -> Finding:
        doing = self.stage["doing"] or "the check itself"
        frames = [
            shown(file, int(line))
            for file, line in _FRAME.findall(self._stack())
            if not any(part in file for part in _NOT_THE_AUTHORS)
        ]
        where = frames[0] if frames else self.stage["where"]
        return finding(code, where, f"{doing} {what}", fix, self._job.target.name)

    def _last_words(self) -> str:
        text = (self._folder / "stderr").read_text(errors="replace").strip()
        return text.rpartition("\n")[2].strip()[:MAX_WORDS_CHARACTERS]

    def _stack(self) -> str:
        try:
            return (self._folder / "stack").read_text(errors="replace")
        except OSError:
            return ""


def _command(python: str, wire: int, folder: Path, what: str, text: str) -> list[str]:
    # The features of another interpreter are unknown.
    interpreter = OWN if python == OWN.path else Interpreter(python, safe_path=False)
    command = module_command("deepaas.check", interpreter=interpreter)
    return [*command, "--wire", str(wire), "--folder", str(folder), what, text]
