"""Whatever calls, clients, workers and operators do in any order: each call has one end, its own.

The pool is the real one, and so is the batcher; workers are played, so that each step is chosen.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from deepaas.errors import WorkerDied
from deepaas.executor import Needs, Reports, Source
from deepaas.frames import FrameBuffer
from deepaas.messages import (
    Ahead,
    Answer,
    Batching,
    Begun,
    Description,
    Failure,
    Predict,
    Ready,
    Recall,
    Returned,
    ToWorkerCalls,
    ToWorkerControl,
    Values,
)
from deepaas.runtime.batching.batcher import Batcher, Item
from deepaas.turns import TURN, Turn
from deepaas.workers.pool import Pool
from deepaas.workers.status import PoolLimits

BATCHING = Batching(3)


class Line:
    def __init__(self, types: object, heard: Callable[[object], None]) -> None:
        self.is_open = True
        self._decoder = msgspec.msgpack.Decoder(types)
        self._heard = heard

    def send(self, framed: bytes) -> bool:
        if self.is_open:
            for payload in FrameBuffer().feed(framed):
                self._heard(self._decoder.decode(payload))
        return self.is_open

    def close(self) -> None:
        self._heard(None)


class Played:
    """A worker whose steps are chosen by the test."""

    where, pid = "here", 0

    def __init__(self, reports: Reports, began: Callable[[list[str]], None]) -> None:
        self.calls = Line(ToWorkerCalls, self._on_call)
        self.control = Line(ToWorkerControl, self._on_control)
        self.output, self._writing = os.pipe()
        self.is_alive = True
        self.batch: list[Item] = []
        self._reports = reports
        self._began = began
        self._batcher = Batcher(BATCHING)
        self._ahead: set[int] = set()
        self._tokens: dict[int, str] = {}

    async def open(self) -> None:
        self._reports.on_control(Description(batching=BATCHING))
        self._reports.on_control(Ready())

    def terminate(self) -> None: ...

    def kill(self) -> None:
        asyncio.get_running_loop().call_soon(self.die)

    def _on_call(self, message: object) -> None:
        if message is None:
            self.kill()
        elif isinstance(message, Ahead):
            self._ahead.add(message.id)
        elif isinstance(message, Predict):
            assert isinstance(message.inputs, Values)
            self._tokens[message.id] = message.inputs.given["token"]
            self._batcher.add(Item(message.id, 0.0, is_ready=True))

    def _on_control(self, message: object) -> None:
        if isinstance(message, Recall):
            returned = [each for each in message.ids if self._batcher.remove(each) is not None]
            asyncio.get_running_loop().call_soon(self._return, returned)

    def _return(self, ids: list[int]) -> None:
        if self.is_alive:
            self._reports.on_control(Returned(ids))

    def begin(self) -> None:
        if self.batch or not self.is_alive:
            return
        chosen = self._batcher.choose(0.0)
        assert isinstance(chosen, list)
        self.batch = chosen
        self._began([self._tokens[one.id] for one in chosen])
        if any(one.id in self._ahead for one in chosen):
            self._reports.on_call(Begun([one.id for one in chosen]))

    def finish(self, *, failing: bool) -> None:
        batch, self.batch = self.batch, []
        for one in batch:
            token = self._tokens[one.id]
            if failing:
                self._reports.on_call(Failure(one.id, "model_failed", token))
            else:
                self._reports.on_call(Answer(one.id, "text/plain", token.encode()))

    def die(self) -> None:
        if not self.is_alive:
            return
        self.is_alive = self.calls.is_open = self.control.is_open = False
        self.batch = []
        os.close(self._writing)
        self._reports.on_gone()
        self._reports.on_exit("was killed by SIGKILL", True)


class AnyOrder(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.workers: list[Played] = []
        self.asked: dict[str, asyncio.Task[Answer | Failure]] = {}
        self.left: set[str] = set()
        self.began: list[str] = []
        self.deaths_count = 0
        self.folder = contextlib.ExitStack()
        results = Path(self.folder.enter_context(tempfile.TemporaryDirectory()), "results")
        limits = PoolLimits(2, 1000, 0, 0, 1000, queue_seconds=0)

        async def start() -> Pool:
            pool = Pool(self, Source("model", "kind", "source"), limits, results)
            pool.start()
            return pool

        self.pool = self.loop.run_until_complete(start())
        self.settle()

    def start(self, needs: Needs, reports: Reports) -> Played:  # noqa: ARG002
        """It is the executor, too."""
        worker = Played(reports, self.began.extend)
        self.workers.append(worker)
        return worker

    def settle(self) -> None:
        async def rounds() -> None:
            for _ in range(20):
                await asyncio.sleep(0)

        self.loop.run_until_complete(rounds())
        self.workers = [one for one in self.workers if one.is_alive]

    @rule(priority=st.sampled_from([1, 5, 5, 9]), count=st.integers(1, 6))
    def arrive(self, priority: int, count: int) -> None:
        async def ask() -> None:
            before = TURN.set(Turn(priority))
            for _ in range(count):
                token = f"token{len(self.asked)}"
                run = self.pool.calls.run(Values({"token": token}))
                self.asked[token] = asyncio.ensure_future(run)
            TURN.reset(before)

        self.loop.run_until_complete(ask())
        self.settle()

    @rule(data=st.data())
    @precondition(lambda self: any(not task.done() for task in self.asked.values()))
    def leave(self, data: st.DataObject) -> None:
        waiting = [token for token, task in self.asked.items() if not task.done()]
        token = data.draw(st.sampled_from(waiting))
        self.left.add(token)
        self.asked[token].cancel()
        self.settle()

    @rule(number=st.integers(0, 5))
    def begin(self, number: int) -> None:
        self.step(number, Played.begin)

    @rule(number=st.integers(0, 5), failing=st.booleans())
    def finish(self, number: int, failing: bool) -> None:
        self.step(number, lambda one: one.finish(failing=failing))

    @rule(number=st.integers(0, 5))
    def die(self, number: int) -> None:
        self.deaths_count += 1
        self.step(number, Played.die)

    @rule()
    def reload(self) -> None:
        async def is_current() -> bool:
            return True

        async def reload() -> None:
            self.pool.reload(is_current)

        self.loop.run_until_complete(reload())
        self.settle()

    def step(self, number: int, what: Callable[[Played], None]) -> None:
        async def do() -> None:
            if self.workers:
                what(self.workers[number % len(self.workers)])

        self.loop.run_until_complete(do())
        self.settle()

    def teardown(self) -> None:
        async def work() -> None:
            while not all(task.done() for task in self.asked.values()):
                for worker in list(self.workers):
                    worker.finish(failing=False)
                    worker.begin()
                await asyncio.sleep(0.001)

        try:
            self.loop.run_until_complete(asyncio.wait_for(work(), 60))
            assert len(self.began) == len(set(self.began)), "one has run twice"
            for token, task in self.asked.items():
                if task.cancelled():
                    assert token in self.left
                elif isinstance(error := task.exception(), WorkerDied):
                    assert self.deaths_count
                else:
                    assert error is None
                    reply = task.result()
                    said = reply.message if isinstance(reply, Failure) else reply.body.decode()
                    assert said == token
                    assert token in self.began
            assert self.pool.calls.queued_count == 0
        finally:
            self.loop.run_until_complete(self.pool.stop())
            self.settle()
            self.loop.close()
            self.folder.close()


AnyOrder.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnyOrder = AnyOrder.TestCase
