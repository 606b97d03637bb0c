"""Running calls to the host, which users can cancel."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deepaas.client.answers import HostAnswer
from deepaas.client.api import Api
from deepaas.client.calls import ClientCall
from deepaas.client.description import JSON, Model
from deepaas.client.errors import ClientError

LOOK_SECONDS = 1.0
GROW_SECONDS = 0.25
"""How often new parts of a result are shown."""

REQUEST_ID = "X-Request-ID"


@dataclass(frozen=True)
class Queue:
    """The queue of the host.

    Attributes:
        place: position of the user's call, from 1; 0 if it is not in the queue.
        told: whether the host provides this.
        progress: what the model reports of the call, in words.
    """

    place: int = 0
    count: int = 0
    told: bool = True
    progress: str = ""


@dataclass(frozen=True)
class Parts:
    """The parts that a model has yielded so far, as JSON."""

    values: tuple[str, ...]


class Cancelled(Exception):
    """The user has cancelled the call."""


class Running:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._tasks: dict[str, set[asyncio.Task[HostAnswer]]] = {}

    def cancel(self, visitor: str) -> None:
        """Cancel all calls of this user; the host notices the closed connection."""
        for task in self._tasks.get(visitor, ()):
            task.cancel()

    async def wait(
        self, visitor: str, model: Model, call: ClientCall, folder: Path, *, streamed: bool = False
    ) -> AsyncIterator[str | Parts | HostAnswer]:
        """Send a call; yield status messages, then the response.

        Stopping the iteration cancels the call. ``streamed`` also yields the parts received so far
        when there are new ones; ``folder`` is for a response that is a file.

        Raises:
            ClientError: the host has returned an error.
            Cancelled: the user has cancelled the call.
        """
        start = time.monotonic()
        call_id = uuid.uuid4().hex
        named = replace(call, headers={**call.headers, REQUEST_ID: call_id})
        parts: list[str] = []
        work = self._gathered(named, parts) if streamed else self._api.send(named, folder)
        task = asyncio.ensure_future(work)
        tasks = self._tasks.setdefault(visitor, set())
        tasks.add(task)
        queue = Queue()
        shown_count = 0
        try:
            while True:
                await asyncio.wait((task,), timeout=GROW_SECONDS if parts else LOOK_SECONDS)
                if not task.done() and parts:
                    if len(parts) > shown_count:
                        shown_count = len(parts)
                        yield Parts(tuple(parts))
                    continue
                if not task.done() and queue.told:
                    queue = await self._queue(model, call_id, task)
                if task.done():
                    break
                yield wait_words(time.monotonic() - start, queue)
            if task.cancelled():
                raise Cancelled
            if task.exception() is not None and len(parts) > shown_count:
                yield Parts(tuple(parts))
            yield task.result()
        finally:
            task.cancel()
            tasks.discard(task)
            if not tasks:
                self._tasks.pop(visitor, None)

    async def _gathered(self, call: ClientCall, parts: list[str]) -> HostAnswer:
        """Return a response with all parts, which are added to the list as they arrive."""
        async for part in self._api.stream(call):
            parts.append(part)  # noqa: PERF401 - seen by others while it grows
        return HostAnswer(200, JSON, f"[{','.join(parts)}]".encode())

    async def _queue(self, model: Model, call_id: str, task: asyncio.Task[HostAnswer]) -> Queue:
        """Return the queue of the host; do not wait for it if the call ends first."""
        path = f"/v2/models/{quote(model.name, safe='')}/queue"
        ask = asyncio.ensure_future(self._api.get_json(path, {"request_id": call_id}))
        try:
            await asyncio.wait((ask, task), return_when=asyncio.FIRST_COMPLETED)
            if not ask.done():
                return Queue()
            told = ask.result()
            return Queue(
                int(told["place"] or 0),
                int(told["queued_count"]),
                progress=progress_words(told.get("progress") or {}),
            )
        # DEEPaaS 2.6 does not have this endpoint.
        except (AttributeError, ClientError, KeyError, TypeError, ValueError):
            return Queue(told=False)
        finally:
            ask.cancel()


def wait_words(seconds: float, queue: Queue) -> str:
    """Return the status of a waiting call; the part after the colon changes all the time."""
    if queue.progress:
        return f"Running: {queue.progress}, {seconds:.0f} s"
    place = f", position {queue.place} of {queue.count} in the queue" if queue.place else ""
    return f"Waiting for the model{place}: {seconds:.0f} s"


def progress_words(progress: Mapping[str, Any]) -> str:
    """Return what a model reports of a call; empty if it does not."""
    step, total = progress.get("step"), progress.get("total")
    if not isinstance(step, int | float):
        return ""
    of = f" of {total:g}" if isinstance(total, int | float) else ""
    message = str(progress.get("message") or "")
    return f"step {step:g}{of}" + (f", {message}" if message else "")
