"""The main loop of a worker with an asynchronous model, which may process several calls at once."""

from __future__ import annotations

import asyncio
import functools
import socket
import time
from collections.abc import Awaitable, Callable

import msgspec

from deepaas.frames import FrameBuffer, frame
from deepaas.messages import Ahead, Failure, FromWorkerCalls, Predict, Reply, ToWorkerCalls
from deepaas.runtime import timing
from deepaas.runtime.codecs import BodyMemory
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.event_loop import lasting
from deepaas.runtime.failures import failure
from deepaas.runtime.loop import RECEIVE_BYTES, advised, loaded, received
from deepaas.runtime.printing import Printing
from deepaas.runtime.unknown_names import notice

Post = Callable[[FromWorkerCalls], None]


class Concurrent:
    """Answers calls in the event loop of the model, each in its own task."""

    def __init__(self, model: LoadedModel, sock: socket.socket, printing: Printing | None) -> None:
        self._model = model
        self._sock = sock
        self._printing = printing
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._unwanted: set[int] = set()
        self._memory = BodyMemory()

    def cancel(self, call_id: int) -> None:
        """Cancel a call; can be used from any thread."""
        self._model.loop.call_soon_threadsafe(self._cancel, call_id)

    def serve(self) -> None:
        """Answer calls until the host closes the socket."""
        lasting(self._model.loop, self._serve())

    async def _serve(self) -> None:
        reader, writer = await asyncio.open_connection(sock=self._sock)
        post: Post = functools.partial(_post, asyncio.get_running_loop(), writer)
        decoder = msgspec.msgpack.Decoder(ToWorkerCalls)
        frames = FrameBuffer()
        while data := await reader.read(RECEIVE_BYTES):
            for payload in frames.feed(data):
                call = received(decoder, payload)
                if isinstance(call, Failure):
                    post(call)
                    continue
                if isinstance(call, Ahead):
                    continue  # Only for batches.
                assert isinstance(call, Predict), "training runs have their own workers"
                self._tasks[call.id] = asyncio.ensure_future(self._answer(call, post, writer.drain))
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await writer.drain()
        writer.close()

    async def _answer(
        self, call: Predict, post: Post, posted: Callable[[], Awaitable[None]]
    ) -> None:
        answer: Reply
        if self._printing is not None:
            self._printing.begin(call.id)
        timed = timing.begin(call)
        try:
            if call.id in self._unwanted:
                raise asyncio.CancelledError
            arguments = loaded(self._model.predict_arguments, call, self._memory)
            if not isinstance(arguments, Failure):
                timing.checked(timed)
            answer = (
                arguments
                if isinstance(arguments, Failure)
                else await self._model.predict_async(call, arguments, post, posted)
            )
        except (asyncio.CancelledError, self._model.traits.cancelled) as error:
            unasked = isinstance(error, asyncio.CancelledError) and call.id not in self._unwanted
            answer = failure(call.id, error) if unasked else Failure(call.id, "cancelled")
        except BaseException as error:
            # Also SystemExit, which must not affect the other calls.
            answer = advised(failure(call.id, error), error)
        finally:
            if getattr(call.inputs, "tensors", None):
                self._model.forget(call.id)
        self._unwanted.discard(call.id)
        self._tasks.pop(call.id, None)
        if self._printing is not None:
            self._printing.end(call.id)
        if ignored := getattr(call.inputs, "ignored", None):
            answer.notice = "; ".join(filter(None, (notice(ignored), answer.notice)))
        if timed is not None:
            timed.ended_ns = time.time_ns()
            post(timed)
        post(answer)

    def _cancel(self, call_id: int) -> None:
        # The call may arrive later than this, on the other socket.
        self._unwanted.add(call_id)
        if call_id in self._tasks:
            self._tasks[call_id].cancel()


def _post(
    loop: asyncio.AbstractEventLoop, writer: asyncio.StreamWriter, message: FromWorkerCalls
) -> None:
    """Send a message from any thread."""
    framed = frame(message)
    try:
        here = asyncio.get_running_loop() is loop
    except RuntimeError:
        here = False
    if here:
        writer.write(framed)
    else:
        loop.call_soon_threadsafe(writer.write, framed)
