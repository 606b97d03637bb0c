"""Sends webhooks about a prediction, in Cog's format.

Webhooks of a prediction are sent in order. If the receiver is slow, intermediate states are
skipped, and it gets the newest. The end is never skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from deepaas.protocols.cog.prediction import COMPLETED, LOG, OUTPUT, START, Prediction, told_begun
from deepaas.protocols.cog.requests import Request
from deepaas.webhooks.delivery import WebhookChannel
from deepaas.webhooks.kept import KeptWebhooks, Subject, WebhookEntry
from deepaas.webhooks.sender import TRIES_COUNT, WebhookAddress, Webhooks

PREDICTION, TRAINING = "prediction", "training"

THROTTLE_SECONDS = 0.5
"""Minimum time between two webhooks, except the first and the last."""

_PASSING = frozenset([OUTPUT, LOG])
_EVENT_OF = {START: "start", OUTPUT: "output", LOG: "logs", COMPLETED: "completed"}


Follow = Callable[[WebhookAddress, Callable[[], None]], object]
"""Starts sending to an address; calls the function when there is nothing more to send."""


def watch(
    kept: KeptWebhooks,
    prediction: Prediction,
    asked: Request,
    headers: Mapping[str, str],
    *,
    durable: bool = False,
) -> WebhookEntry | None:
    """Send webhooks of a prediction to its client's address; see :func:`subscribe`."""

    if not asked.webhook:
        return None

    def begin(address: WebhookAddress, told: Callable[[], None]) -> None:
        follow(kept.webhooks, prediction, address, told)

    name, created = prediction.id, prediction.created
    subject = Subject(PREDICTION, prediction.model, name, name, created)
    return subscribe(kept, subject, asked, headers, begin, durable=durable)


def subscribe(
    kept: KeptWebhooks,
    subject: Subject,
    asked: Request,
    headers: Mapping[str, str],
    begin: Follow,
    *,
    durable: bool,
) -> WebhookEntry | None:
    """Send webhooks to the address that a client has given.

    Args:
        durable: whether the next host sends the end if this one cannot.

    Returns:
        the entry for :meth:`KeptWebhooks.noted`; None if there is no address, or it is not
        allowed.
    """
    if not asked.webhook:
        return None
    address = kept.webhooks.address(subject.name, asked.webhook, asked.events, headers)
    if address is None:
        return None
    entry = WebhookEntry()
    begin(address, lambda: kept.told(entry))
    if durable and COMPLETED in address.events:
        kept.keep(entry, address, subject)
    return entry


def follow(
    webhooks: Webhooks, prediction: Prediction, address: WebhookAddress, told: Callable[[], None]
) -> None:
    """Send webhooks of a prediction until its end, then call ``told``."""
    prediction.hold()

    async def tell(channel: WebhookChannel) -> None:
        await _follow(prediction, address.events, channel)

    # Webhooks waiting to be sent do not keep the prediction.
    following = webhooks.follow(prediction.id, address, tell, told)
    following.add_done_callback(lambda _: prediction.release())


async def _follow(prediction: Prediction, events: frozenset[str], channel: WebhookChannel) -> None:
    """Send webhooks until the prediction has ended."""
    feed = _Feed(prediction)
    told = (0, "")
    try:
        while not feed.is_read:
            kinds = await feed.kinds()
            if START in kinds and "start" in events:
                channel.add(told_begun(prediction.id))
                await feed.first_of_end_and(channel.told())
            due = any(_EVENT_OF[kind] in events for kind in kinds & _PASSING)
            if feed.over:
                due = OUTPUT in kinds and "output" in events
            state = (prediction.journal.count(OUTPUT), prediction.logs)
            if not due or state == told:
                continue
            told = state
            if feed.over:
                await channel.add_last(prediction.told(going=True), 1)
            else:
                channel.add(prediction.told(going=True))
                await feed.first_of_end_and(channel.told())
                await feed.first_of_end_and(asyncio.sleep(THROTTLE_SECONDS))
        if "completed" in events:
            await channel.add_last(prediction.told(), TRIES_COUNT)
    finally:
        await feed.close()
        channel.finish()


class _Feed:
    """Collects the events of a prediction between two webhooks."""

    def __init__(self, prediction: Prediction) -> None:
        self.over = False
        self._kinds: set[str] = set()
        self._news = asyncio.Event()
        self._end = asyncio.Event()
        self._following = asyncio.ensure_future(self._follow(prediction))

    @property
    def is_read(self) -> bool:
        """Whether all events have been read."""
        return self.over and not self._kinds

    async def kinds(self) -> set[str]:
        """Wait for events; returns the kinds of those since the last call."""
        await self._news.wait()
        self._news.clear()
        kinds, self._kinds = self._kinds, set()
        return kinds

    async def first_of_end_and(self, other: Awaitable[None]) -> None:
        """Wait for ``other``, but at most until the end of the prediction."""
        both = [asyncio.ensure_future(other), asyncio.ensure_future(self._end.wait())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()

    async def close(self) -> None:
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)

    async def _follow(self, prediction: Prediction) -> None:
        async for kind, _ in prediction.events():
            self._kinds.add(kind)
            self._news.set()
        self.over = True
        self._end.set()
        self._news.set()
