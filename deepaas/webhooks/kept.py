"""Webhooks about work that continues after its request, kept in the store until they are sent.

If a host cannot send them, the next one does.
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
    """`id` is the id in the store, `name` the client's id; `created` is in epoch seconds."""

    kind: str
    model: str
    id: str
    name: str
    created: float


class WebhookEntry:
    """`number` is its number in the store, 0 if it is not there."""

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.is_told = False


class KeptWebhooks:
    """Must be closed. `durable`: whether there is a store."""

    def __init__(self, webhooks: Webhooks, trainings: Trainings, *, durable: bool) -> None:
        self.webhooks = webhooks
        self._trainings = trainings
        self._durable = durable
        self._new: dict[WebhookEntry, Webhook] = {}
        self._done: list[int] = []
        self._writing = WriteBehind(
            self._write,
            what="webhooks",
            meanwhile="webhooks are lost if this host exits",
        )

    def start(self) -> None:
        if self._durable:
            self._writing.start()

    def keep(self, entry: WebhookEntry, address: WebhookAddress, subject: Subject) -> None:
        """Store a webhook, so that the next host sends the end if this one cannot."""
        if not self._durable:
            return
        from deepaas.training.webhook_rows import Webhook

        place, host = self._trainings.directory.id, self._trainings.host
        self._new[entry] = Webhook(*subject, place, host, msgspec.json.encode(address))
        self._writing.wake()

    async def noted(self, entry: WebhookEntry | None) -> None:
        """Wait until it is in the store, for a limited time."""
        if entry is not None:
            await self._writing.until(lambda: entry not in self._new)

    def told(self, entry: WebhookEntry) -> None:
        entry.is_told = True
        if entry.number:
            self._done.append(entry.number)
            self._writing.wake()

    async def adopt(self) -> list[tuple[Webhook, WebhookEntry]]:
        """Take over those of dead hosts. Raises ``StoreUnavailable`` and ``StorageFull``."""
        rows = (await self._trainings.store()).webhooks
        place, host = self._trainings.directory.id, self._trainings.host
        adopted = await rows.adopt(place, host, ADOPTED_COUNT)
        return [(webhook, WebhookEntry(webhook.number)) for webhook in adopted]

    async def close(self) -> None:
        """Remove sent ones from the store; the next host sends the others."""
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
