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
"""So many are taken over at a time."""


class Subject(NamedTuple):
    """What is told of.

    Attributes:
        kind: ``prediction`` or ``training``.
        model: name of the model.
        id: which of them, for who looks for it in the store.
        name: what its client calls it.
        created: when it came, in seconds since the epoch.
    """

    kind: str
    model: str
    id: str
    name: str
    created: float


class WebhookEntry:
    """One webhook that is kept.

    Attributes:
        number: its number in the store, 0 while it is not there.
        is_told: whether there is nothing more to tell.
    """

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.is_told = False


class KeptWebhooks:
    """All that are still to be told. Must be closed.

    Attributes:
        webhooks: tells them.

    Args:
        webhooks: the same.
        trainings: has the store and the state directory.
        durable: whether there is a store at all.
    """

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
        """Begin to write."""
        if self._durable:
            self._writing.start()

    def keep(self, entry: WebhookEntry, address: WebhookAddress, subject: Subject) -> None:
        """Have the next host tell the end, if this one cannot.

        Args:
            entry: what it is known by here.
            address: whom to tell.
            subject: what of.
        """
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
        """There is nothing more to tell."""
        entry.is_told = True
        if entry.number:
            self._done.append(entry.number)
            self._writing.wake()

    async def adopt(self) -> list[tuple[Webhook, WebhookEntry]]:
        """Those of hosts that are gone.

        Raises:
            StoreUnavailable, StorageFull: nobody can say now.
        """
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
