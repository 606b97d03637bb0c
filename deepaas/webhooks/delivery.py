"""What addresses of clients are still to be told: bounded, and apart from what it tells of.

A prediction that has ended is not held by an address that does not answer; nor does one such
address keep the others from being told.
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
"""Of so many ended predictions there may be something left to tell."""

MEMORY_BYTES = 32 * 1024 * 1024
"""So much of it is in memory, the rest in files."""

DISK_BYTES = 4 * 1024 * 1024 * 1024


@dataclass(frozen=True)
class WebhookDelivery:
    """`path` is its file, if it has one; `held_bytes` what counts as being in memory."""

    body: Document
    tries: int = 1
    path: Path | None = None
    held_bytes: int = 0


class WebhookChannel:
    """`origin`: addresses of one server have the same; `given_up`: there is too much to tell."""

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
        """Of a prediction that goes on; it is tried once."""
        self._deliveries.put_nowait(WebhookDelivery(document))

    async def add_last(self, document: Document, tries: int) -> None:
        """Tell something of a prediction that has ended, and need not be kept for this."""
        delivery = await self._queue.delivery(document, tries)
        if delivery is None:
            _log.warning("%s is not told: it is too long to be kept", self.about)
        elif self.task.done():
            self._queue.drop(delivery)
        else:
            self._deliveries.put_nowait(delivery)

    def finish(self) -> None:
        self._deliveries.put_nowait(None)
        if not self.task.done():
            self._queue.enter(self)

    def leave(self) -> None:
        """Tell nothing more: what is left is for the next host."""
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
    """What is left to tell of predictions that have ended; `folder` is for what is long."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._channels: dict[str, dict[WebhookChannel, None]] = {}
        self._channels_count = 0
        self._held_bytes = 0
        self._disk_bytes = 0

    async def delivery(self, document: Document, tries: int) -> WebhookDelivery | None:
        """A document that needs nothing else any more, None if there is no room for it."""
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
            # Of whom most is left, the oldest: a server that does not answer pays for itself.
            most = max(self._channels.values(), key=len)
            given_up = next(iter(most))
            self.leave(given_up)
            given_up.given_up = True
            given_up.task.cancel()
            _log.warning("%s is not told: too much is left to tell", given_up.about)

    def leave(self, channel: WebhookChannel) -> None:
        channels = self._channels.get(channel.origin, {})
        if channel in channels:
            del channels[channel]
            self._channels_count -= 1
            if not channels:
                del self._channels[channel.origin]
