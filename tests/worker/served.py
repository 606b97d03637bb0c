"""A model behind a pool of one real worker, asked from outside of the pool's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import textwrap
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from deepaas.executor import Source
from deepaas.executor.local import LocalExecutor
from deepaas.messages import Answer, AskHealth, Failure, Health, News, RawRequest
from deepaas.workers.pool import Pool
from deepaas.workers.status import PoolLimits, Status
from deepaas.workers.terms import Terms

SECONDS = 90

T = TypeVar("T")


@dataclass
class Asked:
    """A call on its way.

    Attributes:
        reply: what becomes of it.
        begun: whether a worker has got it.
        printed: what it has printed so far.
    """

    begun: threading.Event = field(default_factory=threading.Event)
    printed: str = ""
    heard: threading.Condition = field(default_factory=threading.Condition)
    reply: Future[Answer | Failure] = field(default_factory=Future)

    def value(self) -> Any:
        """What the model has returned."""
        reply = self.reply.result(SECONDS)
        assert isinstance(reply, Answer), reply
        return json.loads(Path(reply.path).read_bytes() if reply.path else reply.body)

    def failure(self) -> str:
        """What a client is told of its failure."""
        reply = self.reply.result(SECONDS)
        assert isinstance(reply, Failure), reply
        return reply.message

    def wait_for(self, text: str) -> None:
        """Wait until it has printed this."""
        with self.heard:
            self.heard.wait_for(lambda: text in self.printed or self.reply.done(), SECONDS)
            assert text in self.printed

    def stir(self) -> None:
        """Have those who wait look again."""
        with self.heard:
            self.heard.notify_all()


class _Listener:
    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def begun(self) -> None:
        self._asked.begun.set()

    def printed(self, text: str) -> None:
        with self._asked.heard:
            self._asked.printed += text
            self._asked.heard.notify_all()

    def notify(self, news: News) -> None:
        """Nobody asks for that here."""


class Served:
    """The model.

    Args:
        pool: what serves it.
        loop: in which.
    """

    def __init__(self, pool: Pool, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._loop = loop

    def ask(self, **inputs: Any) -> Asked:
        """Make a call."""
        asked = Asked()
        body = RawRequest(body=json.dumps(inputs).encode(), body_kind="json")
        terms = Terms(listener=_Listener(asked))
        asked.reply = asyncio.run_coroutine_threadsafe(
            self._pool.calls.run(body, terms=terms), self._loop
        )
        asked.reply.add_done_callback(lambda _: asked.stir())
        return asked

    def value(self, **inputs: Any) -> Any:
        """What the model returns."""
        return self.ask(**inputs).value()

    def status(self) -> Status:
        return self._in_loop(_called(self._pool.status))

    def health(self) -> str:
        """What the model says is wrong with it."""
        return self._in_loop(self._pool.ask(AskHealth, Health)).error

    def settled(self) -> Status:
        """Wait until it is ready, or cannot be."""
        return self._in_loop(self._pool.settled())

    def setup_logs(self) -> str:
        return self._in_loop(_called(self._pool.setup)).logs

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)


async def _called(function: Callable[[], T]) -> T:
    return function()


@contextlib.contextmanager
def serving(code: str, folder: Path, name: str = "Predictor") -> Iterator[Served]:
    """Serve a predictor of this name in a source text."""
    path = folder / "predict.py"
    path.write_text(textwrap.dedent(code))
    limits = PoolLimits(1, 100, predict_seconds=0, warm_seconds=SECONDS, cancel_grace_seconds=5)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> Pool:
        pool = Pool(
            LocalExecutor(f"{uuid.uuid4().hex}:"),
            Source("model", "cog", f"{path}:{name}"),
            limits,
            folder / "spool",
        )
        pool.start()
        return pool

    pool = asyncio.run_coroutine_threadsafe(start(), loop).result(SECONDS)
    try:
        served = Served(pool, loop)
        assert served.settled().reason == ""
        yield served
    finally:
        asyncio.run_coroutine_threadsafe(pool.stop(), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()
