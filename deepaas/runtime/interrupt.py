"""Stopping a call for which nobody waits any more, from another thread."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class CallCancelled(BaseException):
    """Raised inside the model's code. Not an ``Exception``, so that broad handlers let it pass."""


class Interrupter:
    """Raises ``CallCancelled`` in the main thread while it works on a given call.

    A signal is the only thing that also wakes a sleeping or waiting main thread. The handler
    runs in the main thread itself, so it sees without a race which call is going on.

    Attributes:
        raises: the exception, ``CallCancelled`` unless the kind of model has its own.
    """

    def __init__(self) -> None:
        self.raises: type[BaseException] = CallCancelled
        self._current: int | None = None
        self._unwanted: int | None = None
        self._held = False
        self._main = threading.main_thread().ident
        signal.signal(signal.SIGUSR1, self._handle)

    def cancel(self, call_id: int) -> None:
        """Interrupt this call, now or when it begins; any thread may ask."""
        self._unwanted = call_id
        if self._main is not None:
            signal.pthread_kill(self._main, signal.SIGUSR1)

    def begin(self, call_id: int) -> None:
        """From here on the call may be interrupted.

        Raises:
            BaseException: what ``raises`` says, as it is not wanted any more.
        """
        self._current = call_id
        self._handle(signal.SIGUSR1, None)

    def end(self) -> None:
        """From here on it may not."""
        self._current = None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """In here the main thread is not interrupted, but right afterwards."""
        if threading.get_ident() != self._main:
            yield
            return
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self._handle(signal.SIGUSR1, None)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._held:
            return
        if self._current is not None and self._current == self._unwanted:
            self._unwanted = None
            raise self.raises
