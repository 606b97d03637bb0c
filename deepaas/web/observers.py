"""Tells others when a request has ended: metrics, the access log, traces.

With no observer, nothing here is called. aiohttp tells its access log of every response; of
requests without one, whose client has left, only the end of the connection tells.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from deepaas.web.connection import Connection, Doorkeeper
from deepaas.web.errors import BEGUN
from deepaas.web.facts import FactFinder, RequestFacts
from deepaas.web.request_state import kept

_log = logging.getLogger(__name__)

CLIENT_LEFT = 499
"""In place of a status if nothing was sent because the client had left: nginx's number for it."""


TRACE_ID = "deepaas_trace_id"
"""Key of a request for the id of its trace, 32 hex digits; empty if that is not recorded."""


class Observer(Protocol):
    def ended(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse | None,
        seconds: float,
        facts: RequestFacts,
    ) -> None:
        """A request has ended; called once for each, on the loop.

        Its ``match_info`` must not be read: a request that is not valid HTTP has none.

        Args:
            response: None if the client left before anything was sent. It can be incomplete.
            seconds: since its head was received, and the response before it was sent.
        """


def status_of(response: web.StreamResponse | None) -> int:
    return CLIENT_LEFT if response is None else response.status


class Observers(AbstractAccessLogger):
    """aiohttp's access log, which calls all observers."""

    def __init__(self, observers: Sequence[Observer], facts: FactFinder) -> None:
        super().__init__(_log, "")
        self._observers = observers
        self._facts = facts

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        connection: Any = request.protocol  # An ObservedConnection.
        connection.open_request = None
        self.tell(request, None if connection.is_unanswered else response, time)

    def tell(
        self, request: web.BaseRequest, response: web.StreamResponse | None, seconds: float
    ) -> None:
        facts = self._facts.of(request)
        for each in self._observers:
            try:
                each.ended(request, response, seconds, facts)
            # The client has got its response, and the others must be told.
            except Exception:  # noqa: PERF203
                _log.exception("%s failed", type(each).__name__)


class ObservedConnection(Connection):
    """A connection that tells the end of each of its requests.

    Attributes:
        open_request: the one whose end has not been told.
        opened: when it began, in the loop's time.
        is_unanswered: whether the client left before anything of its response was sent.
    """

    __slots__ = ("_observers", "is_unanswered", "open_request", "opened")

    def __init__(
        self, doorkeeper: Doorkeeper, server: web.Server, *, observers: Observers, **options: Any
    ) -> None:
        options |= {"access_log": _log, "access_log_class": lambda *_: observers}
        super().__init__(doorkeeper, server, **options)
        self._observers = observers
        self.open_request: web.BaseRequest | None = None
        self.opened = 0.0
        self.is_unanswered = False

    def connection_lost(self, exc: BaseException | None) -> None:
        request = self.open_request
        self.is_unanswered = request is not None and not request.writer.output_size
        super().connection_lost(exc)

    async def start(self) -> None:
        try:
            await super().start()
        finally:
            # aiohttp stops here after every request that its access log is not told of.
            if (request := self.open_request) is not None:
                self.open_request = None
                response = None if self.is_unanswered else kept(request, BEGUN)
                self._observers.tell(request, response, time.monotonic() - self.opened)


def noting(make: Callable[..., web.BaseRequest]) -> Callable[..., web.BaseRequest]:
    """A request factory for :class:`ObservedConnection`, which is told of its requests."""

    def make_request(
        message: Any, payload: Any, protocol: ObservedConnection, *others: Any
    ) -> web.BaseRequest:
        request = make(message, payload, protocol, *others)
        protocol.open_request = request
        protocol.opened = time.monotonic()
        return request

    return make_request


OBSERVERS: web.AppKey[list[Observer]] = web.AppKey("deepaas_observers", list)
"""Those that an application has for the connections of its server."""
