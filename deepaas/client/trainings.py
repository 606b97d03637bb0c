"""Requests about the training runs of one model."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from deepaas.client.answers import MAX_ANSWER_BYTES, MAX_DOCUMENT_BYTES, read_all, write_all
from deepaas.client.api import CONNECT_SECONDS, Api
from deepaas.client.calls import train_call
from deepaas.client.description import Model
from deepaas.client.errors import ClientError, HostError, ModelNotFound, TrainingNotFound
from deepaas.client.events import MEDIA_TYPE as EVENTS
from deepaas.client.events import Event, read_events, read_lines
from deepaas.client.runs import Run, Series, parse

GONE = 404
GONE_LOOK_SECONDS = 0.3
GONE_LOOKS_COUNT = 20
FORGOTTEN = "cancelled; this host has deleted it"

STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=60.0)
"""For event streams: this host sends something at least every 15 s."""

TAIL_COUNT = 500
MAX_LOG_BYTES = 256 * 1024
"""How much of the end of a log is shown."""


@dataclass(frozen=True)
class TrainingListing:
    runs: tuple[Run, ...] = ()
    total_count: int = 0


@dataclass(frozen=True)
class File:
    """A file of a training run."""

    path: str
    size: int


@dataclass(frozen=True)
class TrainingFiles:
    """The files of a training run; ``more`` if the list is not complete."""

    entries: tuple[File, ...] = ()
    more: bool = False


class TrainingApi:
    """Training runs of one model; all errors are raised as ClientError.

    ``base`` is the prefix of links for browsers: the host's public URL by default.
    """

    def __init__(self, api: Api, model: Model, base: str | None = None) -> None:
        self._api = api
        self._base = api.public_url if base is None else base
        self._model = model
        self._path = f"/v2/models/{quote(model.name, safe='')}/train/"

    async def start(self, values: Mapping[str, Any]) -> Run:
        answer = await self._api.send(train_call(self._model, values))
        return parse(answer.json())

    async def list(self, limit: int | None = None) -> TrainingListing:
        """The newest training runs first; None for all."""
        query = {"order": "newest"} | ({} if limit is None else {"limit": str(limit)})
        told, headers = await self._api.ask_with_headers("GET", self._path, query)
        total = headers.get("X-Total-Count", "")
        runs = [parse(one) for one in told or ()]
        # DEEPaaS 2.6 supports neither order nor limit.
        runs.sort(key=lambda run: run.date.timestamp() if run.date else 0.0, reverse=True)
        return TrainingListing(tuple(runs[:limit]), int(total) if total.isdigit() else len(runs))

    async def get(self, uuid: str) -> Run:
        """The current state of a training run; raises TrainingNotFound."""
        try:
            return parse(await self._api.get_json(f"{self._path}{quote(uuid, safe='')}"))
        except ClientError as error:
            if error.status != GONE or isinstance(error, ModelNotFound | TrainingNotFound):
                raise
            raise TrainingNotFound(
                f"model {self._model.name!r} has no training run {uuid!r}", GONE
            ) from None

    async def cancel(self, run: Run) -> str:
        """Cancel a training run; returns a message with the outcome."""
        cancelled = await self.cancelled(run)
        return cancelled.message or cancelled.state

    async def cancelled(self, run: Run) -> Run:
        if not run.links:
            return await self._cancel_unanswered(run)
        async with self._api.open("DELETE", self._url(run)) as response:
            return parse(json.loads(await read_all(response, MAX_DOCUMENT_BYTES)))

    async def _cancel_unanswered(self, run: Run) -> Run:
        """Cancel a run of DEEPaaS 2.6, which deletes it at once and never responds."""
        asking = asyncio.ensure_future(self._api.ask("DELETE", self._url(run)))
        try:
            for _ in range(GONE_LOOKS_COUNT):
                await asyncio.sleep(GONE_LOOK_SECONDS)
                if await self._is_gone(run):
                    return replace(run, state="cancelled", message=FORGOTTEN)
        finally:
            asking.cancel()
            await asyncio.wait((asking,))
            refused = None if asking.cancelled() else asking.exception()
        raise refused or ClientError("The host did not cancel the training run.")

    async def log(self, run: Run) -> str:
        """The end of its log."""
        end = b""
        query = {"tail": str(TAIL_COUNT)}
        async with self._api.open("GET", f"{self._url(run)}/logs", query) as response:
            async for chunk in response.content.iter_any():
                end = (end + chunk)[-MAX_LOG_BYTES:]
        return end.decode(errors="replace")

    async def metrics(self, run: Run) -> Series:
        async with self._api.open("GET", f"{self._url(run)}/metrics") as response:
            body = await read_all(response, MAX_ANSWER_BYTES)
        # A thread, because there may be a million points.
        return await asyncio.to_thread(_series, body)

    async def lines(self, run: Run) -> AsyncIterator[str]:
        """Its log so far, line by line."""
        async with self._api.open("GET", f"{self._url(run)}/logs") as response:
            async for line in read_lines(response):
                yield line

    async def lines_to_come(self, run: Run, seen: str = "") -> AsyncGenerator[Event, None]:
        """Its log until its end, in events of complete lines, after the event ``seen``."""
        headers = {"Accept": EVENTS} | ({"Last-Event-ID": seen} if seen else {})
        async with self._api.open(
            "GET", f"{self._url(run)}/logs", headers=headers, timeout=STREAM_TIMEOUT
        ) as response:
            async for event in read_events(response):
                if event.name == "error":
                    raise HostError(f"the log ended unexpectedly: {event.data}")
                if event.name == "log":
                    yield event

    async def download(self, run: Run, path: str, to: Path) -> None:
        async def once() -> None:
            async with self._api.open("GET", f"{self._url(run)}/files/{quote(path)}") as response:
                await write_all(response, to)

        await self._api.repeated(once, safe=True)

    async def files(self, run: Run) -> TrainingFiles:
        told = await self._api.get_json(f"{self._url(run)}/files/")
        entries = [File(str(one["path"]), int(one["size"])) for one in told["files"]]
        return TrainingFiles(tuple(entries), bool(told.get("more")))

    def file_link(self, run: Run, path: str) -> str:
        """The URL of a file for browsers."""
        return f"{self._base}{self._url(run)}/files/{quote(path)}"

    def zip_link(self, run: Run) -> str:
        return f"{self._base}{self._url(run)}/files/?format=zip"

    def tensorboard_link(self, run: Run) -> str | None:
        """The URL of the run in TensorBoard, None without TensorBoard."""
        own, curves = run.links.get("self", ""), run.links.get("tensorboard", "")
        prefix = own.removesuffix(self._url(run))
        # Paths in links start with the host's base path, which is part of the public URL.
        if not curves.startswith(f"{prefix}/"):
            return None
        return f"{self._base}{curves.removeprefix(prefix)}"

    async def _is_gone(self, run: Run) -> bool:
        try:
            await self._api.get_json(self._url(run))
        except ClientError as error:
            return error.status == GONE
        return False

    def _url(self, run: Run) -> str:
        return f"{self._path}{quote(run.uuid, safe='')}"


def _series(body: bytes) -> Series:
    return {
        name: [
            (step, value)
            for step, value in zip(told["steps"], told["values"], strict=False)
            # JSON has null for values that are not finite.
            if isinstance(value, int | float) and math.isfinite(value)
        ]
        for name, told in json.loads(body).items()
    }


UNREACHABLE = (
    ClientError,
    aiohttp.ClientError,
    OSError,
    asyncio.TimeoutError,
    ValueError,
    KeyError,
)
