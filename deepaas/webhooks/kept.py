"""Webhooks of what goes on beyond its request, kept in the store until they have been told.

What a host could not tell any more, the next one tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from deepaas.training.service import Trainings
from deepaas.training.write_behind import WriteBehind
from deepaas.webhooks.sender import WebhookAddress, Webhooks

if TYPE_CHECKING:
    # SQLAlchemy takes longer to import than all the rest: see app.open_store.
    from deepaas.training.webhook_rows import Webhook

ADOPTED_COUNT = 100


class Subject(NamedTuple):
    """`id` is for who looks in the store, `name` the client's; `created` in epoch seconds."""

    kind: str
    model: str
    id: str
    name: str
    created: float


class WebhookEntry:
    """`number` is its number in the store, 0 while it is not there."""

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.is_told = False


class KeptWebhooks:
    """Must be closed. `durable`: whether there is a store at all."""

    def __init__(self, webhooks: Webhooks, trainings: Trainings, *, durable: bool) -> None:
        self.webhooks = webhooks
        self._trainings = trainings
        self._durable = durable
        self._new: dict[WebhookEntry, Webhook] = {}
        self._done: list[int] = []
        self._writing = WriteBehind(
            self._write,
            what="webhooks",
            meanwhile="webhooks are lost if this host ends",
        )

    def start(self) -> None:
        if self._durable:
            self._writing.start()

    def keep(self, entry: WebhookEntry, address: WebhookAddress, subject: Subject) -> None:
        """Have the next host tell the end, if this one cannot."""
        if not self._durable:
            return
        from deepaas.training.webhook_rows import Webhook

        place, host = self._trainings.directory.id, self._trainings.host
        self._new[entry] = Webhook(*subject, place, host, msgspec.json.encode(address))
        self._writing.wake()

    async def noted(self, entry: WebhookEntry | None) -> None:
        """Wait until it is in the store, but not for long."""
        if entry is not None:
            await self._writing.until(lambda: entry not in self._new)

    def told(self, entry: WebhookEntry) -> None:
        entry.is_told = True
        if entry.number:
            self._done.append(entry.number)
            self._writing.wake()

    async def adopt(self) -> list[tuple[Webhook, WebhookEntry]]:
        """Those of hosts that are gone. Raises ``StoreUnavailable`` and ``StorageFull``."""
        rows = (await self._trainings.store()).webhooks
        place, host = self._trainings.directory.id, self._trainings.host
        adopted = await rows.adopt(place, host, ADOPTED_COUNT)
        return [(webhook, WebhookEntry(webhook.number)) for webhook in adopted]

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
