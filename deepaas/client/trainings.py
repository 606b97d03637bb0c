"""The trainings of one model over HTTP."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from deepaas.client.api import Api, ApiError
from deepaas.client.calls import train_call
from deepaas.client.description import Model
from deepaas.ui.train_curves import Series
from deepaas.ui.train_run import Run, parse

GONE = 404
GONE_LOOK_SECONDS = 0.3
GONE_LOOKS_COUNT = 20

TAIL_COUNT = 500
MAX_LOG_BYTES = 256 * 1024
"""So much of the end of a log is shown, however long its lines are."""


@dataclass(frozen=True)
class Listing:
    """The newest trainings, and how many there are in all."""

    runs: tuple[Run, ...] = ()
    total_count: int = 0


@dataclass(frozen=True)
class File:
    """What a training has written."""

    path: str
    size: int


@dataclass(frozen=True)
class Files:
    """What a training has written; ``more`` if the host has not listed all of it."""

    entries: tuple[File, ...] = ()
    more: bool = False


class TrainingApi:
    """Starts, lists, shows and cancels the trainings of one model.

    Args:
        api: of the host.
        model: whose trainings.
        base: what stands before the paths of links, for a browser that looks at the page; the
            public URL of the host by default.
    """

    def __init__(self, api: Api, model: Model, base: str | None = None) -> None:
        self._api = api
        self._base = api.public_url if base is None else base
        self._model = model
        self._path = f"/v2/models/{quote(model.name, safe='')}/train/"

    async def start(self, values: Mapping[str, Any]) -> Run:
        """Ask for a training.

        Args:
            values: of its arguments.

        Raises:
            ApiError: the host refuses, with messages by argument if they do not fit.
        """
        answer = await self._api.send(train_call(self._model, values))
        return parse(answer.json())

    async def list(self, limit: int) -> Listing:
        """The newest trainings, those first.

        Raises:
            ApiError: the host does not answer.
        """
        query = {"order": "newest", "limit": str(limit)}
        async with self._api.open("GET", self._path, query) as response:
            told = json.loads(await response.read())
            total = response.headers.get("X-Total-Count", "")
        runs = [parse(one) for one in told or ()]
        # DEEPaaS 2.6 knows neither order nor limit.
        runs.sort(key=lambda run: run.date.timestamp() if run.date else 0.0, reverse=True)
        return Listing(tuple(runs[:limit]), int(total) if total.isdigit() else len(runs))

    async def cancel(self, run: Run) -> str:
        """Cancel a training; what has become of it, in words.

        Raises:
            ApiError: the host refuses.
        """
        if not run.links:
            return await self._cancel_unanswered(run)
        async with self._api.open("DELETE", self._url(run)) as response:
            cancelled = parse(json.loads(await response.read()))
        return cancelled.message or cancelled.state

    async def _cancel_unanswered(self, run: Run) -> str:
        """Cancel a training of DEEPaaS 2.6, which forgets it at once and never answers."""
        asking = asyncio.ensure_future(self._api.ask("DELETE", self._url(run)))
        try:
            for _ in range(GONE_LOOKS_COUNT):
                await asyncio.sleep(GONE_LOOK_SECONDS)
                if await self._is_gone(run):
                    return "cancelled; this host keeps nothing of it"
        finally:
            asking.cancel()
            await asyncio.wait((asking,))
            refused = None if asking.cancelled() else asking.exception()
        raise refused or ApiError("The host does not cancel it.")

    async def log(self, run: Run) -> str:
        """The end of what it has printed.

        Raises:
            ApiError: the host does not answer, or has no log.
        """
        end = b""
        query = {"tail": str(TAIL_COUNT)}
        async with self._api.open("GET", f"{self._url(run)}/logs", query) as response:
            async for chunk in response.content.iter_any():
                end = (end + chunk)[-MAX_LOG_BYTES:]
        return end.decode(errors="replace")

    async def metrics(self, run: Run) -> Series:
        """What it has measured.

        Raises:
            ApiError: the host does not answer, or has no metrics.
        """
        async with self._api.open("GET", f"{self._url(run)}/metrics") as response:
            body = await response.read()
        # A thread: there may be a million points.
        return await asyncio.to_thread(_series, body)

    async def files(self, run: Run) -> Files:
        """What it has written.

        Raises:
            ApiError: the host does not answer, or has no files.
        """
        told = await self._api.get_json(f"{self._url(run)}/files/")
        entries = [File(str(one["path"]), int(one["size"])) for one in told["files"]]
        return Files(tuple(entries), bool(told.get("more")))

    def file_link(self, run: Run, path: str) -> str:
        """Where a browser gets one of its files."""
        return f"{self._base}{self._url(run)}/files/{quote(path)}"

    def zip_link(self, run: Run) -> str:
        """Where a browser gets all of its files."""
        return f"{self._base}{self._url(run)}/files/?format=zip"

    def tensorboard_link(self, run: Run) -> str | None:
        """Where a browser sees it in TensorBoard, None if there is none."""
        own, curves = run.links.get("self", ""), run.links.get("tensorboard", "")
        prefix = own.removesuffix(self._url(run))
        # Paths in links begin with the host's base path, which belongs to its public URL.
        if not curves.startswith(f"{prefix}/"):
            return None
        return f"{self._base}{curves.removeprefix(prefix)}"

    async def _is_gone(self, run: Run) -> bool:
        try:
            await self._api.get_json(self._url(run))
        except ApiError as error:
            return error.status == GONE
        return False

    def _url(self, run: Run) -> str:
        return f"{self._path}{quote(run.uuid, safe='')}"


def _series(body: bytes) -> Series:
    return {
        name: [
            (step, value)
            for step, value in zip(told["steps"], told["values"], strict=False)
            # JSON has no word for what is not finite.
            if isinstance(value, int | float) and math.isfinite(value)
        ]
        for name, told in json.loads(body).items()
    }


UNREACHABLE = (ApiError, aiohttp.ClientError, OSError, asyncio.TimeoutError, ValueError, KeyError)
"""What may go wrong with an answer of a host."""
