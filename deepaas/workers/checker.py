"""Validates the arguments of training runs in a separate process.

Validation runs code of the model's author on data from clients, such as a regular expression, and
may take forever. So it does not run next to predictions. The process is started by the first
validation, does one at a time, and is stopped when idle.
"""

from __future__ import annotations

import asyncio

from deepaas.errors import CallTimedOut, ModelUnavailable
from deepaas.messages import Checked, Failure, Inputs
from deepaas.workers.pool import SHUTTING_DOWN, Pool
from deepaas.workers.terms import OnlyChecked

IDLE_SECONDS = 60.0


class TrainingChecker:
    """`seconds`: 0 for no limit."""

    def __init__(self, pool: Pool, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds
        self._starts_count = 0
        self._current: _Kept | None = None
        self._outdated: set[_Kept] = set()
        self._stopped = False
        self._leaving: set[asyncio.Task[None]] = set()

    async def check(self, inputs: Inputs) -> Checked:
        """Validate arguments; the caller must remove the file of the answer, if any.

        Raises ``CallTimedOut``, and ``DeepaasError`` if the process exited, cannot load the model,
        or its queue is full. When cancelled, the validation is removed from the queue or stopped.
        """
        if self._stopped:
            raise ModelUnavailable(self._pool.name, SHUTTING_DOWN)
        kept = self._kept()
        kept.users_count += 1
        kept.idle(None)
        try:
            reply = await kept.pool.calls.run(inputs, terms=OnlyChecked())
        except CallTimedOut:
            what = "validate the arguments of a training run"
            raise CallTimedOut(self._pool.name, self._seconds, what) from None
        finally:
            kept.users_count -= 1
            if not kept.users_count and not self._stopped:
                self._unused(kept)
        if isinstance(reply, Failure):
            return Checked(reply.id, failure=reply, notice=reply.notice)
        return Checked(reply.id, reply.body, reply.path, notice=reply.notice)

    async def stop(self) -> None:
        """Stop; waiting callers get an error that the host is stopping."""
        self._stopped = True
        for kept in [*self._outdated, *filter(None, [self._current])]:
            self._leave(kept)
        await asyncio.gather(*self._leaving)

    def _kept(self) -> _Kept:
        current = self._current
        if current is not None and current.version != self._pool.version:
            self._current = None
            self._outdated.add(current)
            if not current.users_count:
                self._leave(current)
        if self._current is None:
            self._starts_count += 1
            self._current = _Kept(
                self._pool.for_checks(self._starts_count, self._seconds), self._pool.version
            )
            self._current.pool.start()
        return self._current

    def _unused(self, kept: _Kept) -> None:
        if kept is not self._current:  # Its code is outdated.
            self._leave(kept)
            return
        loop = asyncio.get_running_loop()
        kept.idle(loop.call_later(IDLE_SECONDS, self._leave, kept))

    def _leave(self, kept: _Kept) -> None:
        kept.idle(None)
        if kept is self._current:
            self._current = None
        self._outdated.discard(kept)
        task = asyncio.ensure_future(kept.pool.stop())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


class _Kept:
    def __init__(self, pool: Pool, version: int) -> None:
        self.pool = pool
        self.version = version
        self.users_count = 0
        self._timer: asyncio.TimerHandle | None = None

    def idle(self, timer: asyncio.TimerHandle | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer
