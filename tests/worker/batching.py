"""A pool of real workers whose model has batches."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from support.pools import until

from deepaas.executor import Source
from deepaas.executor.local import LocalExecutor
from deepaas.messages import Answer, Batching, Failure, Values
from deepaas.turns import TURN, Turn
from deepaas.workers.numbers import PoolNumbers
from deepaas.workers.out_of_memory import OutOfMemoryKills
from deepaas.workers.pool import Pool
from deepaas.workers.status import PoolLimits

SECONDS = 120

MODEL = """
import os, time
from pathlib import Path
from webargs import fields

FOLDER = Path(__file__).parent


def get_predict_args():
    return {
        "token": fields.Str(required=True),
        "does": fields.Str(load_default=""),
        "seconds": fields.Float(load_default=0),
    }


def note(name, *lines):
    with (FOLDER / name).open("a") as file:
        file.write("".join(f"{line}\\n" for line in lines))


def work(calls):
    for call in calls:
        if call["does"] == "wait":
            note("begun", call["token"])
            while not (FOLDER / f"go-{call['token']}").exists():
                time.sleep(0.002)
        if call["does"] == "die":
            os.kill(os.getpid(), 9)
        if call["does"] == "raise":
            raise ValueError(f"not {call['token']}")
        if call["does"] == "print":
            print("printed", call["token"], flush=True)
        time.sleep(call["seconds"])


def predict(token, does, seconds):
    note("alone", token)
    work([{"token": token, "does": does, "seconds": seconds}])
    return token


def predict_batch(calls):
    note("batches", " ".join(call["token"] for call in calls))
    note("ran", *(call["token"] for call in calls))
    work(calls)
    if any(call["does"] == "too few" for call in calls):
        return [call["token"] for call in calls][:-1]
    if any(call["does"] == "none" for call in calls):
        return None
    return [
        ValueError("only this one") if call["does"] == "fail" else call["token"] for call in calls
    ]
"""


class Batched:
    """Attributes:
    folder: where the model notes what it does, and looks for what it waits for.
    """

    def __init__(self, pool: Pool, folder: Path) -> None:
        self.pool = pool
        self.folder = folder

    def ask(self, token: str, does: str = "", *, priority: int = 5, **others: Any) -> Asking:
        inputs = Values({"token": token, "does": does, **others})
        before = TURN.set(Turn(priority))
        try:
            return asyncio.ensure_future(self.pool.calls.run(inputs, client_id=token))
        finally:
            TURN.reset(before)

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def let_go(self, token: str) -> None:
        """End what waits."""
        (self.folder / f"go-{token}").touch()

    async def holds(self, *tokens: str) -> None:
        """Wait until the model runs these."""
        await until(lambda: set(tokens) <= set(self.lines("begun")))

    async def queued(self, count: int) -> None:
        """Wait until so many wait."""
        await until(lambda: self.pool.status().queued_count == count)

    @property
    def numbers(self) -> PoolNumbers:
        assert self.pool.numbers is not None
        return self.pool.numbers


Asking = asyncio.Future[Answer | Failure]


async def result(asked: Asking) -> Any:
    reply = await asyncio.wait_for(asked, SECONDS)
    return json.loads(reply.body) if isinstance(reply, Answer) else reply


@contextlib.asynccontextmanager
async def serving(
    folder: Path,
    code: str = MODEL,
    *,
    workers: int = 1,
    batch: Batching | None = None,
    kind: str = "entry_point",
    name: str = "",
    **limits: Any,
) -> AsyncIterator[Batched]:
    (folder / "model.py").write_text(code)
    usual = PoolLimits(workers, 10_000, 0, SECONDS, 1, queue_seconds=0)
    pool = Pool(
        LocalExecutor(f"{uuid.uuid4().hex}:"),
        Source("model", kind, str(folder / "model.py") + (f":{name}" if name else ""), batch=batch),
        replace(usual, **limits),
        folder / "results",
        numbers=PoolNumbers(OutOfMemoryKills()),
    )
    pool.start()
    try:
        assert (await pool.settled()).reason == ""
        yield Batched(pool, folder)
    finally:
        await pool.stop()
