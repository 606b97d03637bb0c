"""Ctrl-C and other signals: the first one asks the code to stop, the second one kills it."""

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

_ASKED = b"\ncancelling the training run (press Ctrl-C again to stop it immediately)\n"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """Raised in the author's code, as a host does if it cancels a training run."""

    def __init__(self, number: int) -> None:
        super().__init__("interrupted")
        self.code = 128 + number
        # It may arrive after a coroutine was created, and before it is awaited.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)


@contextlib.contextmanager
def unwound() -> Iterator[None]:
    """Let these signals raise exceptions, so that everything is cleaned up."""

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
    """A task that can be cancelled."""

    def cancel(self) -> bool:
        """Request to stop. Return whether the task checks for this itself."""


class Interrupt:
    """Handles signals while a model runs; an immediate stop removes the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._came = False
        self._training: Cancellable | None = None
        self._before: dict[int, Any] = {}

    def be_polite(self, training: Cancellable) -> None:
        self._training = training

    def __enter__(self) -> None:
        for number in _SIGNALS:
            # Keep ignoring signals that `nohup` ignores.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._came:
            shutil.rmtree(self._folder, ignore_errors=True)
            # The model's code must not keep the process running.
            os._exit(128 + number)
        self._came = True
        if self._training is not None and self._training.cancel():
            # Not print(): the signal may have interrupted one.
            os.write(2, _ASKED)
            return
        raise Interrupted(number)
