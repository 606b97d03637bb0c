"""Asynchronous predictors, one and several calls at a time."""

import asyncio
from typing import AsyncIterator

from cog import AsyncConcatenateIterator, BaseRunner, concurrent, streaming


class Waits(BaseRunner):
    async def run(self, seconds: float = 0.01) -> str:
        await asyncio.sleep(seconds)
        return "waited"


class SetsUpLater(BaseRunner):
    async def setup(self) -> None:
        await asyncio.sleep(0.01)
        self.word = "set up"

    async def run(self) -> str:
        return self.word


class YieldsLater(BaseRunner):
    @streaming
    async def run(self, count: int = 3) -> AsyncIterator[int]:
        for number in range(count):
            await asyncio.sleep(0)
            yield number


class SpeaksLater(BaseRunner):
    @streaming
    async def run(self) -> AsyncConcatenateIterator[str]:
        yield "to"
        yield "gether"


class FailsLater(BaseRunner):
    async def run(self) -> str:
        await asyncio.sleep(0)
        raise RuntimeError("later")


class StopsLater(BaseRunner):
    async def run(self) -> str:
        print("begun")
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            print("stopped")
            raise
        return "not stopped"


class Meets(BaseRunner):
    """Answers when as many calls as there may be are in it."""

    async def setup(self) -> None:
        self.met = asyncio.Event()
        self.present = 0

    @concurrent(max=3)
    async def run(self, name: str) -> str:
        self.present += 1
        if self.present == 3:
            self.met.set()
        await asyncio.wait_for(self.met.wait(), 10)
        print("met", name)
        return name
