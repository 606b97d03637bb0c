"""The process that checks arguments of trainings, of the code as it is now."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from deepaas.messages import RawRequest
from deepaas.workers.checker import TrainingChecker
from deepaas.workers.pool import Pool


class Checks:
    """A process whose checks have no end."""

    def __init__(self) -> None:
        self.calls = self
        self.asked = asyncio.Event()
        self.stopped = False

    def start(self) -> None:
        """Nothing is to be done."""

    async def stop(self) -> None:
        self.stopped = True

    async def run(self, *_inputs: Any, **_terms: Any) -> Any:
        self.asked.set()
        await asyncio.Event().wait()


class Model:
    def __init__(self) -> None:
        self.name = "model"
        self.version = 1
        self.started: list[Checks] = []

    def for_checks(self, _number: int, _seconds: float) -> Checks:
        self.started.append(Checks())
        return self.started[-1]


def test_it_stops_what_still_checks_with_code_from_before() -> None:
    async def stop() -> list[bool]:
        model = Model()
        checker = TrainingChecker(cast(Pool, model), 10.0)
        asking = []
        for model.version in (1, 2, 3):
            asking.append(asyncio.ensure_future(checker.check(RawRequest())))
            await asyncio.sleep(0)
            await model.started[-1].asked.wait()
        await checker.stop()
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        return [one.stopped for one in model.started]

    assert asyncio.run(stop()) == [True] * 3
