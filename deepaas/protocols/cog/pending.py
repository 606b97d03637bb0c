"""Webhooks of what goes on beyond its request, kept in the store until they have been told.

What a host could not tell any more, the next one tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from deepaas.protocols.cog.prediction import COMPLETED, Prediction
from deepaas.protocols.cog.requests import Request
from deepaas.protocols.cog.webhooks import Webhooks
from deepaas.training.service import Trainings
from deepaas.training.write_behind import WriteBehind

if TYPE_CHECKING:
    # SQLAlchemy takes longer to import than all the rest: see app.open_store.
    from deepaas.training.webhook_rows import Webhook

PREDICTION, TRAINING = "prediction", "training"

ADOPTED_COUNT = 100
"""So many are taken over at a time."""


class Entry:
    """One webhook that is kept.

    Attributes:
        number: its number in the store, 0 while it is not there.
        is_told: whether there is nothing more to tell.
    """

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.is_told = False


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
        self._writing = WriteBehind(
            self._write,
            what="webhooks",
            meanwhile="webhooks are lost if this host ends",
        )

    def start(self) -> None:
        """Begin to write."""
        if self._durable:
            self._writing.start()

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
            self._writing.wake()
        return entry

    async def noted(self, entry: Entry | None) -> None:
        """Wait until it is in the store, but not for long."""
        if entry is not None:
            await self._writing.until(lambda: entry not in self._new)

    def told(self, entry: Entry) -> None:
        """There is nothing more to tell."""
        entry.is_told = True
        if entry.number:
            self._done.append(entry.number)
            self._writing.wake()

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
        await self._writing.close(lambda: not (self._new or self._done))

    async def _write(self) -> None:
        for entry in [entry for entry in self._new if entry.is_told]:
            del self._new[entry]
        new, done = dict(self._new), [*self._done]
        rows = (await self._trainings.store()).webhooks
        numbers = await rows.put([*new.values()], done)
        del self._done[: len(done)]
        for entry, number in zip(new, numbers, strict=True):
            del self._new[entry]
            entry.number = number
            if entry.is_told:
                self.told(entry)
