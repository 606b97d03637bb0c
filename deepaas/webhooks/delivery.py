"""The queue of webhooks to be sent: limited, and independent of the predictions they are about.

An unresponsive receiver neither keeps an ended prediction in memory nor delays other receivers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from deepaas.web.document import Document, of_bytes, of_file

_log = logging.getLogger(__name__)

CHANNELS_COUNT = 1000
"""Maximum number of ended predictions with webhooks in the queue."""

MEMORY_BYTES = 32 * 1024 * 1024
"""How much of the queue is in memory; the rest is in files."""

DISK_BYTES = 4 * 1024 * 1024 * 1024


@dataclass(frozen=True)
class WebhookDelivery:
    """`path` is its file, if any; `held_bytes` is its size in memory."""

    body: Document
    tries: int = 1
    path: Path | None = None
    held_bytes: int = 0


class WebhookChannel:
    """`origin`: identifies the receiving server; `given_up`: discarded, the queue was full."""

    def __init__(
        self,
        queue: DeliveryQueue,
        origin: str,
        about: str,
        send: Callable[[WebhookDelivery], Awaitable[None]],
    ) -> None:
        self.origin = origin
        self.about = about
        self.given_up = False
        self._queue = queue
        self._send = send
        self._deliveries: asyncio.Queue[WebhookDelivery | None] = asyncio.Queue()
        self.task = asyncio.ensure_future(self._tell())

    def add(self, document: Document) -> None:
        """Send a document about a running prediction; one attempt."""
        self._deliveries.put_nowait(WebhookDelivery(document))

    async def add_last(self, document: Document, tries: int) -> None:
        """Send a document about an ended prediction, independently of it."""
        delivery = await self._queue.delivery(document, tries)
        if delivery is None:
            self._queue.discarded_count += 1
            _log.warning("discarded %s: it is too large for the queue", self.about)
        elif self.task.done():
            self._queue.drop(delivery)
        else:
            self._deliveries.put_nowait(delivery)

    def finish(self) -> None:
        self._deliveries.put_nowait(None)
        if not self.task.done():
            self._queue.enter(self)

    def leave(self) -> None:
        """Stop sending: the next host sends the rest."""
        self.task.cancel()

    async def told(self) -> None:
        await self._deliveries.join()

    async def _tell(self) -> None:
        try:
            while (delivery := await self._deliveries.get()) is not None:
                try:
                    await self._send(delivery)
                finally:
                    self._queue.drop(delivery)
                    self._deliveries.task_done()
        finally:
            self._queue.leave(self)
            while not self._deliveries.empty():
                if (delivery := self._deliveries.get_nowait()) is not None:
                    self._queue.drop(delivery)


class DeliveryQueue:
    """The webhooks about ended predictions; `folder` is for long documents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._channels: dict[str, dict[WebhookChannel, None]] = {}
        self._channels_count = 0
        self._held_bytes = 0
        self._disk_bytes = 0
        self.discarded_count = 0

    def __len__(self) -> int:
        return self._channels_count

    async def delivery(self, document: Document, tries: int) -> WebhookDelivery | None:
        """A copy of a document in memory or on disk, None if there is no room for it."""
        size_bytes = document.size_bytes
        if document.is_small and self._held_bytes + size_bytes <= MEMORY_BYTES:
            self._held_bytes += size_bytes
            return WebhookDelivery(of_bytes(document.whole()), tries, held_bytes=size_bytes)
        if self._disk_bytes + size_bytes > DISK_BYTES:
            return None
        self._disk_bytes += size_bytes
        path = self._folder / f"webhook-{uuid.uuid4().hex}.json"
        try:
            await asyncio.to_thread(document.write, path)
            return WebhookDelivery(of_file(path), tries, path)
        except BaseException as error:
            self._disk_bytes -= size_bytes
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                return None
            raise

    def drop(self, delivery: WebhookDelivery) -> None:
        self._held_bytes -= delivery.held_bytes
        if delivery.path is not None:
            self._disk_bytes -= delivery.body.size_bytes
            with contextlib.suppress(OSError):
                delivery.path.unlink(missing_ok=True)

    def enter(self, channel: WebhookChannel) -> None:
        self._channels.setdefault(channel.origin, {})[channel] = None
        self._channels_count += 1
        if self._channels_count > CHANNELS_COUNT:
            # The oldest of the server with most webhooks: an unresponsive one only harms itself.
            most = max(self._channels.values(), key=len)
            given_up = next(iter(most))
            self.leave(given_up)
            given_up.given_up = True
            given_up.task.cancel()
            self.discarded_count += 1
            _log.warning("discarded %s: the queue is full", given_up.about)

    def leave(self, channel: WebhookChannel) -> None:
        channels = self._channels.get(channel.origin, {})
        if channel in channels:
            del channels[channel]
            self._channels_count -= 1
            if not channels:
                del self._channels[channel.origin]
