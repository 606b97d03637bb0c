"""The host's object for a worker: its state, and the messages to and from it."""

from __future__ import annotations

import asyncio
import enum
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from deepaas.errors import ModelUnavailable
from deepaas.executor import Executor, Needs
from deepaas.frames import frame
from deepaas.messages import (
    Ahead,
    Answer,
    AskHealth,
    AskLife,
    Batching,
    Begun,
    Broken,
    CallProgress,
    Cancel,
    Checked,
    CheckTraining,
    Description,
    Failure,
    FromWorkerCalls,
    FromWorkerControl,
    GetMetadata,
    Health,
    Life,
    Measured,
    Metadata,
    News,
    Part,
    Ready,
    Recall,
    Reply,
    Returned,
    Timed,
)
from deepaas.workers.call import Call
from deepaas.workers.numbers import EndReason
from deepaas.workers.output import WorkerOutput, log_output
from deepaas.workers.setup import Setup
from deepaas.workers.spool import discard, is_own_file

_log = logging.getLogger(__name__)

EXIT_SECONDS = 2.0

AHEAD = 2
"""A worker has calls for so many batches, so that the next one is there when one ends."""

Question = GetMetadata | CheckTraining | AskHealth | AskLife

Answered = TypeVar("Answered", Metadata, Checked, Health, Life)

OutputReader = Callable[[int, str], Awaitable[WorkerOutput | None]]


class WorkerState(enum.Enum):
    """The states of a worker, in order."""

    LOADING = "loading"
    WARMING = "warming"
    READY = "ready"
    LEAVING = "leaving"
    ENDED = "ended"


class WorkerKeeper(Protocol):
    """The owner of workers: a pool, or a training run."""

    def loaded(self, worker: Worker, description: Description) -> None:
        """The model is loaded."""

    def ready(self, worker: Worker) -> None:
        """The worker accepts calls."""

    def answered(self, worker: Worker, call: Call, reply: Reply) -> None:
        """A call has ended: the worker has room for another one."""

    def begun(self, worker: Worker, calls: Sequence[Call], *, batched: bool) -> None:
        """It begins calls that it had been sent ahead, together if they are `batched`."""

    def returned(self, worker: Worker, calls: Sequence[Call]) -> None:
        """It has returned calls that it had been sent ahead."""

    def ended(self, worker: Worker, calls: Sequence[Call]) -> None:
        """The process has exited during these calls; those sent ahead are among them."""


