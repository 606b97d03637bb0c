"""Sends webhooks that previous hosts could not send."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from deepaas.errors import StorageFull, StoreUnavailable
from deepaas.model.registry import Registry
from deepaas.predictions.archive import Archive
from deepaas.protocols.cog.answers import Refusal
from deepaas.protocols.cog.kept import told_of
from deepaas.protocols.cog.telling import PREDICTION
from deepaas.protocols.cog.training_routes import TrainingRoutes
from deepaas.webhooks.kept import KeptWebhooks, WebhookEntry
from deepaas.webhooks.sender import WebhookAddress

if TYPE_CHECKING:
    # SQLAlchemy takes longer to import than all the rest: see app.open_store.
    from deepaas.training.webhook_rows import Webhook

_log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0


class Successor:
    """Looks for remaining webhooks while the host runs. Must be closed."""

    def __init__(
        self,
        kept: KeptWebhooks,
        archive: Archive,
        trainings: TrainingRoutes,
        registry: Registry,
    ) -> None:
        self._kept = kept
        self._archive = archive
        self._trainings = trainings
        self._registry = registry
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._looking = asyncio.ensure_future(self._look())

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        left: list[tuple[Webhook, WebhookEntry]] = []
        while True:
            with contextlib.suppress(StoreUnavailable, StorageFull):
                # The store itself logs that.
                left += await self._kept.adopt()
                while left:
                    await self._take_over(*left[0])
                    del left[0]
            await asyncio.sleep(LOOK_SECONDS)

    async def _take_over(self, webhook: Webhook, entry: WebhookEntry) -> None:
        def told() -> None:
            self._kept.told(entry)

        try:
            address = msgspec.json.decode(webhook.address, type=WebhookAddress)
            if webhook.kind == PREDICTION:
                await self._tell_end(webhook, address, told)
            # If the model is not served, a later host may serve it.
            elif webhook.model in self._registry:
                model = self._registry[webhook.model]
                subject, name = webhook.subject, webhook.name
                await self._trainings.resume(model, subject, name, address, told)
        except StoreUnavailable:
            raise
        except Exception:
            _log.exception("a webhook of %s %r cannot be sent", webhook.kind, webhook.name)

    async def _tell_end(
        self, webhook: Webhook, address: WebhookAddress, told: Callable[[], None]
    ) -> None:
        kept = None
        with contextlib.suppress(Refusal):  # Made again by another host.
            kept = await self._archive.get(webhook.model, webhook.subject)
        if kept is None or kept[0].created != webhook.created or kept[0].completed is None:
            told()  # Removed, or made again with its own webhook.
            return
        document = await asyncio.to_thread(told_of, kept[1])
        await self._kept.webhooks.tell(address, webhook.name, document, told)
