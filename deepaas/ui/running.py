"""Calls on their way to the host, so that a visitor can cancel them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from deepaas.client.answers import HostAnswer
from deepaas.client.api import Api
from deepaas.client.calls import ClientCall
from deepaas.client.description import JSON, Model
from deepaas.client.errors import ClientError

LOOK_SECONDS = 1.0
GROW_SECONDS = 0.25
"""How often what a model has yielded so far is shown."""

REQUEST_ID = "X-Request-ID"


@dataclass(frozen=True)
class Queue:
    """The calls that wait at the host.

    Attributes:
        place: of the visitor's own, from 1 on; 0 when it does not wait there.
        told: whether the host tells of them.
    """

    place: int = 0
    count: int = 0
    told: bool = True


@dataclass(frozen=True)
class Parts:
    """What a model has yielded so far, as JSON."""

    values: tuple[str, ...]


class Cancelled(Exception):
    """The visitor has cancelled the call."""


class Running:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._tasks: dict[str, set[asyncio.Task[HostAnswer]]] = {}

    def cancel(self, visitor: str) -> None:
        """Give up whatever this visitor waits for: the host is told by the closed connection."""
        for task in self._tasks.get(visitor, ()):
            task.cancel()

    async def wait(
        self, visitor: str, model: Model, call: ClientCall, folder: Path, *, streamed: bool = False
    ) -> AsyncIterator[str | Parts | HostAnswer]:
        """Send a call; yield what there is to say about the wait, then the answer.

        When the iteration is given up, so is the call. ``streamed`` yields also what has come so
        far, whenever that has grown; ``folder`` is for an answer that is a file.

        Raises:
            ClientError: as the host says.
            Cancelled: by the visitor.
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
        """The answer made of all parts, which are added to the list as they come."""
        async for part in self._api.stream(call):
            parts.append(part)  # noqa: PERF401 - seen by others while it grows
        return HostAnswer(200, JSON, f"[{','.join(parts)}]".encode())

    async def _queue(self, model: Model, call_id: str, task: asyncio.Task[HostAnswer]) -> Queue:
        """What the host tells of its queue; a call that ends meanwhile is not waited for."""
        path = f"/v2/models/{quote(model.name, safe='')}/queue"
        ask = asyncio.ensure_future(self._api.get_json(path, {"request_id": call_id}))
        try:
            await asyncio.wait((ask, task), return_when=asyncio.FIRST_COMPLETED)
            if not ask.done():
                return Queue()
            told = ask.result()
            return Queue(int(told["place"] or 0), int(told["queued_count"]))
        # DEEPaaS 2.6 has no such answer.
        except (ClientError, KeyError, TypeError, ValueError):
            return Queue(told=False)
        finally:
            ask.cancel()


def wait_words(seconds: float, queue: Queue) -> str:
    """What to say to who waits; behind the colon what changes all the time."""
    place = f", {_ordinal(queue.place)} of {queue.count} in its queue" if queue.place else ""
    return f"Waiting for the model{place}: {seconds:.0f} s"


def _ordinal(number: int) -> str:
    teens = 10 < number % 100 < 20
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
