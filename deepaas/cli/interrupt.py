"""Ctrl-C: politely the first time, at once the second time; and the other signals that end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

_ASKED = b"\ncancelling: the training was asked to stop (Ctrl-C again ends it at once)\n"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """Raised where the author's code stands, as it is in a training that a host cancels."""

    def __init__(self, number: int) -> None:
        super().__init__("interrupted")
        self.code = 128 + number
        # It may have come between the making of a coroutine and the wait for it.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)


@contextlib.contextmanager
def unwound() -> Iterator[None]:
    """Have these signals raise, so that what this process has begun ends with it."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number)

    before = {
        number: signal.signal(number, leave)
        for number in _SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Cancellable(Protocol):
    """What can be asked to stop."""

    def cancel(self) -> bool:
        """Ask it to stop; whether it will by itself."""


class Interrupt:
    """Handles the signals while a model works; an end at once removes the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._came = False
        self._training: Cancellable | None = None
        self._before: dict[int, Any] = {}

    def be_polite(self, training: Cancellable) -> None:
        self._training = training

    def __enter__(self) -> None:
        for number in _SIGNALS:
            # What `nohup` has made deaf stays so.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._came:
            shutil.rmtree(self._folder, ignore_errors=True)
            # No code of the model may keep the process now.
            os._exit(128 + number)
        self._came = True
        if self._training is not None and self._training.cancel():
            # Not print(): this may have come in the middle of one.
            os.write(2, _ASKED)
            return
        raise Interrupted(number)
