"""A program that the host runs for itself, beside the models: TensorBoard, the try-me page.

A companion is never imported: it runs in a process of its own, begins when somebody asks for it
for the first time, begins anew when it has died, and ends with the host.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import importlib.util
import logging
import os
import re
import signal
import subprocess
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deepaas.errors import ExtraMissing, UpstreamFailed
from deepaas.programs import inherited
from deepaas.warden import VARIABLE, end_marked

_log = logging.getLogger(__name__)

START_SECONDS = 60.0
STOP_SECONDS = 3.0
OUTPUT_LINES = 20

_LINE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Program:
    """What a companion runs.

    Attributes:
        package: has to be there, or it cannot run; `extra` of this distribution brings it.
        command: gives the words of the command line; asked for each start.
        listening: found in the line of its output that tells that it listens; group 1 is where.
        folder: in which it works; the host's own if None.
    """

    name: str
    package: str
    extra: str
    command: Callable[[], Sequence[str]]
    listening: re.Pattern[bytes]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


class Companion:
    def __init__(self, program: Program, tmp: Path, mark: str) -> None:
        """`mark`: for the warden, unique among the marks of this host, with a colon at its end."""
        self._program = program
        self._tmp = tmp
        self._mark = mark
        self._starts_count = 0
        self._start: asyncio.Task[_Running] | None = None

    @property
    def name(self) -> str:
        return self._program.name

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self._program.package) is not None

    @property
    def listens(self) -> bool:
        return self._start is not None and self._start.done() and _runs(self._start)

    async def address(self) -> str:
        """Started if it does not run. Raises ``ExtraMissing`` and ``UpstreamFailed``."""
        if self._start is not None and self._start.done() and not _runs(self._start):
            await self.stop()
        if self._start is None:
            if not self.installed:
                raise ExtraMissing(self._program.name, self._program.extra)
            self._start = asyncio.ensure_future(
                _Running.start(
                    self._program.name,
                    self._program.command(),
                    self._program.listening,
                    self._environment(),
                    self._program.folder,
                )
            )
        # Shielded: others wait for it as well.
        return (await asyncio.shield(self._start)).address

    async def stop(self) -> None:
        """End it, with all that it has started. It may be started again."""
        start, self._start = self._start, None
        if start is None:
            return
        start.cancel()
        await asyncio.wait((start,))
        if not start.cancelled() and start.exception() is None:
            await start.result().stop()

    def _environment(self) -> dict[str, str]:
        self._tmp.mkdir(parents=True, exist_ok=True)
        # A mark for each start: one process may still be ended while the next begins.
        self._starts_count += 1
        own = {
            "TMPDIR": str(self._tmp),
            "PYTHONUNBUFFERED": "1",
            VARIABLE: f"{self._mark}{self._starts_count}:",
        }
        return {**inherited(), **self._program.environment, **own}


def _runs(start: asyncio.Task[_Running]) -> bool:
    return not start.cancelled() and start.exception() is None and start.result().alive


class _Running:
    def __init__(self, name: str, process: Process, mark: str) -> None:
        self.address = ""
        self._name = name
        self._process = process
        self._mark = mark
        self._output: collections.deque[str] = collections.deque(maxlen=OUTPUT_LINES)
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str],
        listening: re.Pattern[bytes],
        environment: Mapping[str, str],
        folder: Path | None,
    ) -> _Running:
        """``UpstreamFailed``: it has not listened within ``START_SECONDS``, or has ended."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                limit=_LINE_BYTES,
                start_new_session=True,
                env=environment,
                cwd=folder,
            )
        except RuntimeError:
            # There is the process, but no thread to wait for its end.
            end_marked(environment[VARIABLE])
            raise
        running = cls(name, process, environment[VARIABLE])
        try:
            await asyncio.wait_for(running._listening(listening), START_SECONDS)
        except BaseException as error:
            await running.stop()
            if isinstance(error, asyncio.TimeoutError):
                raise running._failed(f"has not started within {START_SECONDS:g} s") from None
            raise
        running._reading = asyncio.ensure_future(running._read())
        _log.info("%s listens at %s", name, running.address)
        return running

    @property
    def alive(self) -> bool:
        if self._process.returncode is not None:
            return False
        # asyncio learns of an end a little later than it happens.
        try:
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self._process.pid, options) is None
        except ChildProcessError:
            return False

    async def stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait((self._reading,))
        if self.alive:
            # SIGTERM first: it removes its files in the temporary folder then.
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(end_marked, self._mark)
        await self._process.wait()

    async def _listening(self, listening: re.Pattern[bytes]) -> None:
        while line := await self._line():
            if found := listening.search(line):
                self.address = found[1].decode()
                return
        code = await self._process.wait()
        raise self._failed(f"has ended with exit code {code} instead of starting")

    async def _read(self) -> None:
        """Take what it prints for as long as it lives: it would stop at a full pipe."""
        while await self._line():
            pass
        code = await self._process.wait()
        _log.warning("%s has ended with exit code %s%s", self._name, code, self._last_output())
        # What it has started is not to outlive it.
        await asyncio.to_thread(end_marked, self._mark)

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        try:
            line = await self._process.stdout.readline()
        except ValueError:
            return b"\n"  # Longer than any line of interest.
        if text := line.decode(errors="replace").rstrip():
            self._output.append(text)
            _log.debug("%s: %s", self._name, text)
        return line

    def _failed(self, how: str) -> UpstreamFailed:
        _log.error("%s %s%s", self._name, how, self._last_output())
        return UpstreamFailed(
            f"{self._name} {how}, see the host's log", details=self._last_output()
        )

    def _last_output(self) -> str:
        return "".join(f"\n  {line}" for line in self._output)
