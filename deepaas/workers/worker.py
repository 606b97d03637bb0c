"""One worker as its pool sees it: what it is doing, and what it has to say."""

from __future__ import annotations

import asyncio
import enum
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from deepaas.errors import ModelUnavailable
from deepaas.messages import (
    Broken,
    Cancel,
    Checked,
    CheckTraining,
    Description,
    Failure,
    FromWorkerCalls,
    FromWorkerControl,
    GetMetadata,
    Inputs,
    Metadata,
    Ready,
    ToWorkerCalls,
    frame,
)
from deepaas.workers.channel import Channel
from deepaas.workers.output import log_output
from deepaas.workers.process import Launch, Process, Source

_log = logging.getLogger(__name__)

OutputReader = Callable[[int, str], Awaitable[None]]
"""Takes the descriptor of a pipe, and the name of who prints into it."""


class State(enum.Enum):
    """The life of a worker, in order."""

    LOADING = "loading"
    WARMING = "warming"
    READY = "ready"
    LEAVING = "leaving"
    ENDED = "ended"


class Call:
    """One prediction or training on its way.

    Attributes:
        id: unique in this host.
        request: what the worker is sent.
        reply: the worker's answer, when it comes.
        deadline: ends the worker when the call takes too long.
        client_id: what its client calls it, empty if it has not said.
    """

    __slots__ = ("client_id", "deadline", "id", "reply", "request")

    def __init__(
        self, request: ToWorkerCalls, loop: asyncio.AbstractEventLoop, client_id: str = ""
    ) -> None:
        self.id = request.id
        self.client_id = client_id
        # Made before any worker is taken for it, in case that it cannot be made.
        self.request = frame(request)
        self.reply: asyncio.Future[FromWorkerCalls] = loop.create_future()
        self.deadline: asyncio.TimerHandle | None = None


class Keeper(Protocol):
    """Who keeps workers: a pool, or a training."""

    def loaded(self, worker: Worker, description: Description) -> None:
        """The model is loaded."""

    def ready(self, worker: Worker) -> None:
        """The worker takes calls."""

    def answered(self, worker: Worker, call: Call, reply: FromWorkerCalls) -> None:
        """A call is done, the worker is free."""

    def ended(self, worker: Worker, call: Call | None) -> None:
        """The process is gone, in the middle of ``call`` if there is one."""


