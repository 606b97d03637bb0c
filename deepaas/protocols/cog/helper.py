"""The processes that parse large bodies: started when needed, stopped when idle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
from asyncio.subprocess import Process

import msgspec

from deepaas.errors import BodyUnreadable
from deepaas.programs import inherited, module_command
from deepaas.protocols.cog.large import Outline, Task
from deepaas.warden import VARIABLE

_log = logging.getLogger(__name__)

MODULE = "deepaas.protocols.cog.apart"

TASK_SECONDS = 300.0
IDLE_SECONDS = 60.0
LARGE_BYTES = 8 * 1024 * 1024
"""Each larger body gets a new process, so that its memory is released afterwards."""


class Helpers:
    """Parses one large and one smaller body at a time; the others wait, on disk."""

    def __init__(self, mark: str) -> None:
        self._lanes = (_Lane(f"{mark}0:"), _Lane(f"{mark}1:"))

    async def outline(self, task: Task, size_bytes: int) -> Outline:
        """What a body contains; ``BodyUnreadable`` if the process fails."""
        large = size_bytes > LARGE_BYTES
        return await self._lanes[large].outline(task, once=large)

    async def close(self) -> None:
        for lane in self._lanes:
            await lane.stop()


class _Lane:
    """One process, and the requests that wait for it."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._leaving: asyncio.TimerHandle | None = None

    async def outline(self, task: Task, *, once: bool) -> Outline:
        async with self._turn:
            if self._leaving is not None:
                self._leaving.cancel()
            try:
                answer = await asyncio.wait_for(self._ask(task), TASK_SECONDS)
            except BaseException as error:
                # The process may still be working on this body.
                await asyncio.shield(self.stop())
                if not isinstance(error, (OSError, EOFError, asyncio.TimeoutError)):
                    raise
                _log.error("the process that parses large bodies failed: %r", error)
                raise BodyUnreadable from None
            if once:
                await self.stop()
            else:
                loop = asyncio.get_running_loop()
                self._leaving = loop.call_later(IDLE_SECONDS, self._leave)
        return answer

    async def _ask(self, task: Task) -> Outline:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                *module_command(MODULE),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**inherited(), VARIABLE: self._mark},
                start_new_session=True,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        asked = msgspec.msgpack.encode(task)
        process.stdin.write(len(asked).to_bytes(4, "little") + asked)
        await process.stdin.drain()
        length = int.from_bytes(await process.stdout.readexactly(4), "little")
        return msgspec.msgpack.decode(await process.stdout.readexactly(length), type=Outline)

    def _leave(self) -> None:
        """Stop the idle process: it exits at the end of its input."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
