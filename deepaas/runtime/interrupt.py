"""Interrupts a cancelled call from another thread."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class CallCancelled(BaseException):
    """Raised in the model's code. Not an ``Exception``, so that broad handlers do not catch it."""


class Interrupter:
    """Raises ``raises`` in the main thread during a given call. It uses a signal, because that also
    wakes a sleeping thread, and the handler sees the current call without a race."""

    def __init__(self) -> None:
        self.raises: type[BaseException] = CallCancelled
        self._current: int | None = None
        self._unwanted: int | None = None
        self._held = False
        self._main = threading.main_thread().ident
        signal.signal(signal.SIGUSR1, self._handle)

    def cancel(self, call_id: int) -> None:
        """Interrupt this call, now or when it starts; can be used from any thread."""
        self._unwanted = call_id
        if self._main is not None:
            signal.pthread_kill(self._main, signal.SIGUSR1)

    def begin(self, call_id: int) -> None:
        """From here on the call can be interrupted, perhaps at once."""
        self._current = call_id
        self._handle(signal.SIGUSR1, None)

    def end(self) -> None:
        self._current = None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Delay interruptions of the main thread until the end of the block."""
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
