"""Sends webhooks to clients' addresses.

The last webhook is retried for minutes, unless the queue is full (``delivery``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from deepaas.fetching.fetcher import FetchLimits, NotFetched, check_address, connector, shown
from deepaas.metrics.families import Family, Kind
from deepaas.request_context import CURRENT
from deepaas.web.document import Document
from deepaas.webhooks.delivery import DeliveryQueue, WebhookChannel, WebhookDelivery

_log = logging.getLogger(__name__)

SECONDS = 30.0

TRIES_COUNT = 12
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 60.0

LAST_WORDS_SECONDS = 2.0
"""How long remaining webhooks are sent when the host stops."""

CONNECTIONS_COUNT = 32
"""Maximum number of connections to one server."""

USER_AGENT = "deepaas"

OUTCOMES = ("sent", "rejected", "failed", "not_allowed")
"""``rejected``: by the receiver, with a status 4xx; ``not_allowed``: its address is not public."""

FORWARDED = ("X-Request-ID", "traceparent", "tracestate")


class WebhookAddress(msgspec.Struct, frozen=True):
    """`events` have the names of the protocol."""

    url: str
    events: frozenset[str]
    headers: dict[str, str]


class Webhooks:
    """Sends webhooks. Must be closed. An empty token is not sent."""

    def __init__(self, limits: FetchLimits, token: str, folder: Path) -> None:
        self._limits = limits
        self._token = token
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._queue = DeliveryQueue(folder)
        self._counts = dict.fromkeys(OUTCOMES, 0)

    def address(
        self, name: str, url: str, events: frozenset[str], headers: Mapping[str, str]
    ) -> WebhookAddress | None:
        """None if the address is not allowed; the prediction or run continues without webhooks."""
        if not self._may_be_called(name, url):
            return None
        passed_on = {name: headers.get(name, "") for name in FORWARDED}
        sent = {name: one for name, one in passed_on.items() if one and one.isascii()}
        if (context := CURRENT.get()) is not None:
            sent["X-Request-ID"] = context.id
        return WebhookAddress(url, events, sent)

    def follow(
        self,
        name: str,
        address: WebhookAddress,
        follow: Callable[[WebhookChannel], Coroutine[Any, Any, None]],
        told: Callable[[], None],
    ) -> asyncio.Task[None]:
        """`follow` adds documents to the channel, and finishes it."""
        task = asyncio.ensure_future(follow(self._channel(name, address, told)))
        self._have_done(task)
        return task

    async def tell(
        self, address: WebhookAddress, name: str, document: Document, told: Callable[[], None]
    ) -> None:
        if not self._may_be_called(name, address.url):
            told()
            return
        channel = self._channel(name, address, told)
        try:
            await channel.add_last(document, TRIES_COUNT)
        finally:
            channel.finish()

    def _may_be_called(self, name: str, url: str) -> bool:
        try:
            check_address(URL(url), self._limits)
        except (NotFetched, ValueError) as error:
            said = error if isinstance(error, NotFetched) else "it is not a valid URL"
            self._counts["not_allowed"] += 1
            _log.warning("prediction %s: its webhook is ignored: %s", name, said)
            return False
        return True

    def _channel(
        self, name: str, address: WebhookAddress, told: Callable[[], None]
    ) -> WebhookChannel:
        async def send(delivery: WebhookDelivery) -> None:
            await self._send(address.url, delivery, address.headers)

        def done(task: asyncio.Task[None]) -> None:
            # The next host sends what is left when this one stops.
            if channel.given_up or not task.cancelled():
                told()

        about = f"a webhook of prediction {name} at {shown(address.url)}"
        channel = WebhookChannel(self._queue, str(URL(address.url).origin()), about, send)
        channel.task.add_done_callback(done)
        self._have_done(channel.task)
        return channel

    def _have_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Send remaining webhooks for a short time, then stop."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LAST_WORDS_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _send(self, address: str, delivery: WebhookDelivery, headers: dict[str, str]) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        for left in reversed(range(delivery.tries)):
            problem = await self._post(address, delivery.body, headers)
            if not problem:
                return
            if not left:
                self._counts["failed"] += 1
                _log.warning("cannot send a webhook to %s: %s", shown(address), problem)
                return
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    def metrics(self, door: str) -> list[Family]:
        sent = Family("deepaas_webhooks", Kind.COUNTER, "Webhooks by outcome.", ("door", "outcome"))
        for outcome, count in self._counts.items():
            sent.add(count, door, outcome)
        sent.add(self._queue.discarded_count, door, "discarded")
        waiting = Family(
            "deepaas_webhooks_waiting",
            Kind.GAUGE,
            "Ended predictions and runs whose webhooks have not been sent.",
            ("door",),
        )
        waiting.add(len(self._queue), door)
        return [sent, waiting]

    async def _post(self, address: str, body: Document, headers: dict[str, str]) -> str:
        """Send it; returns why it failed, or an empty string."""
        sent = {"Content-Type": "application/json", "User-Agent": USER_AGENT, **headers}
        data: bytes | AsyncIterator[bytes]
        if body.is_small:
            data = body.whole()
        else:
            data = body.sent()
            sent["Content-Length"] = str(body.size_bytes)
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        try:
            async with self._open().post(
                URL(address, encoded=True), data=data, headers=sent, allow_redirects=False
            ) as response:
                passing = response.status in (408, 425, 429) or response.status >= 500
                if response.status < 400 or not passing:
                    self._counts["sent" if response.status < 400 else "rejected"] += 1
                    return ""
                return f"status {response.status}"
        except aiohttp.ClientConnectorDNSError as error:
            return str(error.os_error)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            return str(error) or type(error).__name__

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=connector(self._limits, limit_per_host=CONNECTIONS_COUNT),
                timeout=aiohttp.ClientTimeout(total=SECONDS, sock_connect=10),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
