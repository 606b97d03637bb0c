"""What a worker does all day when its model is asynchronous: several calls at a time, perhaps."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import io
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TextIO

import msgspec

from deepaas.frames import FrameBuffer, frame
from deepaas.messages import Failure, FromWorkerCalls, Predict, Printed, Reply, ToWorkerCalls
from deepaas.runtime.contract import Model
from deepaas.runtime.failures import failure
from deepaas.runtime.loop import RECEIVE_BYTES, loaded

Post = Callable[[FromWorkerCalls], None]


class Concurrent:
    """Answers calls in the event loop of the model, each in a task of its own.

    Args:
        model: what answers them, asynchronously.
        sock: where they come from.
    """

    def __init__(self, model: Model, sock: socket.socket) -> None:
        self._model = model
        self._sock = sock
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._unwanted: set[int] = set()
        self._leaving: BaseException | None = None

    def cancel(self, call_id: int) -> None:
        """Stop a call that nobody wants any more; any thread may ask."""
        self._model.loop.call_soon_threadsafe(self._cancel, call_id)

    def serve(self) -> None:
        """Answer calls until the host closes the socket.

        Raises:
            SystemExit: the model's code wanted to leave; its call has been answered.
        """
        self._model.loop.run_until_complete(self._serve())
        if self._leaving is not None:
            raise SystemExit(1) from self._leaving

    async def _serve(self) -> None:
        reader, writer = await asyncio.open_connection(sock=self._sock)
        post: Post = functools.partial(_post, asyncio.get_running_loop(), writer)
        if self._model.traits.concurrency > 1:
            # Which of the calls has printed something only this process can tell.
            sys.stdout = _Printer(sys.stdout, post)
            sys.stderr = _Printer(sys.stderr, post)
        decoder = msgspec.msgpack.Decoder(ToWorkerCalls)
        frames = FrameBuffer()
        while self._leaving is None and (data := await reader.read(RECEIVE_BYTES)):
            for payload in frames.feed(data):
                call = decoder.decode(payload)
                assert isinstance(call, Predict), "trainings have workers of their own"
                self._tasks[call.id] = asyncio.ensure_future(
                    self._answer(call, post, writer.drain, reader)
                )
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await writer.drain()

    async def _answer(
        self,
        call: Predict,
        post: Post,
        posted: Callable[[], Awaitable[None]],
        reader: asyncio.StreamReader,
    ) -> None:
        answer: Reply
        _current.set(call.id)
        try:
            if call.id in self._unwanted:
                raise asyncio.CancelledError
            arguments = loaded(self._model.predict_arguments, call)
            answer = (
                arguments
                if isinstance(arguments, Failure)
                else await self._model.predict_async(call, arguments, post, posted)
            )
        except (asyncio.CancelledError, self._model.traits.cancelled) as error:
            unasked = isinstance(error, asyncio.CancelledError) and call.id not in self._unwanted
            answer = failure(call.id, error) if unasked else Failure(call.id, "cancelled")
        except (SystemExit, KeyboardInterrupt) as error:
            self._leaving = error
            answer = msgspec.structs.replace(failure(call.id, error), leaving=True)
        except BaseException as error:
            answer = failure(call.id, error)
        self._unwanted.discard(call.id)
        self._tasks.pop(call.id, None)
        _flush(call.id)
        post(answer)
        if self._leaving is not None:
            reader.feed_eof()

    def _cancel(self, call_id: int) -> None:
        # The call itself may come later than this: it has another socket.
        self._unwanted.add(call_id)
        if call_id in self._tasks:
            self._tasks[call_id].cancel()


def _post(
    loop: asyncio.AbstractEventLoop, writer: asyncio.StreamWriter, message: FromWorkerCalls
) -> None:
    """Send a message from whichever thread."""
    framed = frame(message)
    try:
        here = asyncio.get_running_loop() is loop
    except RuntimeError:
        here = False
    if here:
        writer.write(framed)
    else:
        loop.call_soon_threadsafe(writer.write, framed)


_current: contextvars.ContextVar[int] = contextvars.ContextVar("deepaas_call")


def _flush(call_id: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, _Printer):
            stream.end(call_id)


class _Printer(io.TextIOBase):
    """Tells the host which call has printed what, and prints it."""

    def __init__(self, inner: TextIO, post: Post) -> None:
        self._inner = inner
        self._post = post
        self._lines: dict[int, str] = {}

    def write(self, text: str) -> int:
        call_id = _current.get(None)
        if call_id is not None:
            whole, newline, rest = (self._lines.pop(call_id, "") + text).rpartition("\n")
            if newline:
                self._post(Printed(call_id, whole + newline))
            if rest:
                self._lines[call_id] = rest
        return self._inner.write(text)

    def end(self, call_id: int) -> None:
        """The call has ended: what it printed without a line break comes now."""
        if rest := self._lines.pop(call_id, ""):
            self._post(Printed(call_id, rest))

    def flush(self) -> None:
        self._inner.flush()

    def fileno(self) -> int:
        return self._inner.fileno()

    def isatty(self) -> bool:
        return False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._inner.encoding

    @property
    def buffer(self) -> Any:
        return self._inner.buffer
