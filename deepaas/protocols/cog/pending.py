"""Webhooks of what goes on beyond its request, kept in the store until they have been told.

What a host could not tell any more, the next one tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from deepaas.errors import StorageFull, StoreUnavailable
from deepaas.protocols.cog.prediction import COMPLETED, Prediction
from deepaas.protocols.cog.requests import Request
from deepaas.protocols.cog.webhooks import Webhooks
from deepaas.training.service import Trainings

if TYPE_CHECKING:
    # SQLAlchemy takes longer to import than all the rest: see app.open_store.
    from deepaas.training.webhook_rows import Webhook

_log = logging.getLogger(__name__)

PREDICTION, TRAINING = "prediction", "training"

WAIT_SECONDS = 5.0
"""So long somebody waits for the store; then the next ones do not."""

RETRY_SECONDS = 2.0
ADOPTED_COUNT = 100
"""So many are taken over at a time."""


class Entry:
    """One webhook that is kept.

    Attributes:
        number: its number in the store, 0 while it is not there.
        is_told: whether there is nothing more to tell.
        noted: set when it is in the store, or need not be.
    """

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.is_told = False
        self.noted = asyncio.Event()


class Pending:
    """All that are still to be told. Must be closed.

    Args:
        webhooks: tells them.
        trainings: has the store and the state directory.
        durable: whether there is a store at all.
    """

    def __init__(self, webhooks: Webhooks, trainings: Trainings, *, durable: bool) -> None:
        self._webhooks = webhooks
        self._trainings = trainings
        self._durable = durable
        self._new: dict[Entry, Webhook] = {}
        self._done: list[int] = []
        self._news = asyncio.Event()
        self._tried = asyncio.Event()
        self._away = False
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        if self._durable:
            self._writing = asyncio.ensure_future(self._write())

    def watch(
        self,
        prediction: Prediction,
        asked: Request,
        headers: Mapping[str, str],
        kind: str = "",
        subject: str = "",
    ) -> Entry | None:
        """Tell the address that a client names of its prediction, from now on.

        Args:
            prediction: which, or what stands for a training.
            asked: what the client asks for.
            headers: of its request.
            kind: ``PREDICTION`` or ``TRAINING``; empty for what ends with its request.
            subject: which of them, for who looks for it in the store.

        Returns:
            what :meth:`noted` waits for; None if there is no address, or it may not be called.
        """
        if not asked.webhook:
            return None
        address = self._webhooks.address(prediction.id, asked.webhook, asked.events, headers)
        if address is None:
            return None
        entry = Entry()
        self._webhooks.watch(prediction, address, lambda: self.told(entry))
        if self._durable and kind and COMPLETED in address.events:
            from deepaas.training.webhook_rows import Webhook

            self._new[entry] = Webhook(
                kind,
                prediction.model,
                subject,
                prediction.id,
                prediction.created,
                self._trainings.place.id,
                self._trainings.host,
                msgspec.json.encode(address),
            )
            self._news.set()
        else:
            entry.noted.set()
        return entry

    async def noted(self, entry: Entry | None) -> None:
        """Wait until it is in the store, but not for long."""
        if entry is None or self._away:
            return
        try:
            await asyncio.wait_for(entry.noted.wait(), WAIT_SECONDS)
        except asyncio.TimeoutError:
            self._away = True

    def told(self, entry: Entry) -> None:
        """There is nothing more to tell."""
        entry.is_told = True
        if entry.number:
            self._done.append(entry.number)
            self._news.set()

    async def adopt(self) -> list[tuple[Webhook, Entry]]:
        """Those of hosts that are gone.

        Raises:
            StoreUnavailable, StorageFull: nobody can say now.
        """
        rows = (await self._trainings.store()).webhooks
        place, host = self._trainings.place.id, self._trainings.host
        adopted = await rows.adopt(place, host, ADOPTED_COUNT)
        return [(webhook, Entry(webhook.number)) for webhook in adopted]

    async def close(self) -> None:
        """Remove those that have been told from the store; the others are for the next host."""
        if self._writing is None:
            return
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._all_written(), WAIT_SECONDS)
        self._writing.cancel()
        await asyncio.gather(self._writing, return_exceptions=True)

    async def _all_written(self) -> None:
        while (self._new or self._done) and not self._away:
            await self._tried.wait()

    async def _write(self) -> None:
        """Write all that comes, together what comes together."""
        while True:
            await self._news.wait()
            self._news.clear()
            for entry in [entry for entry in self._new if entry.is_told]:
                del self._new[entry]
                entry.noted.set()
            new, done = dict(self._new), [*self._done]
            try:
                rows = (await self._trainings.store()).webhooks
                numbers = await rows.put([*new.values()], done)
            except (StoreUnavailable, StorageFull) as error:
                if not self._away:
                    _log.error("%s; webhooks are lost if this host ends meanwhile", error)
                await self._retry_later(new)
                continue
            except Exception:
                _log.exception("webhooks cannot be kept in the store")
                await self._retry_later(new)
                continue
            self._away = False
            del self._done[: len(done)]
            for entry, number in zip(new, numbers, strict=True):
                del self._new[entry]
                entry.number = number
                entry.noted.set()
                if entry.is_told:
                    self.told(entry)
            self._wake()

    async def _retry_later(self, new: Mapping[Entry, Webhook]) -> None:
        self._away = True
        for entry in new:
            entry.noted.set()
        self._wake()
        await asyncio.sleep(RETRY_SECONDS)
        self._news.set()

    def _wake(self) -> None:
        # Whoever waits has the event from before; whoever looks from now on waits for the next.
        self._tried.set()
        self._tried = asyncio.Event()
