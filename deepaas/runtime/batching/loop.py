"""The main loop of a worker whose calls run in batches."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Sequence

from deepaas.frames import frame
from deepaas.messages import Batching, Begun, Failure, FromWorkerCalls, News, Reply
from deepaas.runtime import timing
from deepaas.runtime.batching.batcher import Item, Unready
from deepaas.runtime.batching.inbox import Entry, Inbox
from deepaas.runtime.batching.reader import MODEL_SECONDS, Reader
from deepaas.runtime.batching.running import BatchRaised, run_batch
from deepaas.runtime.batching.ways import Way
from deepaas.runtime.codecs import BodyMemory
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.failures import failure
from deepaas.runtime.interrupt import Interrupter
from deepaas.runtime.loop import BRISK_SECONDS, SPIN_SECONDS, advised, loaded, look
from deepaas.runtime.unknown_names import notice

SHORT_SECONDS = 2e-3
"""Shorter waits are awake, because a timeout of the system is not exact enough."""

SLOWLY = 0.3
"""The weight of a new batch in the usual duration of one."""


class Batches:
    """Answers calls, several at a time."""

    def __init__(
        self,
        model: LoadedModel,
        way: Way,
        batching: Batching,
        sock: socket.socket,
        interrupter: Interrupter,
    ) -> None:
        self._model = model
        self._way = way
        self._sock = sock
        self._interrupter = interrupter
        interrupter.raises = model.traits.cancelled
        self._inbox = Inbox(sock, batching, self._send)
        self._reader = Reader(sock, self._read_ahead)
        self._validates_early = model.validates_quickly
        self._batch: list[Entry] = []
        self._running: list[Entry] = []  # All of it, or the one that runs again.
        self._usual_seconds = 0.0
        self._is_busy = False
        self._sending = threading.Lock()
        self._process_id = os.getpid()
        self._memory = BodyMemory()
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._is_rung = False

    # --- for the control thread ---

    def cancel(self, call_id: int) -> None:
        """A call is not wanted any more. A batch is interrupted when none of its calls is."""
        self._drain()
        entry = self._inbox.take_out(call_id)
        if entry is not None:
            self._model.forget(call_id)
            self._send(Failure(call_id, "cancelled"))
            return
        with self._inbox.lock:
            for one in self._batch:
                one.unwanted = one.unwanted or one.id == call_id
            left = bool(self._running) and all(one.unwanted for one in self._running)
            token = self._running[0].id if left else 0
        if left:
            self._interrupter.cancel(token)

    def recall(self, call_ids: Sequence[int]) -> list[int]:
        """Take out the calls that have not begun."""
        self._drain()
        returned = [each for each in call_ids if self._inbox.take_out(each) is not None]
        for each in returned:
            self._model.forget(each)
        return returned

    def _drain(self) -> None:
        if self._inbox.drain():
            # The main thread may wait for what is not in the socket any more.
            os.eventfd_write(self._bell, 1)
            self._is_rung = True

    # --- the main thread ---

    def answer_all(self) -> None:
        """Answer calls until the host closes the socket."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.register(self._bell, select.POLLIN)
        brisk = False
        while True:
            if self._is_rung:
                self._is_rung = False
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_read(self._bell)
            self._inbox.drain()
            if not self._inbox.batcher:
                if self._inbox.closed:
                    return
                began = time.perf_counter()
                if brisk:
                    look(poll, began + SPIN_SECONDS)
                poll.poll()
                brisk = time.perf_counter() - began < BRISK_SECONDS
                continue
            with self._inbox.lock:
                chosen = self._inbox.batcher.choose(time.monotonic())
                if isinstance(chosen, list):
                    self._batch = self._running = _entries(chosen)
            if isinstance(chosen, list):
                self._answer(self._batch)
            elif isinstance(chosen, Unready):
                for entry in _entries(chosen.items):
                    self._make_ready(entry)
            else:
                self._wait(poll, chosen)

    def _wait(self, poll: select.poll, until: float) -> None:
        seconds = until - time.monotonic()
        if seconds > SHORT_SECONDS:
            poll.poll(int((seconds - SHORT_SECONDS / 2) * 1000))
        elif seconds > 0:
            look(poll, time.perf_counter() + seconds)

    def _make_ready(self, entry: Entry) -> None:
        """In this thread, where it can be interrupted."""
        if not self._validates_early:
            # Validating it may take long or kill the process, so this is its own run.
            with self._inbox.lock:
                if not entry.is_here:
                    return
                self._inbox.begun.add(entry.id)
            self._tell_begun([entry])
            self._batch = self._running = [entry]
        failed: Failure | None
        try:
            self._interrupter.begin(entry.id)
            try:
                failed = self._validate(entry)
            finally:
                self._interrupter.end()
        except self._model.interruptions:
            failed = Failure(entry.id, "cancelled")
        if failed is not None:
            self._drop(entry, failed)
        self._batch = self._running = []

    def _validate(self, entry: Entry) -> Failure | None:
        """Make a call ready, or tell what to answer it. Also used by the reader, while this thread
        computes."""
        try:
            found = loaded(self._model.predict_arguments, entry.call, self._memory)
            timing.checked(entry.timed)
            if isinstance(found, Failure):
                return found
            key, count = self._way.key(found), self._way.count(found)
        except self._model.interruptions:
            raise
        except BaseException as error:
            return advised(failure(entry.id, error), error)
        with self._inbox.lock:
            entry.arguments, entry.key, entry.count = found, key, count
            entry.is_ready = True
            if not entry.is_here:  # Taken out meanwhile.
                self._model.forget(entry.id)
        return None

    def _drop(self, entry: Entry, failed: Failure) -> None:
        """Answer a call that no batch can have."""
        with self._inbox.lock:
            self._inbox.begun.discard(entry.id)
            self._inbox.batcher.remove(entry.id)
            was_here, entry.is_here = entry.is_here, False
        if was_here:
            self._finish([entry], [failed])

    # --- the reader ---

    def _read_ahead(self) -> bool:
        self._inbox.drain()
        if not self._validates_early:
            return False
        with self._inbox.lock:
            waiting = _entries(self._inbox.batcher.in_order(time.monotonic()))
            entry = next((one for one in waiting if not one.is_ready), None)
        if entry is None:
            return False
        failed = self._validate(entry)
        if failed is not None:
            self._drop(entry, failed)
        return True

    # --- a batch ---

    def _answer(self, batch: list[Entry]) -> None:
        if not batch:
            return
        self._tell_begun([one for one in batch if one.id not in self._inbox.begun])
        try:
            replies = self._replies(batch)
        except BatchRaised as raised:
            assert raised.__cause__ is not None
            self._apart(batch, raised.__cause__)
        else:
            self._finish(batch, replies)
        with self._inbox.lock:
            self._batch = self._running = []
            self._inbox.begun.difference_update(one.id for one in batch)

    def _tell_begun(self, batch: list[Entry]) -> None:
        if any(one.ahead for one in batch):
            self._send(Begun([one.id for one in batch]))

    def _replies(self, batch: list[Entry]) -> list[Reply]:
        began = time.perf_counter()
        seconds = 0.0
        timing.traced(next((one.call for one in batch if one.call.trace), batch[0].call))

        def computed() -> None:
            nonlocal seconds
            seconds = time.perf_counter() - began
            with self._interrupter.held():
                self._reader.pause()

        if self._is_busy and self._usual_seconds > MODEL_SECONDS:
            self._reader.wake()
        try:
            self._interrupter.begin(batch[0].id)
            try:
                calls = [(one.call, one.arguments or {}) for one in batch]
                replies = run_batch(self._model, self._way, calls, self._post, computed)
            finally:
                self._interrupter.end()
        except self._model.interruptions:
            self._reader.pause()
            return [Failure(one.id, "cancelled") for one in batch]
        except BatchRaised:
            raise
        except BaseException as error:
            self._reader.pause()
            return [advised(failure(one.id, error), error) for one in batch]
        self._usual_seconds += SLOWLY * (seconds - self._usual_seconds)
        ran_ns = time.time_ns()
        for one in batch:
            if one.timed is not None:
                one.timed.ran_ns = ran_ns
        self._inbox.drain()
        count = sum(one.count for one in batch)
        with self._inbox.lock:
            self._inbox.batcher.ended(count, seconds, time.monotonic())
            # If a lone client asks again and again, there is never anything to read meanwhile.
            self._is_busy = len(batch) > 1 or bool(self._inbox.batcher)
        return replies

    def _apart(self, batch: list[Entry], error: BaseException) -> None:
        """Answer calls whose batch has raised an exception: each runs alone."""
        again = len(batch) > 1 and self._way.rerun
        for one in batch:
            reply = self._alone(one) if again else advised(failure(one.id, error), error)
            self._finish([one], [reply])

    def _alone(self, entry: Entry) -> Reply:
        with self._inbox.lock:
            self._running = [entry]
            if entry.unwanted:
                return Failure(entry.id, "cancelled")
        timing.traced(entry.call)
        try:
            self._interrupter.begin(entry.id)
            try:
                return self._model.predict(entry.call, entry.arguments or {}, self._post)
            finally:
                self._interrupter.end()
        except self._model.interruptions:
            return Failure(entry.id, "cancelled")
        except BaseException as error:
            return advised(failure(entry.id, error), error)

    def _finish(self, entries: Sequence[Entry], replies: Sequence[Reply]) -> None:
        """Send the answers, all with one call of the system."""
        if os.getpid() != self._process_id:
            # The model has forked and its child has come back here: one answer is enough.
            os._exit(0)
        frames = []
        for entry, reply in zip(entries, replies, strict=True):
            if getattr(entry.call.inputs, "tensors", None):
                self._model.forget(entry.id)
            if ignored := getattr(entry.call.inputs, "ignored", None):
                reply.notice = "; ".join(filter(None, (notice(ignored), reply.notice)))
            if entry.timed is not None:
                entry.timed.ended_ns = time.time_ns()
                frames.append(frame(entry.timed))
            frames.append(frame(reply))
        with self._sending:
            self._sock.sendall(b"".join(frames))

    def _post(self, news: News) -> None:
        # An interruption within a message would break the connection.
        with self._interrupter.held():
            self._send(news)

    def _send(self, message: FromWorkerCalls) -> None:
        with self._sending:  # Other threads send too.
            self._sock.sendall(frame(message))


def _entries(items: Sequence[Item]) -> list[Entry]:
    return [one for one in items if isinstance(one, Entry)]
