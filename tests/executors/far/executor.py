"""The host's half: the entry point, and a worker as the host sees it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import queue
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec

from deepaas.executor import CannotStart, Needs, Reports, Site, with_paths
from deepaas.frames import FrameBuffer, frame
from deepaas.messages import (
    FromWorkerCalls,
    FromWorkerControl,
    Message,
    ToWorkerCalls,
    ToWorkerControl,
)
from deepaas.programs import inherited, module_command
from deepaas.warden import VARIABLE

from .records import (
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


@contextlib.asynccontextmanager
async def far(site: Site) -> AsyncIterator[FarExecutor]:
    """The entry point."""
    yield FarExecutor(site)


class FarExecutor:
    """Has a machine for each worker."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._numbers = itertools.count(1)

    def start(self, needs: Needs, reports: Reports) -> FarProcess:
        number = next(self._numbers)
        half = self._site.folder / str(number)
        try:
            return FarProcess(needs, reports, f"{self._site.mark}{number}:", half)
        except (OSError, RuntimeError) as error:
            raise CannotStart(f"no way to the machine: {error}") from error


class FarLine:
    """Frames for the worker, behind the files that they name."""

    def __init__(self, name: str, messages: Any, process: FarProcess) -> None:
        self._name = name
        self._decoder = msgspec.msgpack.Decoder(messages)
        self._process = process

    def send(self, framed: bytes) -> bool:
        (payload,) = FrameBuffer().feed(framed)
        message = self._decoder.decode(payload)
        numbers = itertools.count()

        def carried(path: str) -> str:
            name = f"{message.id}/{next(numbers)}/{Path(path).name}"
            self._process.put(lambda: self._process.send_all(pieces("inputs", name, Path(path))))
            return name

        record = Framed(self._name, frame(with_paths(message, carried)))
        self._process.put(lambda: self._process.send(record))
        return not self._process.ended

    def close(self) -> None:
        self._process.order("close")


class FarProcess:
    """A worker on another machine."""

    def __init__(self, needs: Needs, reports: Reports, mark: str, half: Path) -> None:
        self.calls = FarLine("calls", ToWorkerCalls, self)
        self.control = FarLine("control", ToWorkerControl, self)
        self.where = "a process on another machine"
        self.ended = False
        self._loop = asyncio.get_running_loop()
        self._needs = needs
        self._reports = reports
        self._shared = Mirror(dict(needs.shared), half)
        self._results = Mirror({"results": needs.results}, half)
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._machine = subprocess.Popen(
            module_command("far.machine"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**inherited(), VARIABLE: mark},
        )
        assert self._machine.stdin is not None and self._machine.stdout is not None
        self._to, self._from = self._machine.stdin, self._machine.stdout
        self.output, self._output = os.pipe()
        source = needs.source
        begin = Begin(
            source.name,
            source.kind,
            source.source,
            source.warm,
            source.edited,
            source.open_files,
            source.batch,
            needs.training,
            needs.checking,
            list(needs.shared),
        )
        self.put(lambda: self.send(begin))
        self.put(lambda: self._shared.send_changed(self.send))
        threading.Thread(target=self._write, daemon=True).start()

    async def open(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def terminate(self) -> None:
        # What it is to find, that it is cancelled say, comes before the signal.
        self.put(lambda: self._shared.send_changed(self.send))
        self.order("terminate")

    def kill(self) -> None:
        with contextlib.suppress(queue.Empty):  # Nobody needs what still waits.
            while True:
                self._orders.get_nowait()
        self.order("kill")

    # --- to the machine, in a thread: files may be large ---

    def put(self, what: Callable[[], None]) -> None:
        self._orders.put(what)

    def order(self, what: str) -> None:
        self.put(lambda: self.send(Order(what)))

    def send(self, record: Record) -> None:
        write(self._to, record)

    def send_all(self, records: Any) -> None:
        for record in records:
            self.send(record)

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # It has ended.
            while not self.ended:
                self._orders.get()()

    # --- from the machine, in another ---

    def _read(self) -> None:
        end = Exited("was lost with its machine", killed=True)
        decoders: dict[str, msgspec.msgpack.Decoder[Any]] = {
            "calls": msgspec.msgpack.Decoder(FromWorkerCalls),
            "control": msgspec.msgpack.Decoder(FromWorkerControl),
        }
        for record in read_all(self._from):
            match record:
                case Printed(data):
                    self._print(data)
                case Piece("results"):
                    self._results.take(record)
                case Piece():
                    self._shared.take(record)
                case Framed(line, framed, where):
                    self.where = where
                    (payload,) = FrameBuffer().feed(framed)
                    self._tell(line, decoders[line].decode(payload))
                case Garbage(what):
                    self._call(self._reports.on_garbage, what)
                case Gone():
                    self._leave()
                case Exited():
                    end = record
        self._leave()
        self._machine.kill()
        self._machine.wait()
        os.close(self._output)
        self._call(self._reports.on_exit, end.how, end.killed)

    def _tell(self, line: str, message: Message) -> None:
        message = with_paths(message, lambda name: str(self._needs.results / name))
        tell: Any = self._reports.on_call if line == "calls" else self._reports.on_control
        self._call(tell, message)

    def _leave(self) -> None:
        if not self.ended:
            self.ended = True
            self.put(self._to.close)
            self._call(self._reports.on_gone)

    def _print(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # Nobody reads it any more.
            while data:
                data = data[os.write(self._output, data) :]

    def _call(self, what: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # The host has ended.
            self._loop.call_soon_threadsafe(what, *arguments)
