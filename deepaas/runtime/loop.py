"""The main loop of a worker: one call at a time in the main thread, quick requests in others."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import marshmallow
import msgspec

from deepaas.frames import FrameBuffer, frame
from deepaas.messages import (
    INLINE_BYTES,
    Ahead,
    AskHealth,
    AskLife,
    Batching,
    Broken,
    Cancel,
    Checked,
    CheckTraining,
    Encoded,
    Failure,
    FromWorkerCalls,
    FromWorkerControl,
    GetMetadata,
    Health,
    Inputs,
    Life,
    Metadata,
    News,
    Predict,
    Recall,
    Reply,
    Returned,
    Timed,
    ToWorkerCalls,
    ToWorkerControl,
    Train,
)
from deepaas.model.v2 import run
from deepaas.runtime import timing, training
from deepaas.runtime.advice import advice, is_permanent
from deepaas.runtime.codecs import BodyMemory, decoded
from deepaas.runtime.contract import LoadedModel, metadata_json
from deepaas.runtime.failures import CannotBeServed, bad_arguments, failure, reason, traceback_text
from deepaas.runtime.interrupt import Interrupter
from deepaas.runtime.odd_metadata import oddities
from deepaas.runtime.places import MalformedBody
from deepaas.runtime.results import make_private
from deepaas.runtime.unknown_names import notice

RECEIVE_BYTES = 64 * 1024
"""Memory of more would be asked of the system, and given back, for each message."""

MAX_METADATA_BYTES = 8 * 1024 * 1024

BRISK_SECONDS = 1000e-6
"""If a call arrives this soon after the last answer, another one is likely."""

SPIN_SECONDS = 700e-6
"""How long to poll for it without sleeping: the host receives a body of 600 KB in less."""


class Control:
    """The control socket: quick requests are answered in a separate thread."""

    def __init__(self, sock: socket.socket, interrupter: Interrupter, spool: Path) -> None:
        self.cancel: Callable[[int], None] = interrupter.cancel
        self._sock = sock
        self._spool = spool
        self._sending = threading.Lock()
        self._checking = threading.Lock()
        self.recall: Callable[[Sequence[int]], list[int]] = lambda _: []
        self._model: LoadedModel | None = None

    def start(self) -> None:
        threading.Thread(target=self._listen, name="deepaas-control", daemon=True).start()

    def loaded(self, model: LoadedModel, batching: Batching | None = None) -> None:
        self._model = model
        description = model.describe()
        description.batching = batching
        self.send(description)

    def send(self, message: FromWorkerControl) -> None:
        """Send a message to the host; can be used from any thread."""
        with self._sending:
            self._sock.sendall(frame(message))

    def broken(self, error: BaseException, source: str) -> None:
        """Tell why the model of a source cannot be served, and what its author can do next."""
        todo = [advice(error), f"all problems at once: deepaas-cli check {source}"]
        lines = [traceback_text(error).rstrip(), *(f"-> {one}" for one in todo if one)]
        told = "\n".join(line for line in lines if line)
        self.send(Broken(reason(error), told, is_permanent(error)))

    def _listen(self) -> None:
        decoder = msgspec.msgpack.Decoder(ToWorkerControl)
        frames = FrameBuffer()
        try:
            while data := self._sock.recv(RECEIVE_BYTES):
                for payload in frames.feed(data):
                    self._answer(decoder.decode(payload))
        except OSError:
            pass
        # The host has exited or closed the socket: end all processes of this worker.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(os.getpgrp(), signal.SIGKILL)

    def _answer(self, message: ToWorkerControl) -> None:
        match message:
            case Cancel(call_id):
                self.cancel(call_id)
            case Recall(call_ids):
                self.send(Returned(self.recall(call_ids)))
            case AskLife(question_id):
                self.send(Life(question_id))
            case AskHealth(question_id):
                self._ask(lambda: self._health(question_id))
            case GetMetadata(question_id):
                self._ask(lambda: self._metadata(question_id))
            case CheckTraining(question_id, inputs):
                self._ask(lambda: self._check(question_id, inputs))

    def _ask(self, question: Callable[[], FromWorkerControl]) -> None:
        # Not in this thread, which must be free for a Cancel.
        threading.Thread(
            target=lambda: self.send(question()), name="deepaas-question", daemon=True
        ).start()

    def _metadata(self, question_id: int) -> Metadata:
        assert self._model is not None, "the host asks only after the description"
        try:
            told = self._model.metadata()
            metadata = metadata_json(told)
            if len(metadata) > MAX_METADATA_BYTES:
                raise CannotBeServed(f"it returned {len(metadata)} bytes of JSON")
            return Metadata(question_id, metadata, remarks=list(oddities(told)))
        except BaseException as error:
            # Also SystemExit: a request must never end the worker.
            return Metadata(question_id, error=reason(error), traceback=traceback_text(error))

    def _health(self, question_id: int) -> Health:
        assert self._model is not None, "the host asks only after the description"
        try:
            return Health(question_id, self._model.health())
        except BaseException as error:
            return Health(question_id, reason(error))

    def _check(self, question_id: int, inputs: Inputs) -> Checked:
        assert self._model is not None, "the host asks only after the description"
        folder_id = -1 - question_id  # Not the id of a call.
        try:
            with self._checking:  # Fields and validators of a schema are never used concurrently.
                args = self._model.shown_train_arguments(
                    self._model.train_arguments(inputs, folder_id)
                )
            ignored = getattr(inputs, "ignored", None)
            told = notice(ignored) if ignored else ""
            if len(args) <= INLINE_BYTES:
                return Checked(question_id, args, notice=told)
            with contextlib.suppress(FileExistsError):
                make_private(self._spool)
            path = self._spool / f"checked-{question_id}"
            path.write_bytes(args)
            return Checked(question_id, path=str(path), notice=told)
        except (marshmallow.ValidationError, MalformedBody) as error:
            failed = bad_arguments(question_id, error, inputs)
            failed.notice = notice(getattr(inputs, "ignored", {}))
            return Checked(question_id, failure=failed, notice=failed.notice)
        except BaseException as error:
            return Checked(question_id, failure=failure(question_id, error))
        finally:
            self._model.forget(folder_id)


def serve(model: LoadedModel, sock: socket.socket, interrupter: Interrupter) -> None:
    """Answer calls until the host closes the socket."""
    _Calls(model, sock, interrupter).answer_all()


class _Calls:
    def __init__(self, model: LoadedModel, sock: socket.socket, interrupter: Interrupter) -> None:
        self._model = model
        self._sock = sock
        self._interrupter = interrupter
        interrupter.raises = model.traits.cancelled
        self._sending = threading.Lock()
        self._process_id = os.getpid()
        self._memory = BodyMemory()

    def answer_all(self) -> None:
        decoder = msgspec.msgpack.Decoder(ToWorkerCalls)
        frames = FrameBuffer()
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        brisk = False
        while True:
            began = time.perf_counter()
            if brisk:
                look(poll, began + SPIN_SECONDS)
            data = self._sock.recv(RECEIVE_BYTES)
            if not data:
                return
            brisk = time.perf_counter() - began < BRISK_SECONDS
            for payload in frames.feed(data):
                call = received(decoder, payload)
                if isinstance(call, Failure):
                    self._send(call)
                elif not isinstance(call, Ahead):  # Only for batches.
                    self._answer(call)

    def _answer(self, call: Predict | Train | CheckTraining) -> None:
        answer: Reply
        timed = timing.begin(call) if isinstance(call, Predict) else None
        try:
            self._interrupter.begin(call.id)
            try:
                answer = self._run(call, timed)
            finally:
                self._interrupter.end()
                if getattr(call.inputs, "tensors", None):
                    self._model.forget(call.id)
        except self._model.interruptions:
            answer = Failure(call.id, "cancelled")
        except BaseException as error:
            # Not only Exception: panics and cancellations of some libraries are not, and
            # sys.exit() must only end this call, not the worker.
            answer = advised(failure(call.id, error), error)
        if ignored := getattr(call.inputs, "ignored", None):
            answer.notice = "; ".join(filter(None, (notice(ignored), answer.notice)))
        if os.getpid() != self._process_id:
            # The model has forked and its child has come back here: one answer is enough.
            os._exit(0)
        if timed is not None:
            timed.ended_ns = time.time_ns()
            self._send(timed)
        self._send(answer)

    def _run(self, call: Predict | Train | CheckTraining, timed: Timed | None) -> Reply:
        if isinstance(call, Train):
            run.TRACE.set(call.trace)
            with training.cancellable():
                arguments = loaded(self._model.train_arguments, call, self._memory)
                if isinstance(arguments, Failure):
                    return arguments
                return self._model.train(call.id, arguments)
        if isinstance(call, CheckTraining):
            try:
                return self._model.check_training(call.id, call.inputs)
            except (marshmallow.ValidationError, MalformedBody) as error:
                return bad_arguments(call.id, error, call.inputs)
        arguments = loaded(self._model.predict_arguments, call, self._memory)
        if isinstance(arguments, Failure):
            return arguments
        timing.checked(timed)
        return self._model.predict(call, arguments, self._post)

    def _post(self, news: News) -> None:
        # An interruption within a message would break the connection.
        with self._interrupter.held():
            self._send(news)

    def _send(self, message: FromWorkerCalls) -> None:
        with self._sending:  # Threads of the model can post too.
            self._sock.sendall(frame(message))


def advised(failed: Failure, error: BaseException) -> Failure:
    """A failure whose traceback, for the log, ends with what its author can do."""
    if failed.kind == "model_failed" and isinstance(error, Exception) and (todo := advice(error)):
        failed.traceback = f"{failed.traceback.rstrip()}\n-> {todo}"
    return failed


def received(
    decoder: msgspec.msgpack.Decoder[ToWorkerCalls], payload: bytes | bytearray | memoryview
) -> ToWorkerCalls | Failure:
    """A call; or the failure to report if a door has passed an invalid one."""
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        _, call_id, *_ = msgspec.msgpack.decode(payload)
        return Failure(call_id, "no_call", f"the door has passed an invalid call: {error}")


def loaded(
    load: Callable[[Inputs, int], dict[str, Any]], call: Predict | Train, memory: BodyMemory
) -> dict[str, Any] | Failure:
    """The arguments of a call, or why they are invalid; its body is replaced by decoded values."""
    try:
        if isinstance(call.inputs, Encoded):
            call.inputs = decoded(call.inputs, memory)
        return load(call.inputs, call.id)
    except (marshmallow.ValidationError, MalformedBody) as error:
        return bad_arguments(call.id, error, call.inputs)


def look(poll: select.poll, until: float) -> None:
    """Wait for data, awake: to wake a process that sleeps on an idle core costs many times what a
    small prediction does, most of all in virtual machines. So does the host, see
    ``deepaas.web.awake``."""
    while not poll.poll(0) and time.perf_counter() < until:
        os.sched_yield()  # Whoever has work to do comes first.
