"""Calls on their way to the host, so that a visitor can cancel them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from deepaas.client.api import Answer, Api, ApiError
from deepaas.client.calls import Call
from deepaas.client.description import Model

LOOK_SECONDS = 1.0


class Cancelled(Exception):
    """The visitor has cancelled the call."""


class Running:
    """The calls of one page, by visitor."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._tasks: dict[str, set[asyncio.Task[Answer]]] = {}

    def cancel(self, visitor: str) -> None:
        """Give up whatever this visitor waits for: the host is told by the closed connection."""
        for task in self._tasks.get(visitor, ()):
            task.cancel()

    async def wait(
        self, visitor: str, model: Model, call: Call, folder: Path
    ) -> AsyncIterator[str | Answer]:
        """Send a call; yield what there is to say about the wait, then the answer.

        When the iteration is given up, so is the call.

        Raises:
            ApiError: as the host says.
            Cancelled: by the visitor.
        """
        start = time.monotonic()
        task = asyncio.ensure_future(self._api.send(call, folder))
        tasks = self._tasks.setdefault(visitor, set())
        tasks.add(task)
        told = True
        try:
            while True:
                await asyncio.wait((task,), timeout=LOOK_SECONDS)
                if task.done():
                    break
                queued = await self._queued(model, task) if told else None
                told = queued is not None
                if not task.done():
                    yield _words(time.monotonic() - start, queued or 0)
            if task.cancelled():
                raise Cancelled
            yield task.result()
        finally:
            task.cancel()
            tasks.discard(task)
            if not tasks:
                self._tasks.pop(visitor, None)

    async def _queued(self, model: Model, task: asyncio.Task[Answer]) -> int | None:
        """How many calls wait at the host, None if it does not tell."""
        ask = asyncio.ensure_future(self._api.get_json("/readyz"))
        try:
            await asyncio.wait((ask, task), return_when=asyncio.FIRST_COMPLETED)
            if not ask.done():
                return 0
            count = ask.result()["models"][model.name]["queued_count"]
            return count if isinstance(count, int) else None
        # DEEPaaS has no such page, and answers 503 while another model is not ready.
        except (ApiError, KeyError, TypeError):
            return None
        finally:
            ask.cancel()


def _words(seconds: float, queued: int) -> str:
    elapsed = f"Waiting for the model: {seconds:.0f} s"
    if not queued:
        return elapsed
    return f"{elapsed}. Calls in its queue: {queued}"
