"""A prediction or training in progress, and its listener."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from deepaas.frames import frame
from deepaas.messages import CallProgress, News, Predict, Reply, ToWorkerCalls
from deepaas.request_context import CURRENT
from deepaas.turns import USUAL_PRIORITY
from deepaas.workers.numbers import PoolNumbers

if TYPE_CHECKING:
    from deepaas.tracing.call import CallTimes
    from deepaas.workers.worker import Worker


class CallListener(Protocol):
    """Gets the events of a call, in the event loop."""

    def begun(self) -> None:
        """A worker has received the call."""

    def printed(self, text: str) -> None:
        """The model has printed something, not always complete lines."""

    def notify(self, news: News) -> None:
        """The model has yielded, recorded or reported something; the listener removes its file, if
        any."""


class Call:
    """`id` is unique in this host, and grows; `client_id` is the client's, or empty. `context` is
    that of the HTTP request that the call is for, if any. `arrived` and `begun` are in seconds of
    the monotonic clock; without `numbers`, only `arrived` is known, of a call that had to wait.
    `priority` is that in the queue. `deadline` is a limit for the time in the queue first, and for
    that in the worker then. `progress` is the latest that its model has reported.

    `ahead` is the worker to which it has been sent although it has not begun; `recalled`: whether
    it has been asked for it; `returned_count`: how many have ended instead of beginning it.
    `batched`: whether its batch has been counted.
    """

    __slots__ = (
        "ahead",
        "arrived",
        "batched",
        "begun",
        "client_id",
        "context",
        "deadline",
        "id",
        "listener",
        "numbers",
        "priority",
        "progress",
        "recalled",
        "reply",
        "request",
        "returned_count",
        "times",
    )

    def __init__(
        self,
        request: ToWorkerCalls,
        loop: asyncio.AbstractEventLoop,
        client_id: str = "",
        listener: CallListener | None = None,
        numbers: PoolNumbers | None = None,
    ) -> None:
        self.id = request.id
        self.numbers = numbers
        self.arrived = self.begun = 0.0
        self.ahead: Worker | None = None
        self.batched = self.recalled = False
        self.returned_count = 0
        self.priority = USUAL_PRIORITY
        self.client_id = client_id
        self.listener = listener
        context = self.context = CURRENT.get()
        self.times: CallTimes | None = None
        self.progress: CallProgress | None = None
        if context is not None and context.trace_headers and isinstance(request, Predict):
            request.trace = dict(context.trace_headers)
            if context.trace is not None:
                request.timed = True
                self.times = context.trace.call()
        # Encoded before a worker is chosen, because it may fail.
        self.request = frame(request)
        self.reply: asyncio.Future[Reply] = loop.create_future()
        self.deadline: asyncio.TimerHandle | None = None
