"""TensorBoard for all runs: one process, started when somebody looks for the first time.

It belongs to an extra and is never imported: it runs with the host's interpreter in a process of
its own, reads the folders of the runs through the symlinks in ``logdir``, and finds new ones by
itself within ``RELOAD_SECONDS``.
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
import sys
from asyncio.subprocess import Process
from pathlib import Path

from deepaas.errors import ExtraMissing, UpstreamFailed
from deepaas.workers.process import inherited
from deepaas.workers.warden import VARIABLE, end_marked

_log = logging.getLogger(__name__)

START_SECONDS = 60.0
STOP_SECONDS = 3.0
RELOAD_SECONDS = 5
OUTPUT_LINES = 20
"""So many of its last lines are kept, to tell why it has ended."""

_LINE_BYTES = 64 * 1024
_ADDRESS = re.compile(rb"TensorBoard \S+ at (http://127\.0\.0\.1:\d+)")


class TensorBoard:
    """The process, whether it runs or not."""

    def __init__(self, logdir: Path, tmp: Path, path_prefix: str, mark: str) -> None:
        """Nothing is started yet.

        Args:
            logdir: folder with one folder or symlink to a folder per run.
            tmp: where it may leave something behind; made when it is missing.
            path_prefix: what stands before all its paths, like ``/base/tensorboard``.
            mark: for the warden, unique among the marks of this host, with a colon at its end.
        """
        self._logdir = logdir
        self._tmp = tmp
        self._path_prefix = path_prefix
        self._mark = mark
        self._starts_count = 0
        self._start: asyncio.Task[_Running] | None = None

    @property
    def installed(self) -> bool:
        """Whether there is a TensorBoard to start."""
        return importlib.util.find_spec("tensorboard") is not None

    async def address(self) -> str:
        """Where it listens, as ``http://127.0.0.1:PORT``; started if it does not run.

        Raises:
            ExtraMissing: it is not installed.
            UpstreamFailed: it does not start.
        """
        if self._start is not None and self._start.done() and not _runs(self._start):
            await self.stop()
        if self._start is None:
            if not self.installed:
                raise ExtraMissing("TensorBoard", "tensorboard")
            # A mark for each start: one process may still be ended while the next begins.
            self._starts_count += 1
            mark = f"{self._mark}{self._starts_count}:"
            self._start = asyncio.ensure_future(
                _Running.start(self._command(), self._environment(mark))
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

    def _environment(self, mark: str) -> dict[str, str]:
        self._tmp.mkdir(parents=True, exist_ok=True)
        own = {"TMPDIR": str(self._tmp), "PYTHONUNBUFFERED": "1"}
        return {**inherited(), **own, VARIABLE: mark}

    def _command(self) -> list[str]:
        # -P: the working directory is not the place to import from.
        safe_path = ["-P"] if sys.version_info >= (3, 11) else []
        return [
            sys.executable,
            *safe_path,
            "-m",
            "tensorboard.main",
            f"--logdir={self._logdir}",
            "--host=127.0.0.1",
            "--port=0",
            f"--path_prefix={self._path_prefix}",
            f"--reload_interval={RELOAD_SECONDS}",
            # A run may write several files into one folder, and go on with any of them.
            "--reload_multifile=true",
            # The fast loader is a program of its own for few platforms, and knows no multifile.
            "--load_fast=false",
        ]


def _runs(start: asyncio.Task[_Running]) -> bool:
    return not start.cancelled() and start.exception() is None and start.result().alive


class _Running:
    """A process of TensorBoard that has said where it listens."""

    def __init__(self, process: Process, mark: str) -> None:
        self.address = ""
        self._process = process
        self._mark = mark
        self._output: collections.deque[str] = collections.deque(maxlen=OUTPUT_LINES)
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, command: list[str], environment: dict[str, str]) -> _Running:
        """Start it, and wait until it listens.

        Raises:
            UpstreamFailed: it has not listened within ``START_SECONDS``, or has ended.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            limit=_LINE_BYTES,
            start_new_session=True,
            env=environment,
        )
        running = cls(process, environment[VARIABLE])
        try:
            await asyncio.wait_for(running._listening(), START_SECONDS)
        except BaseException as error:
            await running.stop()
            if isinstance(error, asyncio.TimeoutError):
                raise running._failed(f"has not started within {START_SECONDS:g} s") from None
            raise
        running._reading = asyncio.ensure_future(running._read())
        _log.info("TensorBoard listens at %s", running.address)
        return running

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        if self._process.returncode is not None:
            return False
        # asyncio learns of an end a little later than it happens.
        try:
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self._process.pid, options) is None
        except ChildProcessError:
            return False

    async def stop(self) -> None:
        """End it."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait((self._reading,))
        if self.alive:
            # SIGTERM first: it removes its file in the temporary folder then.
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(end_marked, self._mark)
        await self._process.wait()

    async def _listening(self) -> None:
        while line := await self._line():
            if found := _ADDRESS.search(line):
                self.address = found[1].decode()
                return
        code = await self._process.wait()
        raise self._failed(f"has ended with exit code {code} instead of starting")

    async def _read(self) -> None:
        """Take what it prints for as long as it lives: it would stop at a full pipe."""
        while await self._line():
            pass
        code = await self._process.wait()
        _log.warning("TensorBoard has ended with exit code %s%s", code, self._last_output())
        # What it has started is not to outlive it.
        await asyncio.to_thread(end_marked, self._mark)

    async def _line(self) -> bytes:
        """One line of output, empty at the end."""
        assert self._process.stdout is not None
        try:
            line = await self._process.stdout.readline()
        except ValueError:
            return b"\n"  # Longer than any line of interest.
        if text := line.decode(errors="replace").rstrip():
            self._output.append(text)
            _log.debug("TensorBoard: %s", text)
        return line

    def _failed(self, how: str) -> UpstreamFailed:
        _log.error("TensorBoard %s%s", how, self._last_output())
        last = f": {self._output[-1]}" if self._output else ""
        return UpstreamFailed(f"TensorBoard {how}{last}", details=self._last_output())

    def _last_output(self) -> str:
        return "".join(f"\n  {line}" for line in self._output)
