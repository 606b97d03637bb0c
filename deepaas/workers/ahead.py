"""The calls that have been sent to workers ahead: they wait there, and count as waiting.

So the next batch is there, validated, when a worker has finished one, and yet a call can be taken
back: for a worker that is idle, for a call with a better priority, or because nobody wants it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from deepaas.messages import Ahead
from deepaas.workers.call import Call
from deepaas.workers.slot import Slots
from deepaas.workers.waiting import AGED_SECONDS, Waiting
from deepaas.workers.worker import Worker


class AheadCalls:
    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._waiting: Waiting[Call] = Waiting()

    def __len__(self) -> int:
        return len(self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __iter__(self) -> Iterator[Call]:
        return iter(self._waiting)

    def send(self, call: Call) -> bool:
        """Send a call to the worker with the most room; False if none has room."""
        best = max(self._slots.workers(), key=lambda worker: worker.ahead_count, default=None)
        return best is not None and best.ahead_count > 0 and self.send_to(best, call)

    def send_to(self, worker: Worker, call: Call) -> bool:
        """False if the worker was killed a moment ago."""
        waited_seconds = time.monotonic() - call.arrived
        ahead = Ahead(call.id, call.priority, max(0.0, AGED_SECONDS - waited_seconds))
        if not worker.send_ahead(call, ahead):
            return False
        call.ahead = worker
        self._waiting.put_back(call)
        return True

    def overtake(self, call: Call) -> bool:
        """Send a call to a worker that has one of a worse priority, which is taken back."""
        worst = max(
            (one for one in self._waiting if not one.recalled),
            key=lambda one: (one.priority, one.id),
            default=None,
        )
        if worst is None or worst.priority <= call.priority or worst.ahead is None:
            return False
        worker = worst.ahead
        if not worker.takes_calls or not self.send_to(worker, call):
            return False
        worker.recall([worst])
        return True

    def relieve(self, idle: Worker) -> None:
        """Take calls back for an idle worker; they come later, see ``Calls.returned``."""
        size = idle.batching.size if idle.batching is not None else idle.concurrency
        wanted: dict[Worker, list[Call]] = {}
        for call in self._waiting:
            if call.recalled:
                size -= 1  # It is coming already.
            elif call.ahead is not None and call.ahead is not idle:
                wanted.setdefault(call.ahead, []).append(call)
                size -= 1
            if size <= 0:
                break
        for worker, calls in wanted.items():
            worker.recall(calls)

    def left(self, call: Call) -> bool:
        """A call does not wait there any more; whether it did."""
        call.ahead, call.recalled = None, False
        return self._waiting.remove(call)

    def withdraw(self, call: Call) -> bool:
        """Nobody wants a call any more; whether it waited. Its worker is told."""
        if call.ahead is None or not self._waiting.remove(call):
            return False
        if not call.recalled:
            call.ahead.recall([call])
        return True
