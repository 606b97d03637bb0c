"""The other machine's half: runs one worker there, and passes on what it says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import threading
import uuid
from pathlib import Path

import msgspec

from deepaas.executor import CannotStart, Needs, Process, Source, with_paths
from deepaas.executor.local import LocalExecutor
from deepaas.frames import FrameBuffer, frame
from deepaas.messages import (
    Answer,
    Failure,
    FromWorkerCalls,
    FromWorkerControl,
    Message,
    ToWorkerCalls,
    ToWorkerControl,
)

from .records import (
    AnyRecord,
    Begin,
    Exited,
    Framed,
    Garbage,
    Gone,
    Mirror,
    Order,
    Piece,
    Printed,
    Record,
    pieces,
    read_all,
    write,
)

LOOK_SECONDS = 0.1
READ_BYTES = 64 * 1024


class Machine:
    """Runs a worker.

    Args:
        folder: all that this machine has.
    """

    def __init__(self, folder: Path) -> None:
        self.exited = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._folder = folder
        self._results = folder / "results"
        self._inputs = folder / "inputs"
        self._received = Mirror({"inputs": self._inputs}, folder / "half")
        self._shared = Mirror({}, folder / "half")
        self._process: Process | None = None
        self._looking: asyncio.Task[None] | None = None
        self._decoders = {
            "calls": msgspec.msgpack.Decoder[Message](ToWorkerCalls),
            "control": msgspec.msgpack.Decoder[Message](ToWorkerControl),
        }

    async def hear(self, record: AnyRecord) -> None:
        """The host wants something."""
        match record:
            case Begin():
                await self._begin(record)
            case Piece("inputs"):
                self._received.take(record)
            case Piece():
                self._shared.take(record)
            case Framed(line, framed) if self._process is not None:
                (payload,) = FrameBuffer().feed(framed)
                message = self._decoders[line].decode(payload)
                message = with_paths(message, lambda name: str(self._inputs / name))
                way = self._process.calls if line == "calls" else self._process.control
                way.send(frame(message))
            case Order("kill") if self._process is None:
                self._end("was stopped before it started", killed=False)
            case Order(what) if self._process is not None:
                {
                    "close": self._process.calls.close,
                    "terminate": self._process.terminate,
                    "kill": self._process.kill,
                }[what]()

    def host_gone(self) -> None:
        """There is nobody to work for."""
        if self._process is None:
            self.exited.set()
        else:
            self._process.kill()

    async def _begin(self, begin: Begin) -> None:
        shared = {name: self._folder / "shared" / name for name in begin.shared}
        for path in (self._results, *shared.values()):
            path.mkdir(parents=True)
        self._shared = Mirror(shared, self._folder / "half")
        source = Source(
            begin.name,
            begin.kind,
            begin.source,
            begin.warm,
            begin.edited,
            open_files=begin.open_files,
            batch=begin.batch,
        )
        needs = Needs(source, self._results, begin.training, begin.checking, shared)
        try:
            self._process = LocalExecutor(f"{uuid.uuid4().hex}:").start(needs, self)
        except CannotStart as error:
            self._end(f"could not be started: {error}", killed=False)
            return
        os.set_blocking(self._process.output, False)
        self._loop.add_reader(self._process.output, self._drain)
        await self._process.open()
        self._looking = asyncio.create_task(self._look())

    # --- what the worker says ---

    def on_call(self, message: FromWorkerCalls) -> None:
        self._pass_on("calls", message)
        if isinstance(message, (Answer, Failure)):
            shutil.rmtree(self._inputs / str(message.id), ignore_errors=True)

    def on_control(self, message: FromWorkerControl) -> None:
        self._pass_on("control", message)

    def on_garbage(self, what: str) -> None:
        self._say(Garbage(what))

    def on_gone(self) -> None:
        self._say(Gone())

    def on_exit(self, how: str, killed: bool) -> None:
        assert self._process is not None
        self._drain()
        self._loop.remove_reader(self._process.output)
        os.close(self._process.output)
        if self._looking is not None:
            self._looking.cancel()
        self._shared.send_changed(self._say)
        self._say(Exited(how, killed))
        self.exited.set()

    def _pass_on(self, line: str, message: Message) -> None:
        assert self._process is not None
        self._drain()  # What was printed before comes before.
        framed = frame(with_paths(message, self._carried))
        self._say(Framed(line, framed, f"{self._process.where} of another machine"))

    def _carried(self, path: str) -> str:
        result = Path(path)
        for piece in pieces("results", result.name, result):
            self._say(piece)
        result.unlink(missing_ok=True)
        return result.name

    def _drain(self) -> None:
        assert self._process is not None
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._process.output, READ_BYTES):
                self._say(Printed(data))
            self._loop.remove_reader(self._process.output)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._shared.send_changed(self._say)

    def _end(self, how: str, *, killed: bool) -> None:
        self._say(Gone())
        self._say(Exited(how, killed))
        self.exited.set()

    def _say(self, record: Record) -> None:
        with contextlib.suppress(OSError):  # The host has gone.
            write(sys.stdout.buffer, record)


async def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="far-"))
    try:
        machine = Machine(folder)
        loop = asyncio.get_running_loop()

        def listen() -> None:
            # One at a time: a file is there before the frame that names it.
            for record in read_all(sys.stdin.buffer):
                asyncio.run_coroutine_threadsafe(machine.hear(record), loop).result()
            loop.call_soon_threadsafe(machine.host_gone)

        threading.Thread(target=listen, daemon=True).start()
        await machine.exited.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(main())
