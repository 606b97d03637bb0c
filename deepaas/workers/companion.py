"""Companions: programs that the host runs next to the models: TensorBoard, the try-me page.

A companion is never imported: it runs in a separate process, which is started by the first request,
restarted after a crash, and stopped with the host.
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
    """The program of a companion.

    Attributes:
        package: must be installed; it is part of the `extra` of this distribution.
        command: returns the command line, called for each start.
        listening: matches the line of output with its address in group 1.
        folder: its working directory; the host's if None.
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
        """`mark`: for the warden, unique in this host, ending with a colon."""
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
        """Its address; starts it if necessary. Raises ``ExtraMissing`` and ``UpstreamFailed``."""
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
        # Shielded, because others wait for it too.
        return (await asyncio.shield(self._start)).address

    async def stop(self) -> None:
        """Stop it and all its processes. It can be started again."""
        start, self._start = self._start, None
        if start is None:
            return
        start.cancel()
        await asyncio.wait((start,))
        if not start.cancelled() and start.exception() is None:
            await start.result().stop()

    def _environment(self) -> dict[str, str]:
        self._tmp.mkdir(parents=True, exist_ok=True)
        # A new mark for each start, because the old process may still be ending.
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
        """``UpstreamFailed`` if it does not listen within ``START_SECONDS``, or exits."""
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
            # The process was started, but not the thread that waits for its end.
            end_marked(environment[VARIABLE])
            raise
        running = cls(name, process, environment[VARIABLE])
        try:
            await asyncio.wait_for(running._listening(listening), START_SECONDS)
        except BaseException as error:
            await running.stop()
            if isinstance(error, asyncio.TimeoutError):
                raise running._failed(f"did not start within {START_SECONDS:g} s") from None
            raise
        running._reading = asyncio.ensure_future(running._read())
        _log.info("%s is ready", name)
        return running

    @property
    def alive(self) -> bool:
        if self._process.returncode is not None:
            return False
        # asyncio notices the end with a delay.
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
            # SIGTERM first, so that it removes its temporary files.
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
        raise self._failed(f"exited with code {code} instead of starting")

    async def _read(self) -> None:
        """Read its output until it exits: a full pipe would block it."""
        while await self._line():
            pass
        code = await self._process.wait()
        _log.warning("%s exited with code %s%s", self._name, code, self._last_output())
        # Its child processes must not outlive it.
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
            f"{self._name} {how}: see the host's log", details=self._last_output()
        )

    def _last_output(self) -> str:
        return "".join(f"\n  {line}" for line in self._output)
