"""Spans of one request or run, independent of what sends them."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from deepaas.trace_context import TRACEPARENT, TRACESTATE, TraceParent
from deepaas.tracing.call import CallTimes

AttributeValue = str | int | float | bool

Attributes = Mapping[str, AttributeValue]


class Span(NamedTuple):
    """A finished span. Times are in nanoseconds since the epoch.

    Attributes:
        error: a short class of what went wrong, empty if nothing did.
        is_server: whether it is a request to this host.
        is_remote_child: whether its parent is in another program.
        link: a span that it is not part of, but that has caused it.
    """

    name: str
    parent: TraceParent | None
    me: TraceParent
    state: str
    began_ns: int
    ended_ns: int
    attributes: Attributes
    error: str = ""
    is_server: bool = False
    is_remote_child: bool = False
    link: TraceParent | None = None


class SpanSender(Protocol):
    def send(self, span: Span) -> None:
        """Queue it; never blocks."""


@dataclass(slots=True)
class Trace:
    """The sampled span of a request, and the sender of its children.

    Attributes:
        state: ``tracestate``, to be passed on.
    """

    sender: SpanSender
    me: TraceParent
    parent: TraceParent | None
    state: str
    began_ns: int = field(default_factory=time.time_ns)

    @property
    def headers(self) -> dict[str, str]:
        """For whatever is called on behalf of it."""
        state: dict[str, str] = {TRACESTATE: self.state} if self.state else {}
        return {**state, TRACEPARENT: str(self.me)}

    def call(self) -> CallTimes:
        return CallTimes(self.add)

    def add(
        self, name: str, began_ns: int, ended_ns: int, attributes: Attributes, error: str = ""
    ) -> None:
        """Add a finished child."""
        me = TraceParent(self.me.trace_id, new_span_id(), is_sampled=True)
        span = Span(
            name, self.me, me, self.state, began_ns, max(began_ns, ended_ns), attributes, error
        )
        self.sender.send(span)

    def end(self, name: str, attributes: Attributes, error: str = "") -> None:
        self.sender.send(
            Span(
                name,
                self.parent,
                self.me,
                self.state,
                self.began_ns,
                max(self.began_ns, time.time_ns()),
                attributes,
                error,
                is_server=True,
                is_remote_child=self.parent is not None,
            )
        )


class Sampler(Protocol):
    def new_trace_id(self) -> str:
        """Make the id of a trace that begins here; empty if it would not be sampled."""

    def begin(
        self,
        trace_id: str,
        parent: TraceParent | None,
        state: str,
        name: str,
        attributes: Attributes,
    ) -> Trace | None:
        """Begin a trace, or a part of the caller's; None if it is not sampled."""


def new_span_id() -> str:
    return f"{random.getrandbits(64) or 1:016x}"
