"""One prediction or training on its way, and who listens to it."""

from __future__ import annotations

import asyncio
from typing import Protocol

from deepaas.frames import frame
from deepaas.messages import Measured, Part, Reply, ToWorkerCalls


class CallListener(Protocol):
    """All of it happens in the event loop."""

    def begun(self) -> None:
        """A worker has got it."""

    def printed(self, text: str) -> None:
        """The model has printed something, not always whole lines."""

    def notify(self, news: Part | Measured) -> None:
        """The model has yielded or noted something; its file, if it has one, is the listener's."""


class Call:
    """`id` is unique in this host; `client_id` is empty if the client has not said."""

    __slots__ = ("client_id", "deadline", "id", "listener", "reply", "request")

    def __init__(
        self,
        request: ToWorkerCalls,
        loop: asyncio.AbstractEventLoop,
        client_id: str = "",
        listener: CallListener | None = None,
    ) -> None:
        self.id = request.id
        self.client_id = client_id
        self.listener = listener
        # Made before any worker is taken for it, in case that it cannot be made.
        self.request = frame(request)
        self.reply: asyncio.Future[Reply] = loop.create_future()
        self.deadline: asyncio.TimerHandle | None = None
