"""A host with many models whose workers are no processes: they answer at once, in the host.

`python -m benchmarks.many_models PORT MODELS WORKERS`. At the end (SIGTERM) it prints the longest
CPU time, in milliseconds, that one step of the event loop took.
"""

import asyncio
import gc
import itertools
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import uvloop
from aiohttp import web

from deepaas import config
from deepaas.app import build_app, build_trainings, build_try_me, build_visitors
from deepaas.cmd.addresses import addresses_of
from deepaas.executor import Needs, NoExecutor, Reports, Source
from deepaas.frames import FrameBuffer
from deepaas.messages import Answer, Description, Predict, Ready, Signature, ToWorkerCalls
from deepaas.model.registry import Registry
from deepaas.notes import Notes
from deepaas.scrape.setup import SCRAPE
from deepaas.web.connection import ConnectionLimits, make_task
from deepaas.web.connections import Connections
from deepaas.web.facts import FACTS
from deepaas.web.health import Drain
from deepaas.web.observers import OBSERVERS, Observers
from deepaas.workers.numbers import PoolNumbers
from deepaas.workers.out_of_memory import OutOfMemoryKills
from deepaas.workers.pool import Pool
from deepaas.workers.status import PoolLimits

TICK_SECONDS = 0.001

_PIDS = itertools.count(1)
"""Of some other process, or of none: the host only reads how much memory it has."""


class NoLine:
    def send(self, framed: bytes) -> bool:  # noqa: ARG002, it is told nothing
        return True

    def close(self) -> None:
        pass


class AnswersAtOnce(NoLine):
    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._frames = FrameBuffer()
        self._decoder = msgspec.msgpack.Decoder(ToWorkerCalls)
        self._loop = asyncio.get_running_loop()

    def send(self, framed: bytes) -> bool:
        for payload in self._frames.feed(framed):
            call = self._decoder.decode(payload)
            assert isinstance(call, Predict)
            answer = Answer(call.id, "application/json", b"{}")
            self._loop.call_soon(self._reports.on_call, answer)
        return True


class NoProcess:
    """A worker that is loaded and ready at once."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self.calls, self.control = AnswersAtOnce(reports), NoLine()
        self.where = "here"
        self.pid = next(_PIDS)
        self.output, writing = os.pipe()
        os.close(writing)

    async def open(self) -> None:
        self._reports.on_control(Description(predict=Signature()))
        self._reports.on_control(Ready())

    def terminate(self) -> None:
        pass

    def kill(self) -> None:
        pass


class Here:
    def start(self, needs: Needs, reports: Reports) -> NoProcess:  # noqa: ARG002
        return NoProcess(reports)


class LongestStep:
    """In CPU time, which other processes on the machine do not change."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._loop = asyncio.get_running_loop()
        self._tick(time.thread_time())

    def _tick(self, before: float) -> None:
        now = time.thread_time()
        self.seconds = max(self.seconds, now - before)
        self._loop.call_later(TICK_SECONDS, self._tick, now)


async def serve(port: int, models_count: int, workers_count: int, folder: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = config.load(
        ["--notrain-endpoint", "--noui", "--state-dir", str(folder / "state")], {}, []
    )
    limits = PoolLimits(workers_count, 1024, 0.0, 0.0, 5.0)
    kills = OutOfMemoryKills()
    pools = [
        Pool(
            Here(),
            Source(f"model-{number}", "none", "none"),
            limits,
            folder / f"results-{number}",
            numbers=PoolNumbers(kills),
        )
        for number in range(models_count)
    ]
    registry = Registry(pools, 1.0)
    notes = Notes()
    app = build_app(
        settings,
        registry,
        folder,
        Drain(),
        build_trainings(settings, [], folder, "mark", NoExecutor()),
        build_try_me(settings, folder, "mark"),
        build_visitors(settings, addresses_of(settings)),
        notes,
    )
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    assert runner.server is not None
    observers = Observers([*app[OBSERVERS]], app[FACTS])
    connections = Connections(runner.server, ConnectionLimits(), notes, observers)
    app[SCRAPE].host.connections = connections
    registry.start()
    await registry.settled()
    server = await asyncio.get_running_loop().create_server(connections, "127.0.0.1", port)
    gc.collect()
    gc.freeze()  # As the host does.
    longest = LongestStep()
    print("ready", flush=True)
    await stop.wait()
    print(1000 * longest.seconds, flush=True)
    server.close()
    os._exit(0)  # Its workers do not end: there are none.


def main() -> None:
    port, models_count, workers_count = (int(each) for each in sys.argv[1:])
    loop = uvloop.new_event_loop()
    loop.set_task_factory(make_task)
    with tempfile.TemporaryDirectory() as folder:
        loop.run_until_complete(serve(port, models_count, workers_count, Path(folder)))


if __name__ == "__main__":
    main()
