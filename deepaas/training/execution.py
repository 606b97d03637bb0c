"""One active run: its process, how it is stopped, and how it ended."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from deepaas.executor import CannotStart, Executor, Needs, Source
from deepaas.masks import NOTHING_MASKED, Masks
from deepaas.messages import Answer, Description, Failure, Inputs, Reply, Train
from deepaas.training.folder import Folder
from deepaas.training.log import LogWriter
from deepaas.training.run_trace import RunTrace
from deepaas.training.runs import RunOutcome, State, TrainingRun
from deepaas.workers.call import Call
from deepaas.workers.worker import Worker, WorkerState

_log = logging.getLogger(__name__)

LINGER_SECONDS = 2.0
"""How long the process of a cancelled run may take to exit after ``train`` has returned."""

SHORTAGE_TRIES = 30
SHORTAGE_SECONDS = 2.0
"""How often and at which interval a start is retried if the system has no room for a process."""

STARTS_COUNT = 3
"""How often the process is started if it is killed before the training starts."""

OUTPUT_SECONDS = 2.0


class Execution:
    """A run and its process, in this host. `load_seconds` is 0 for no limit.

    When `outcome` is set, the process and all processes it started are gone. `ready_at`: when the
    training began, in seconds since the epoch; 0 before.
    """

    def __init__(
        self,
        run: TrainingRun,
        source: Source,
        folder: Folder,
        executor: Executor,
        grace_seconds: float,
        load_seconds: float,
        masks: Masks = NOTHING_MASKED,
    ) -> None:
        self._masks = masks
        self.run = run
        self.folder = folder
        self._grace_seconds = grace_seconds
        self._load_seconds = load_seconds
        self._loop = asyncio.get_running_loop()
        self._logs: LogWriter | None = None
        self._inputs: Inputs | None = None
        self._stopped: tuple[State, str] | None = None
        self._forced = False
        self._reply: Reply | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._trace: RunTrace | None = None
        self.ready_at = 0.0
        self.outcome: asyncio.Future[RunOutcome] = self._loop.create_future()
        self._worker: Worker | None = None
        self._starts_count = 0
        self._variables: Mapping[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._start: Callable[[], Worker] = lambda: Worker(
            executor,
            Needs(
                source,
                folder.spool,
                training=True,
                shared=folder.shared(),
                variables=self._variables,
            ),
            f"{run.model}/train/{run.uuid[:12]}",
            self,
            self._read_output,
            grace_seconds,
        )

    async def start(self, variables: Mapping[str, str]) -> None:
        """`variables`: further environment variables of its process."""
        self._variables = variables
        self._starts_count += 1
        try:
            if self._logs is not None:  # Of the previous process.
                await asyncio.to_thread(self._logs.wait, OUTPUT_SECONDS)
            self._inputs = await asyncio.to_thread(self.folder.load_inputs)
            self._trace = await asyncio.to_thread(self.folder.load_trace)
            if self._stopped is None:
                self._worker = await self._started()
            if self._worker is not None:
                await self._worker.open()
        except Exception:
            _log.exception("training %s cannot be started", self.run.uuid)
            self._end(State.ERROR, "its process cannot be started: see the host's log")
            if self._worker is not None:
                self._worker.kill("cannot be reached")
            return
        if self._worker is None:
            self._end_stopped()
        elif self._load_seconds:
            self._later(self._load_seconds, self._end_unready)

    async def _started(self) -> Worker | None:
        """None if stopped."""
        for left in reversed(range(SHORTAGE_TRIES)):
            try:
                return self._start()
            except CannotStart as error:
                if not left or not error.shortage:
                    raise
                _log.warning("training %s: waiting to start its process: %s", self.run.uuid, error)
            await asyncio.sleep(SHORTAGE_SECONDS)
            if self._stopped is not None:
                break
        return None

    def stop(self, state: State, reason: str) -> None:
        """Stop it gracefully, then by force; the first reason counts."""
        if self._stopped is not None or self.outcome.done():
            return
        if self._reply is not None:
            # It has returned its result and is exiting: only something like a thread can delay
            # that.
            self._later(LINGER_SECONDS, self.kill)
            return
        self._stopped = (state, reason)
        worker = self._worker
        if worker is None:
            return  # It is being started, and will notice.
        if not worker.calls:
            worker.kill("was stopped before the training started")  # There is nothing to save.
            return
        self.folder.tell_cancelled()
        worker.terminate()
        self._later(self._grace_seconds, self._end_impolitely)

    def kill(self) -> None:
        if self._worker is not None:
            self._worker.kill("was killed")

    def _end_impolitely(self) -> None:
        if self._worker is not None and self._reply is None:
            self._forced = True
            self._worker.kill(f"was killed: it did not stop within {self._grace_seconds:g} s")

    async def _read_output(self, descriptor: int, _label: str) -> None:
        self._logs = LogWriter(self.folder.log, descriptor)
        self._logs.start()

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(seconds, what))

    def _end_unready(self) -> None:
        worker = self._worker
        if worker is not None and worker.state in (WorkerState.LOADING, WorkerState.WARMING):
            worker.kill(f"was not ready within {self._load_seconds:g} s")

    # --- called by the worker (workers.worker.WorkerKeeper) ---

    def loaded(self, worker: Worker, description: Description) -> None:
        """The model is loaded."""

    def ready(self, worker: Worker) -> None:
        if self._stopped is None and self._inputs is not None and not self.outcome.done():
            self.ready_at = time.time()
            trace = {} if self._trace is None else self._trace.headers
            worker.run(Call(Train(1, self._inputs, trace), self._loop))

    def answered(self, worker: Worker, call: Call, reply: Reply) -> None:  # noqa: ARG002
        self._reply = reply
        self._run(worker.stop())

    def begun(self, worker: Worker, calls: Sequence[Call], *, batched: bool) -> None:
        """It gets no calls ahead."""

    def returned(self, worker: Worker, calls: Sequence[Call]) -> None:
        """It gets no calls ahead."""

    def ended(self, worker: Worker, calls: Sequence[Call]) -> None:  # noqa: ARG002
        for timer in self._timers:
            timer.cancel()
        if self._may_start_again(worker):
            _log.warning("[%s] %s before the training started; retrying", worker.label, worker.how)
            self._worker = None
            self._run(self.start(self._variables))
        else:
            self._run(self._conclude(worker))

    def _may_start_again(self, worker: Worker) -> bool:
        begun = worker.was_ready or self._stopped is not None or self.outcome.done()
        return worker.killed and not begun and self._starts_count < STARTS_COUNT

    # --- the end ---

    async def _conclude(self, worker: Worker) -> None:
        try:
            if self._logs is not None:
                await asyncio.to_thread(self._logs.wait, OUTPUT_SECONDS)
            await self._judge(worker)
        except Exception:
            # Any exception: a run without an end would never free its slot.
            _log.exception("training %s: cannot store the result", self.run.uuid)
            self._end(State.ERROR, "its result cannot be stored: see the host's log")

    async def _judge(self, worker: Worker) -> None:
        reply = self._reply
        if isinstance(reply, Answer):
            await self._end_answered(reply)
        elif self._stopped is not None:
            self._end_stopped(f"; it {worker.how}" if self._forced else "")
        elif isinstance(reply, Failure):
            self._end(State.ERROR, _said(reply))
        else:
            if worker.traceback:
                _log.error("[%s] %s\n%s", worker.label, worker.how, worker.traceback)
            self._end(State.ERROR, f"its process {worker.how}")

    async def _end_answered(self, answer: Answer) -> None:
        result: bytes | None = answer.body
        if answer.path:
            await asyncio.to_thread(Path(answer.path).rename, self.folder.result)
            result = None
        state, reason = self._stopped or (State.DONE, "")
        self._conclude_with(RunOutcome(state, time.time(), reason, result, has_result=True))

    def _end_stopped(self, how: str = "") -> None:
        assert self._stopped is not None
        state, reason = self._stopped
        self._end(state, reason + how)

    def _end(self, state: State, message: str) -> None:
        uploads = self._inputs.uploads() if self._inputs is not None else []
        names = {file.path: file.filename for file in uploads}
        self._conclude_with(RunOutcome(state, time.time(), self._masks.text(message, names)))

    def _conclude_with(self, outcome: RunOutcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _said(failure: Failure) -> str:
    message = failure.message or "train is not implemented"
    if failure.fields:
        message += f": {msgspec.json.encode(failure.fields).decode()}"
    return message