class Worker:
    """A process with its two channels.

    Attributes:
        label: name for logs.
        state: where in its life it is.
        current: the call that it works on.
        how: in words, how it ended or why it cannot serve.
        traceback: the author's traceback, if the model could not be loaded.
        was_ready: whether it ever took calls.
        ordered: whether the host itself has ended it.
        broken: whether its model could not be loaded or warmed.
        keeper: who is told of it.
    """

    def __init__(
        self,
        source: Source,
        label: str,
        launch: Launch,
        keeper: Keeper,
        read_output: OutputReader = log_output,
    ) -> None:
        """Start it.

        Args:
            source: what it is to load.
            label: name for logs.
            launch: how its process is started.
            keeper: who is told of it.
            read_output: takes over the pipe with what it prints.
        """
        self.label = label
        self.state = State.LOADING
        self.current: Call | None = None
        self.how = ""
        self.traceback = ""
        self.was_ready = False
        self.ordered = False
        self.broken = False
        self.keeper = keeper
        self._source = source
        self._exit_seconds = launch.exit_seconds
        self._question_ids = itertools.count()
        self._questions: dict[int, asyncio.Future[Metadata | Checked]] = {}
        self._exited = asyncio.Event()
        self._calls = Channel[FromWorkerCalls](FromWorkerCalls, self._on_call, self._on_garbage)
        self._control = Channel[FromWorkerControl](
            FromWorkerControl, self._on_control, self._on_garbage
        )
        self._process = Process(source, launch, self._on_exit)
        self._read_output = read_output

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def open(self) -> None:
        """Begin to listen to the process."""
        await self._calls.open(self._process.calls)
        await self._control.open(self._process.control)
        await self._read_output(self._process.output, self.label)

    def run(self, call: Call) -> None:
        """Hand it a call; it must be free."""
        self.current = call
        self._calls.send(call.request)

    def interrupt(self) -> None:
        """Ask it politely to drop the call that it works on."""
        if self.current is not None:
            self._control.send(frame(Cancel(self.current.id)))

    def kill(self, why: str) -> None:
        """End it at once; the pool hears of it as of any other end."""
        self.how = self.how or why
        self.ordered = True
        self._leave()
        self._process.kill()

    def retire(self) -> None:
        """Have it take no more calls: it has been replaced."""
        if self.state in (State.LOADING, State.WARMING):
            self.kill("was replaced")
        self._leave()

    def pending(self) -> set[asyncio.Future[Any]]:
        """What it has yet to answer, as far as somebody waits for it."""
        asked: set[asyncio.Future[Any]] = set(self._questions.values())
        if self.current is not None:
            asked.add(self.current.reply)
        return {answer for answer in asked if not answer.done()}

    def terminate(self) -> None:
        """Ask its process politely to end (a training: predictions do not listen)."""
        self._process.terminate()

    async def metadata(self) -> Metadata:
        """Ask the model's ``get_metadata``, also while it works on a call.

        Raises:
            ModelUnavailable: it ended before it answered.
        """
        answer = await self._ask(GetMetadata(next(self._question_ids)))
        assert isinstance(answer, Metadata)
        return answer

    async def check_training(self, inputs: Inputs) -> Checked:
        """Ask whether the model's ``train`` takes these inputs, also while it works on a call.

        Raises:
            ModelUnavailable: it ended before it answered.
        """
        answer = await self._ask(CheckTraining(next(self._question_ids), inputs))
        assert isinstance(answer, Checked)
        return answer

    async def _ask(self, question: GetMetadata | CheckTraining) -> Metadata | Checked:
        answer: asyncio.Future[Metadata | Checked] = asyncio.get_running_loop().create_future()
        self._questions[question.id] = answer
        self._control.send(frame(question))
        try:
            return await answer
        finally:
            self._questions.pop(question.id, None)

    async def stop(self) -> None:
        """Let it leave, and make it leave when it does not."""
        if self.state in (State.LOADING, State.WARMING) or self.current is not None:
            # It is busy and would not hear.
            self.kill("was ended with the host")
        self._calls.close()
        try:
            await asyncio.wait_for(self._exited.wait(), self._exit_seconds)
        except asyncio.TimeoutError:
            self.kill("did not leave when told to")
            await self._exited.wait()

    # --- what the process says ---

    def _on_call(self, reply: FromWorkerCalls) -> None:
        call = self.current
        if call is None or reply.id != call.id:
            self._on_garbage(f"an answer to call {reply.id}, which it does not have")
            return
        self.current = None
        if isinstance(reply, Failure) and reply.leaving:
            self._leave()
            # Threads that the model has started may keep the process from ending.
            asyncio.get_running_loop().call_later(self._exit_seconds, self._process.kill)
        self.keeper.answered(self, call, reply)

    def _on_control(self, message: FromWorkerControl) -> None:
        match message:
            case Description() if self.state is State.LOADING:
                self.state = State.WARMING
                self.keeper.loaded(self, message)
            case Ready() if self.state is State.WARMING:
                self.state = State.READY
                self.was_ready = True
                self.keeper.ready(self)
            case Broken(reason, traceback):
                self.how = self.how or reason
                self.broken = True
                self.traceback = traceback
                self._process.kill()
            case Metadata(question_id) | Checked(question_id):
                answer = self._questions.get(question_id)
                if answer is not None and not answer.done():
                    answer.set_result(message)

    def _leave(self) -> None:
        """Take no more calls from here on."""
        if self.state is not State.ENDED:
            self.state = State.LEAVING

    def _on_garbage(self, what: str) -> None:
        self.kill(f"broke its channel to the host: {what}")

    def _on_exit(self, how: str) -> None:
        self._leave()
        self._control.finish()
        self._calls.finish()
        self.state = State.ENDED
        self.how = self.how or how
        self._exited.set()
        for answer in self._questions.values():
            if not answer.done():
                answer.set_exception(ModelUnavailable(self._source.name, f"its worker {self.how}"))
        call, self.current = self.current, None
        self.keeper.ended(self, call)
