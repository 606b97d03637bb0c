"""Webhooks of what goes on beyond its request, kept in the store until they have been told.

What a host could not tell any more, the next one tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

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
"""So long somebody waits for the store."""

ADOPTED_COUNT = 100
"""So many are taken over at a time."""


class Entry:
    """One webhook.

    Attributes:
        noted: set when it is in the store, or cannot be.
        told: to be set when there is nothing more to tell.
    """

    def __init__(self) -> None:
        self.noted = asyncio.Event()
        self.told = asyncio.Event()


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
        self._entries: dict[Entry, asyncio.Task[None]] = {}

    def watch(
        self,
        prediction: Prediction,
        asked: Request,
        headers: Mapping[str, str],
        kind: str = "",
        subject: str = "",
    ) -> Entry | None:
        """Tell the address that a client names of its prediction.

        Args:
            prediction: which, or what stands for a training.
            asked: what the client asks for.
            headers: of its request.
            kind: ``PREDICTION`` or ``TRAINING``; empty for what ends with its request.
            subject: which of them, for who looks for it in the store.

        Returns:
            None if there is no address, or it may not be called.
        """
        if not asked.webhook:
            return None
        address = self._webhooks.address(prediction.id, asked.webhook, asked.events, headers)
        if address is None:
            return None
        entry = Entry()
        if self._durable and kind and COMPLETED in address.events:
            what = (kind, prediction.model, subject, prediction.id)
            self._begin(entry, self._live(entry, what, msgspec.json.encode(address)))
        else:
            entry.noted.set()
        self._webhooks.watch(prediction, address, entry.told)
        return entry

    async def adopt(self) -> list[tuple[Webhook, Entry]]:
        """Those of hosts that are gone.

        Raises:
            StoreUnavailable, StorageFull: nobody can say now.
        """
        store = await self._trainings.store()
        place, host = self._trainings.place.id, self._trainings.host
        adopted = []
        for webhook in await store.webhooks.adopt(place, host, ADOPTED_COUNT):
            entry = Entry()
            entry.noted.set()
            self._begin(entry, self._forget_when_told(entry, webhook.number))
            adopted.append((webhook, entry))
        return adopted

    async def close(self) -> None:
        """Remove those that have been told from the store; the others are for the next host."""
        told = [task for entry, task in self._entries.items() if entry.told.is_set()]
        if told:
            await asyncio.wait(told, timeout=WAIT_SECONDS)
        left = [*self._entries.values()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _begin(self, entry: Entry, life: Coroutine[Any, Any, None]) -> None:
        task = self._entries[entry] = asyncio.ensure_future(life)
        task.add_done_callback(lambda _: self._entries.pop(entry, None))

    async def _live(self, entry: Entry, what: tuple[str, str, str, str], address: bytes) -> None:
        from deepaas.training.webhook_rows import Webhook

        webhook = Webhook(*what, self._trainings.place.id, self._trainings.host, address)
        try:
            number = await asyncio.wait_for(self._add(webhook), WAIT_SECONDS)
        except (StoreUnavailable, StorageFull, asyncio.TimeoutError) as error:
            _log.warning(
                "a webhook of %s %s is told by this host or not at all: %s",
                webhook.kind,
                webhook.name,
                error or "the store does not answer in time",
            )
            return
        finally:
            entry.noted.set()
        await self._forget_when_told(entry, number)

    async def _add(self, webhook: Webhook) -> int:
        return await (await self._trainings.store()).webhooks.add(webhook)

    async def _forget_when_told(self, entry: Entry, number: int) -> None:
        await entry.told.wait()
        # If that is not possible it is told twice at worst.
        with contextlib.suppress(StoreUnavailable, StorageFull):
            await (await self._trainings.store()).webhooks.forget(number)
