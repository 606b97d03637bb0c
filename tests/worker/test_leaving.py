"""A model's code that wants to end its process ends its call; who dies makes others wait."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.pools import hold_clearing, until

from deepaas.errors import CallTimedOut, WorkerDied
from deepaas.executor import Source
from deepaas.executor.local import LocalExecutor
from deepaas.messages import Answer, RawRequest
from deepaas.model.handle import HostedModel
from deepaas.protocols.cog.answers import Refusal
from deepaas.protocols.cog.health import told
from deepaas.protocols.cog.served import ModelSchemas
from deepaas.workers.checker import TrainingChecker
from deepaas.workers.pool import Pool
from deepaas.workers.status import PoolLimits

from .served import SECONDS, Served, serving

LEAVES = """
    import os, sys, threading
    from concurrent.futures import ThreadPoolExecutor


    class Mute(Exception):
        def __str__(self):
            sys.exit("mute")


    def raised(error):
        raise error


    def in_a_thread():
        with ThreadPoolExecutor(1) as executor:
            executor.submit(sys.exit, "in a thread").result()


    def with_a_thread():
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        sys.exit()


    WAYS = {
        "exit": sys.exit,
        "exit 0": lambda: sys.exit(0),
        "exit text": lambda: sys.exit("no more"),
        "in a thread": in_a_thread,
        "with a thread": with_a_thread,
        "interrupt": lambda: raised(KeyboardInterrupt()),
        "quit": lambda: raised(SystemExit(3)),
        "mute": lambda: raised(Mute()),
        "stay": lambda: None,
    }


    class Predictor:
        def predict(self, how: str = "stay") -> int:
            WAYS[how]()
            return os.getpid()
"""

LEAVES_LATER = """
    import asyncio, os, sys
    from collections.abc import AsyncIterator
    from cog import BaseRunner, concurrent

    told = asyncio.Event()


    async def leave():
        sys.exit("later")


    async def stop():
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0.001)
        sys.exit("stopped")


    async def leave_alone():
        alone = asyncio.create_task(leave())
        await asyncio.wait([alone])
        raise SystemExit("alone")


    async def call_back():
        asyncio.get_running_loop().call_soon(sys.exit)
        await asyncio.sleep(0.001)
        sys.exit("called back")


    async def gather():
        await asyncio.gather(leave(), asyncio.sleep(0))


    async def interrupt():
        raise KeyboardInterrupt


    async def in_a_thread():
        await asyncio.get_running_loop().run_in_executor(None, sys.exit, "in a thread")


    async def stay():
        pass


    WAYS = {one.__name__: one for one in (
        leave, stop, leave_alone, call_back, gather, interrupt, in_a_thread, stay
    )}


    class Predictor(BaseRunner):
        unwell = False

        async def healthcheck(self) -> bool:
            sys.exit("unwell") if self.unwell else None
            return True

        @concurrent(max=2)
        async def run(self, how: str = "stay") -> AsyncIterator[int]:
            if how == "wait":
                print("waits", flush=True)
                await told.wait()
                told.clear()
            elif how == "go on":
                told.set()
            elif how == "unwell":
                Predictor.unwell = not Predictor.unwell
            else:
                await WAYS[how]()
            yield os.getpid()
"""


@pytest.fixture(scope="module")
def leaves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(LEAVES, tmp_path_factory.mktemp("leaves")) as served:
        yield served


@pytest.fixture(scope="module")
def leaves_later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(LEAVES_LATER, tmp_path_factory.mktemp("later")) as served:
        yield served


SAID = {
    "exit": "SystemExit",
    "exit 0": "SystemExit: 0",
    "exit text": "SystemExit: no more",
    "in a thread": "SystemExit: in a thread",
    "with a thread": "SystemExit",
    "interrupt": "KeyboardInterrupt",
    "quit": "SystemExit: 3",
    "mute": "Mute: (its text cannot be shown)",
}


@pytest.mark.parametrize("how", SAID)
def test_only_that_prediction_fails(how: str, leaves: Served) -> None:
    before = leaves.value()
    assert leaves.ask(how=how).failure() == SAID[how]
    assert leaves.value() == before
    assert leaves.status().restarts_count == 0


SAID_LATER = {
    "leave": "SystemExit: later",
    "stop": "SystemExit: stopped",
    "leave_alone": "SystemExit: alone",
    "call_back": "SystemExit: called back",
    "gather": "SystemExit: later",
    "interrupt": "KeyboardInterrupt",
    "in_a_thread": "SystemExit: in a thread",
}


@pytest.mark.parametrize("how", SAID_LATER)
def test_calls_at_the_same_time_go_on(how: str, leaves_later: Served) -> None:
    other = leaves_later.ask(how="wait")
    other.wait_for("waits")
    assert leaves_later.ask(how=how).failure().startswith(SAID_LATER[how])
    assert leaves_later.value(how="go on") == other.value()
    assert leaves_later.status().restarts_count == 0


def test_a_question_ends_nothing(leaves_later: Served) -> None:
    before = leaves_later.value(how="unwell")
    assert "SystemExit: unwell" in leaves_later.health()
    assert leaves_later.value(how="unwell") == before
    assert leaves_later.health() == ""


# --- who dies all the same ---

DIES = """
import os, time


