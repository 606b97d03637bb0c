"""The request that code runs for: what log lines and traces tell about it.

A context variable has it, if somebody wants to know (``web.request_id.in_context``). Tasks and
threads that a request starts inherit it; what they log after its end is not about it any more,
unless it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from deepaas.tracing.spans import Trace


class RequestDetails(NamedTuple):
    """Fields of log lines; empty if unknown."""

    request_id: str = ""
    trace_id: str = ""
    model: str = ""
    key: str = ""


NO_REQUEST = RequestDetails()


class TraceStart(NamedTuple):
    """The trace of a request, None if it is not sampled; and headers for whatever it calls."""

    trace: Trace | None
    headers: Mapping[str, str]


NO_HEADERS: Mapping[str, str] = {}


class RequestContext:
    """`look` finds the details, or None when the request has ended: they are rarely needed.

    Attributes:
        trace: None if it is not sampled.
        trace_headers: for whatever is called on behalf of it.
    """

    __slots__ = ("_kept", "_look", "id", "trace", "trace_headers")

    def __init__(self, request_id: str, look: Callable[[], RequestDetails | None]) -> None:
        self.id = request_id
        self.trace: Trace | None = None
        self.trace_headers: Mapping[str, str] = NO_HEADERS
        self._look = look
        self._kept: RequestDetails | None = None

    def details(self) -> RequestDetails:
        return self._kept or self._look() or NO_REQUEST

    def keep(self) -> None:
        """Work for it continues after its end."""
        self._kept = self.details()


CURRENT: ContextVar[RequestContext | None] = ContextVar("deepaas_request", default=None)


def keep_current() -> None:
    """Work for the current request, if any, continues after its end."""
    if (context := CURRENT.get()) is not None:
        context.keep()
