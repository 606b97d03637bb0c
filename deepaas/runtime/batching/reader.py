"""A second thread that reads and validates the next calls while the model computes."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from collections.abc import Callable

MODEL_SECONDS = 1e-3
"""Batches that take less are not worth waking a thread."""


class Reader:
    """Sleeps, except between :meth:`wake` and :meth:`pause`.

    So nothing that it does, in particular no field or validator of the author's, is ever used by
    two threads at once.
    """

    def __init__(self, sock: socket.socket, work: Callable[[], bool]) -> None:
        """`work` does a small piece of work; False if there is none until more has arrived."""
        self._sock = sock
        self._work = work
        self._awake = False
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._sleeps = True
        self._bell = -1

    def wake(self) -> None:
        if self._thread is None:
            self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self._thread = threading.Thread(target=self._run, name="deepaas-reader", daemon=True)
            self._thread.start()
        with self._changed:
            self._awake = True
            self._changed.notify_all()

    def pause(self) -> None:
        """Wait until it has finished what it is doing."""
        if not self._awake:
            return
        with self._changed:
            self._awake = False
            os.eventfd_write(self._bell, 1)
            self._changed.wait_for(lambda: self._sleeps)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.register(self._bell, select.POLLIN)
        while True:
            with self._changed:
                self._sleeps = True
                self._changed.notify_all()
                # It may be paused before it has noticed that it was woken.
                self._changed.wait_for(lambda: self._awake)
                self._sleeps = False
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(self._bell)  # Rung when it had stopped already.
            while self._awake:
                if not self._work() and self._awake:
                    poll.poll()