def predict(how: str = "") -> int:
    if how == "die":
        os._exit(3)
    if how == "sleep":
        time.sleep(60)
    while how == "given up":
        try:
            open("begun", "w").close()
            time.sleep(60)
        except BaseException:
            pass
    return os.getpid()
"""


async def asked(model: HostedModel, how: str = "") -> int:
    inputs = RawRequest(body=f'{{"how":"{how}"}}'.encode(), body_kind="json")
    answer = await asyncio.wait_for(model.predict(inputs), SECONDS)
    return int(answer.body)


@pytest.mark.parametrize("how", ["die", "killed", "sleep", "given up"])
async def test_calls_wait_for_the_next_worker(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends the one before, and however long it takes to be gone."""
    (tmp_path / "model.py").write_text(DIES)
    cleared = hold_clearing(monkeypatch)
    seconds = 0.2 if how == "sleep" else 0
    limits = PoolLimits(
        1, 10, predict_seconds=seconds, warm_seconds=SECONDS, cancel_grace_seconds=0.2
    )
    begun = tmp_path / "begun"
    source = Source("model", "cog", f"{tmp_path / 'model.py'}:predict")
    executor = LocalExecutor(f"{uuid.uuid4().hex}:")
    pool = Pool(executor, source, limits, tmp_path / "results")
    model = HostedModel(pool, TrainingChecker(pool, SECONDS))
    shelf = ModelSchemas()
    pool.start()
    try:
        with pytest.raises(Refusal):
            shelf.ready(model)  # It has never been ready.
        before = await asked(model)
        if how == "killed":
            os.kill(before, signal.SIGKILL)
        else:
            last = asyncio.ensure_future(asked(model, how))
        if how == "given up":
            await until(begun.exists)
            last.cancel()
        await until(lambda: pool.status().workers_ready_count == 0)
        if how == "sleep":
            with pytest.raises(CallTimedOut):
                await last
        call = asyncio.ensure_future(asked(model))
        await until(lambda: pool.status().queued_count == 1)
        shelf.ready(model)
        assert (await told(model))["status"] == "BUSY"
        cleared.set()
        await until(lambda: pool.status().status == "loading")
        shelf.ready(model)
        assert (await told(model))["status"] == "BUSY"
        assert await call != before
        if how == "die":
            with pytest.raises(WorkerDied):
                await last
    finally:
        cleared.set()
        await pool.stop()


@pytest.mark.parametrize("how", ["killed", "killed beside a call"])
async def test_a_call_is_not_sent_to_who_is_dead(how: str, tmp_path: Path) -> None:
    """Although nobody has told yet that it is: the call comes first."""
    (tmp_path / "model.py").write_text(DIES_LATER)
    limits = PoolLimits(1, 10, predict_seconds=0, warm_seconds=SECONDS, cancel_grace_seconds=1)
    source = Source("model", "cog", f"{tmp_path / 'model.py'}:Predictor")
    executor = LocalExecutor(f"{uuid.uuid4().hex}:")
    pool = Pool(executor, source, limits, tmp_path / "results")
    model = HostedModel(pool, TrainingChecker(pool, SECONDS))
    pool.start()
    try:
        before = await asked(model)
        if how == "killed beside a call":
            other = asyncio.ensure_future(asked(model, "sleep"))
            await until(lambda: pool.status().room_count == 1)
        # Its first step, which gives it to a worker, comes before all that the loop hears then.
        call = asyncio.ensure_future(pool.calls.run(RawRequest()))
        os.kill(before, signal.SIGKILL)
        wait_for_its_end(before)
        answer = await call
        assert isinstance(answer, Answer)
        assert int(answer.body) != before
        if how == "killed beside a call":
            with pytest.raises(WorkerDied):
                await other
    finally:
        await pool.stop()


DIES_LATER = """
import asyncio, os
from cog import BaseRunner, concurrent


class Predictor(BaseRunner):
    @concurrent(max=2)
    async def run(self, how: str = "") -> int:
        if how == "sleep":
            await asyncio.sleep(60)
        return os.getpid()
"""


def wait_for_its_end(pid: int) -> None:
    """Wait in the event loop, which hears of nothing meanwhile."""
    deadline = time.monotonic() + SECONDS
    while Path(f"/proc/{pid}").exists():  # Until its parent has taken it away.
        assert time.monotonic() < deadline
        time.sleep(0.001)
