"""Outputs in parts."""

import time
from typing import Iterator

from cog import BaseRunner, ConcatenateIterator, Input, streaming


class YieldsWords(BaseRunner):
    @streaming
    def run(self, text: str = "one two three") -> ConcatenateIterator[str]:
        for word in text.split():
            print("now", word)
            yield word + " "


class YieldsNumbers(BaseRunner):
    @streaming
    def run(self, count: int = Input(default=3, ge=0)) -> Iterator[int]:
        yield from range(count)


class YieldsSlowly(BaseRunner):
    @streaming
    def run(self, count: int = 3, pause: float = 0.7) -> Iterator[str]:
        for number in range(count):
            yield str(number)
            time.sleep(pause)


class YieldsThenFails(BaseRunner):
    @streaming
    def run(self) -> Iterator[str]:
        yield "first"
        raise ValueError("no more")


class YieldsUnmarked(BaseRunner):
    def run(self) -> Iterator[str]:
        yield "a"
        yield "b"


class StreamsWhole(BaseRunner):
    @streaming
    def run(self) -> str:
        print("on the way")
        return "all at once"
