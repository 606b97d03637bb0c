"""Tells an address of a client how a prediction goes on.

Of one prediction it is told in order; while it is slow, what happens meanwhile is left out, and
the next that it hears of is the newest. The end is not left out: it is tried again and again, for
minutes, unless too much is left to tell (``outbox``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import aiohttp
import msgspec
from yarl import URL

from deepaas.fetching.fetcher import FetchLimits, NotFetched, check_address, connector, shown
from deepaas.protocols.cog.outbox import Letter, Line, Outbox
from deepaas.protocols.cog.prediction import COMPLETED, LOG, OUTPUT, START, Prediction
from deepaas.web.document import Document

_log = logging.getLogger(__name__)

THROTTLE_SECONDS = 0.5
"""So long at least between two that are not the first or the last."""

SECONDS = 30.0
"""So long an address may take to answer."""

TRIES_COUNT = 12
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 60.0

LAST_WORDS_SECONDS = 2.0
"""So long an address is still told of the end when the host leaves."""

CONNECTIONS_COUNT = 32
"""A server is told by so many connections at a time."""

USER_AGENT = "deepaas"
FORWARDED = ("traceparent", "tracestate")
"""Headers of the client's request that are passed on."""

_PASSING = frozenset([OUTPUT, LOG])
_EVENT_OF = {START: "start", OUTPUT: "output", LOG: "logs", COMPLETED: "completed"}


class Address(msgspec.Struct, frozen=True):
    """Whom to tell.

    Attributes:
        url: where to.
        events: of what: ``start``, ``output``, ``logs``, ``completed``.
        headers: sent along.
    """

    url: str
    events: frozenset[str]
    headers: dict[str, str]


class Webhooks:
    """Tells addresses of predictions. Must be closed.

    Args:
        limits: whether addresses may be called that are not of the public internet.
        token: sent as bearer token; empty for none.
        folder: for what is to be told when it is long.
    """

    def __init__(self, limits: FetchLimits, token: str, folder: Path) -> None:
        self._limits = limits
        self._token = token
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._outbox = Outbox(folder)

    def address(
        self, name: str, url: str, events: frozenset[str], headers: Mapping[str, str]
    ) -> Address | None:
        """Whom to tell of a prediction.

        One that may not be called is not, and the prediction is made all the same, as in Cog.

        Args:
            name: of the prediction.
            url: where to.
            events: of what: ``start``, ``output``, ``logs``, ``completed``.
            headers: of the client's request.

        Returns:
            the address, None if it may not be called.
        """
        if not self._may_be_called(name, url):
            return None
        passed_on = {name: headers.get(name, "") for name in FORWARDED}
        return Address(
            url, events, {name: one for name, one in passed_on.items() if one and one.isascii()}
        )

    def watch(self, prediction: Prediction, address: Address, told: Callable[[], None]) -> None:
        """Tell an address of a prediction, from its beginning to its end.

        Args:
            prediction: which.
            address: whom to tell.
            told: called when there is nothing more to tell.
        """
        line = self._line(prediction.id, address, told)
        # Two tasks: the one that waits for the address does not hold the prediction.
        following = asyncio.ensure_future(_follow(prediction.hold(), address.events, line))
        following.add_done_callback(lambda _: prediction.release())
        self._have_done(following)

    async def tell(
        self, address: Address, name: str, document: Document, told: Callable[[], None]
    ) -> None:
        """Tell an address of the end of a prediction of which it knows already.

        Args:
            address: whom to tell.
            name: of the prediction.
            document: what there is to tell.
            told: called when there is nothing more to tell.
        """
        if "completed" not in address.events or not self._may_be_called(name, address.url):
            told()
            return
        line = self._line(name, address, told)
        try:
            await line.add_last(document, TRIES_COUNT)
        finally:
            line.finish()

    def _may_be_called(self, name: str, url: str) -> bool:
        try:
            check_address(URL(url), self._limits)
        except (NotFetched, ValueError) as error:
            said = error if isinstance(error, NotFetched) else "it is not a URL"
            _log.warning("prediction %s: its webhook is not called: %s", name, said)
            return False
        return True

    def _line(self, name: str, address: Address, told: Callable[[], None]) -> Line:
        async def send(letter: Letter) -> None:
            await self._send(address.url, letter, address.headers)

        def done(task: asyncio.Task[None]) -> None:
            # What is left when the host ends is for the next one.
            if line.given_up or not task.cancelled():
                told()

        about = f"a webhook of prediction {name} at {shown(address.url)}"
        line = Line(self._outbox, str(URL(address.url).origin()), about, send)
        line.task.add_done_callback(done)
        self._have_done(line.task)
        return line

    def _have_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Tell what is left to tell, if that goes quickly, and then nobody anything more."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LAST_WORDS_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _send(self, address: str, letter: Letter, headers: dict[str, str]) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        for left in reversed(range(letter.tries)):
            problem = await self._post(address, letter.body, headers)
            if not problem:
                return
            if not left:
                _log.warning("a webhook at %s was not told: %s", shown(address), problem)
                return
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    async def _post(self, address: str, body: Document, headers: dict[str, str]) -> str:
        """Send it; why it did not arrive, empty if it did."""
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
                    return ""
                return f"it answers {response.status}"
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


async def _follow(prediction: Prediction, events: frozenset[str], line: Line) -> None:
    """Tell of a prediction until it has ended; then nothing holds it here."""
    feed = _Feed(prediction)
    told = (0, "")
    try:
        while not feed.is_read:
            kinds = await feed.kinds()
            if START in kinds and "start" in events:
                line.add(prediction.told_begun())
                await feed.first_of_end_and(line.told())
            due = any(_EVENT_OF[kind] in events for kind in kinds & _PASSING)
            if feed.over:
                due = OUTPUT in kinds and "output" in events
            state = (prediction.journal.count(OUTPUT), prediction.logs)
            if not due or state == told:
                continue
            told = state
            if feed.over:
                await line.add_last(prediction.told(going=True), 1)
            else:
                line.add(prediction.told(going=True))
                await feed.first_of_end_and(line.told())
                await feed.first_of_end_and(asyncio.sleep(THROTTLE_SECONDS))
        if "completed" in events:
            await line.add_last(prediction.told(), TRIES_COUNT)
    finally:
        await feed.close()
        line.finish()


class _Feed:
    """What has happened in a prediction since somebody looked."""

    def __init__(self, prediction: Prediction) -> None:
        self.over = False
        self._kinds: set[str] = set()
        self._news = asyncio.Event()
        self._end = asyncio.Event()
        self._following = asyncio.ensure_future(self._follow(prediction))

    @property
    def is_read(self) -> bool:
        """Whether nothing more will come, and nothing is left."""
        return self.over and not self._kinds

    async def kinds(self) -> set[str]:
        """The kinds of events since the last time, once there is one."""
        await self._news.wait()
        self._news.clear()
        kinds, self._kinds = self._kinds, set()
        return kinds

    async def first_of_end_and(self, other: Awaitable[None]) -> None:
        """Wait for something, but not beyond the end of the prediction."""
        both = [asyncio.ensure_future(other), asyncio.ensure_future(self._end.wait())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()

    async def close(self) -> None:
        """Look no more."""
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)

    async def _follow(self, prediction: Prediction) -> None:
        async for kind, _ in prediction.events():
            self._kinds.add(kind)
            self._news.set()
        self.over = True
        self._end.set()
        self._news.set()