class Worker:
    """A worker, wherever it runs (``deepaas.executor``).

    Attributes:
        calls: those that it has begun.
        ahead: those that it has been sent ahead.
        batching: how it joins calls, None if it does not.
        how: in words, how it ended or why it cannot serve.
        traceback: the author's, if the model could not be loaded.
        ordered: whether the host itself has ended it.
        broken: whether its model could not be loaded or warmed.
        hopeless: whether the same code will fail again.
        silent: whether it does not answer although it has nothing to do.
        killed: whether somebody else has ended it: an operator, or a system out of memory.
        reason: why the host has ended it; None if it has not.
        load_seconds, warm_seconds: how long that took; None until it is done.
    """

    def __init__(
        self,
        executor: Executor,
        needs: Needs,
        label: str,
        keeper: WorkerKeeper,
        read_output: OutputReader = log_output,
        exit_seconds: float = EXIT_SECONDS,
    ) -> None:
        """`exit_seconds`: time to exit when it is not needed. Raises ``CannotStart``."""
        self.label = label
        self.state = WorkerState.LOADING
        self.calls: dict[int, Call] = {}
        self.ahead: dict[int, Call] = {}
        self.batching: Batching | None = None
        self.concurrency = 1
        self.setup = Setup()
        self.how = ""
        self.traceback = ""
        self.was_ready = False
        self.ordered = False
        self.broken = False
        self.hopeless = False
        self.silent = False
        self.killed = False
        self.reason: EndReason | None = None
        self.load_seconds: float | None = None
        self.warm_seconds: float | None = None
        self._started = time.monotonic()
        self.keeper = keeper
        self._name = needs.source.name
        self._exit_seconds = exit_seconds
        self._results = needs.results
        self._question_ids = itertools.count()
        self._questions: dict[int, asyncio.Future[Any]] = {}
        self._exited = asyncio.Event()
        self._read_output = read_output
        self._output: WorkerOutput | None = None
        self._is_gone = False
        self._process = executor.start(needs, self)
        self._line = self._process.calls
        self._control = self._process.control

    @property
    def takes_calls(self) -> bool:
        return self.state is WorkerState.READY and not (self._is_gone or self.silent)

    @property
    def answers(self) -> bool:
        return self.state in (WorkerState.WARMING, WorkerState.READY) and not self._is_gone

    @property
    def is_leaving(self) -> bool:
        """Whether it is about to be replaced; a silent one may recover."""
        return self._is_gone or self.silent or self.state is WorkerState.LEAVING

    @property
    def has_room(self) -> bool:
        """For a call that begins at once."""
        return len(self.calls) < self.concurrency and not self.ahead

    @property
    def is_idle(self) -> bool:
        """Whether it has no calls, not even some that have not begun."""
        return not self.calls and not self.ahead

    @property
    def capacity(self) -> int:
        """How many calls it processes at a time."""
        return self.concurrency if self.batching is None else self.batching.size

    @property
    def ahead_count(self) -> int:
        """How many more calls it can be sent ahead."""
        if self.batching is None or not self.takes_calls:
            return 0
        return AHEAD * self.batching.size - len(self.calls) - len(self.ahead)

    @property
    def where(self) -> str:
        return self._process.where

    @property
    def pid(self) -> int:
        """Of its process on this machine; 0 if it is not known, or runs elsewhere."""
        return getattr(self._process, "pid", 0)

    async def open(self) -> None:
        # First, because later messages determine how the output is read.
        self._output = await self._read_output(self._process.output, self.label)
        if self._output is not None:
            self._output.heard = self._heard
        await self._process.open()

    def run(self, call: Call) -> bool:
        """It must have room. False if its process has ended, also if nobody has told yet."""
        if call.listener is not None:
            self._drain()  # What others have printed is not this call's.
        if not self._line.send(call.request):
            return False
        if call.times is not None:
            call.times.sent(self.label)
        self._begin(call)
        return True

    def send_ahead(self, call: Call, ahead: Ahead) -> bool:
        """The same, but it waits there until it begins, see ``messages.Ahead``."""
        if not self._line.send(frame(ahead)) or not self._line.send(call.request):
            return False
        if call.times is not None:
            call.times.sent(self.label)
        self.ahead[call.id] = call
        return True

    def recall(self, calls: Sequence[Call]) -> None:
        """Ask for calls that have been sent ahead; the answer is ``WorkerKeeper.returned``."""
        for call in calls:
            call.recalled = True
        self._control.send(frame(Recall([call.id for call in calls])))

    def _begin(self, call: Call) -> None:
        if call.listener is not None:
            call.listener.begun()
        self.calls[call.id] = call
        if self._output is not None and (self.concurrency > 1 or call.context is not None):
            self._output.begin(call.id, call.context, apart=self.concurrency > 1)

    def interrupt(self, call: Call) -> None:
        self._control.send(frame(Cancel(call.id)))

    def kill(self, why: str, reason: EndReason = EndReason.STOPPED) -> None:
        """Stop it at once; its end is reported like any other."""
        self.how = self.how or why
        self.reason = self.reason or reason
        self.ordered = True
        self._leave()
        self._process.kill()

    def retire(self) -> None:
        if self.state in (WorkerState.LOADING, WorkerState.WARMING):
            self.kill("was replaced")
        self._leave()

    def pending(self) -> set[asyncio.Future[Any]]:
        asked: set[asyncio.Future[Any]] = set(self._questions.values())
        asked.update(call.reply for call in self.calls.values())
        asked.update(call.reply for call in self.ahead.values())
        return {answer for answer in asked if not answer.done()}

    def terminate(self) -> None:
        """Stop a training run gracefully; workers for predictions ignore this."""
        self._process.terminate()

    async def ask(self, question: Callable[[int], Question], answer: type[Answered]) -> Answered:
        """Send a quick request, made from an id; it is answered even during a call.

        Raises ``ModelUnavailable`` if the worker exits before it answers.
        """
        asked = question(next(self._question_ids))
        coming: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._questions[asked.id] = coming
        self._control.send(frame(asked))
        try:
            found = await coming
        finally:
            self._questions.pop(asked.id, None)
        assert isinstance(found, answer)
        return found

    async def stop(self) -> None:
        if self.state in (WorkerState.LOADING, WorkerState.WARMING) or self.calls or self.ahead:
            # It is busy and would not notice.
            self.kill("was stopped with the host")
        self._line.close()
        try:
            await asyncio.wait_for(self._exited.wait(), self._exit_seconds)
        except asyncio.TimeoutError:
            self.kill("did not exit in time")
            await self._exited.wait()

    # --- called by the executor (executor.Reports) ---

    def on_call(self, message: FromWorkerCalls) -> None:
        if isinstance(message, Begun):
            self._on_begun(message.ids, batched=True)
            return
        call = self.calls.get(message.id)
        if call is None and message.id in self.ahead:
            # Its arguments are invalid, so that it is in no batch.
            self._on_begun([message.id], batched=False)
            call = self.calls.get(message.id)
        if call is None:
            self.on_garbage(f"an answer to the unknown call {message.id}")
        elif (
            isinstance(message, (Answer, Part))
            and message.path
            and not is_own_file(self._results, str(message.id), message.path)
        ):
            self.on_garbage(
                f"the answer to call {message.id} has a file that does not belong to it"
            )
        elif isinstance(message, (Answer, Failure)):
            self._on_reply(call, message)
        elif isinstance(message, Timed):
            if call.times is not None:
                call.times.timed = message
        else:
            _pass_on(call, message)

    def _on_begun(self, call_ids: Sequence[int], *, batched: bool) -> None:
        if any(call_id not in self.ahead and call_id not in self.calls for call_id in call_ids):
            self.on_garbage("it has begun a call that is unknown")
            return
        begun = [self.ahead.pop(each) for each in call_ids if each in self.ahead]
        self._drain()  # What others have printed is not these calls'.
        for call in begun:
            self._begin(call)
        together = begun
        if batched:
            together = [self.calls[each] for each in call_ids]
        self.keeper.begun(self, together, batched=batched)

    def _on_reply(self, call: Call, reply: Reply) -> None:
        is_told_apart = self.concurrency > 1 or call.context is not None
        if call.listener is not None or is_told_apart:
            self._drain()
        if is_told_apart and self._output is not None:
            self._output.end(call.id)
        del self.calls[call.id]
        self.keeper.answered(self, call, reply)

    def _drain(self) -> None:
        if self._output is not None:
            self._output.drain()

    def _heard(self, call_id: int, text: str) -> None:
        if self.state in (WorkerState.LOADING, WorkerState.WARMING):
            self.setup.printed(text)
            return
        for call in self.calls.values():
            if call.listener is not None and call_id in (0, call.id):
                call.listener.printed(text)

    def on_control(self, message: FromWorkerControl) -> None:
        match message:
            case Description() if self.state is WorkerState.LOADING and not self._is_gone:
                self.state = WorkerState.WARMING
                self.concurrency = max(1, message.concurrency)
                self.batching = message.batching
                self.load_seconds = time.monotonic() - self._started
                self.keeper.loaded(self, message)
            case Ready(mark) if self.state is WorkerState.WARMING and not self._is_gone:
                self._drain()
                if self._output is not None:
                    self._output.tell_apart(mark)
                self.setup.end("succeeded")
                self.state = WorkerState.READY
                self.was_ready = True
                self.warm_seconds = time.monotonic() - self._started - (self.load_seconds or 0.0)
                self.keeper.ready(self)
            case Broken(reason, traceback, permanent):
                self.how = self.how or reason
                self.broken = True
                self.hopeless = permanent
                self.traceback = traceback
                self._process.kill()
            case Returned(call_ids):
                returned = [self.ahead.pop(each) for each in call_ids if each in self.ahead]
                self.keeper.returned(self, returned)
            case (
                Metadata(question_id)
                | Checked(question_id)
                | Health(question_id)
                | Life(question_id)
            ):
                answer = self._questions.get(question_id)
                if isinstance(message, Checked) and not is_own_file(
                    self._results, "checked", message.path
                ):
                    self.on_garbage("validated arguments are in a file that does not belong to it")
                elif answer is not None and not answer.done():
                    answer.set_result(message)

    def _leave(self) -> None:
        if self.state is not WorkerState.ENDED:
            self.state = WorkerState.LEAVING

    def on_garbage(self, what: str) -> None:
        self.kill(f"sent an invalid message to the host: {what}", EndReason.INVALID_MESSAGE)

    def on_gone(self) -> None:
        self._is_gone = True

    def on_exit(self, how: str, killed: bool) -> None:
        self.killed = killed and not (self.ordered or self.broken)
        self._leave()
        self.state = WorkerState.ENDED
        self.how = self.how or how
        self._exited.set()
        for answer in self._questions.values():
            if not answer.done():
                answer.set_exception(ModelUnavailable(self._name, f"its worker {self.how}"))
        self._drain()
        self.setup.end("failed")
        calls = [*self.calls.values(), *self.ahead.values()]
        self.calls.clear()
        self.ahead.clear()
        self.keeper.ended(self, calls)


def _pass_on(call: Call, news: News) -> None:
    if call.numbers is not None and isinstance(news, Measured):
        call.numbers.measured(news)
    elif isinstance(news, CallProgress):
        call.progress = news
    if call.listener is None:
        discard(news)
    else:
        call.listener.notify(news)
