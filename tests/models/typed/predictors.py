"""Typed predictors in worker processes. They tell in a journal what befalls them."""

import asyncio
import enum
import os
import pathlib
import sys
import time
from typing import AsyncIterator, Iterator, List, Optional

from cog import (
    BaseModel,
    BaseRunner,
    CancelationException,
    ConcatenateIterator,
    Input,
    Path,
    Secret,
    concurrent,
    current_scope,
    streaming,
)

FOLDER = pathlib.Path(os.environ["COG_RUNTIME_TEST"])


def note(words: str) -> None:
    with (FOLDER / "journal").open("a") as journal:
        journal.write(words + "\n")


def wait_for(name: str) -> None:
    while not (FOLDER / name).exists():
        time.sleep(0.01)


class Mode(str, enum.Enum):
    UP = "up"
    DOWN = "down"


class Draws(BaseRunner):
    """Makes a picture of a picture."""

    def run(
        self,
        image: Path = Input(description="an image to begin with"),
        mode: Mode = Input(default=Mode.UP, description="which way"),
        key: Optional[Secret] = Input(default=None),
    ) -> Path:
        out = FOLDER / f"drawn{image.suffix}"
        out.write_bytes(image.read_bytes())
        return Path(out)


class Box(BaseModel):
    left: int
    label: str


class Report(BaseModel):
    boxes: List[Box]
    chart: Path
    note: Optional[str] = None


class Finds(BaseRunner):
    def run(self, count: int = Input(default=1, ge=1, le=3)) -> Report:
        chart = FOLDER / "chart.txt"
        chart.write_text("chart")
        return Report(boxes=[Box(left=n, label="cat") for n in range(count)], chart=Path(chart))


class Speaks(BaseRunner):
    @streaming
    def run(self, text: str, gate: str = "", fail: bool = False) -> ConcatenateIterator[str]:
        print("asked for", text)
        self.record_metric("words", len(text.split()))
        for number, word in enumerate(text.split()):
            if gate and number == 1:
                wait_for(gate)
            yield word + " "
        if fail:
            raise ValueError("lost the thread")


class Endless(BaseRunner):
    def run(self, size: int = 1, count: int = -1, seconds: float = 0) -> Iterator[str]:
        number = 0
        try:
            while number != count:
                number += 1
                yield "x" * size
                time.sleep(seconds)
        finally:
            note(f"endless {'done' if number == count else 'stopped'}")


class EndlessLater(BaseRunner):
    async def run(self) -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
                await asyncio.sleep(0.01)
        finally:
            note("endless later stopped")


class Sleeps(BaseRunner):
    def run(self) -> str:
        note("asleep")
        try:
            time.sleep(60)
        except CancelationException:
            note("tidied up")
            raise
        return "awake"


class Leaves(BaseRunner):
    def run(self, how: str = "stay") -> str:
        if how == "exit":
            sys.exit(3)
        if how == "die":
            os._exit(9)
        return f"{os.getpid()}"


class Meets(BaseRunner):
    async def setup(self) -> None:
        await asyncio.sleep(0)
        self.present = 0
        self.all_here = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    async def healthcheck(self) -> bool:
        # In the event loop of the calls: an event is of the loop in which it is waited for.
        return asyncio.get_running_loop() is self.loop

    @concurrent(max=3)
    async def run(self, name: str) -> str:
        current_scope().record_metric("name", name)
        self.present += 1
        if self.present == 3:
            self.all_here.set()
        await asyncio.wait_for(self.all_here.wait(), 20)
        print("met", name)
        return name


class Weighs(BaseRunner):
    def setup(self, weights: Optional[Path] = None) -> None:
        print("weights are", weights)
        self.weights = weights

    def healthcheck(self) -> bool:
        return False

    def run(self) -> str:
        return str(self.weights)


class SlowToStart(BaseRunner):
    def setup(self) -> None:
        print("loading")
        wait_for("loaded")

    def run(self) -> str:
        return "ready"


class FailsToStart(BaseRunner):
    def setup(self) -> None:
        raise RuntimeError("no weights here")

    def run(self) -> str:
        return "never"


class Faulty(BaseRunner):
    def run(self, a, b: complex, c: int = Input(default=5, le=1)):
        return a
