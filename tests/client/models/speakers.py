"""Predictors that yield, with plain types. They tell in a journal when they end, and how."""

import asyncio
import os
import pathlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

FOLDER = pathlib.Path(os.environ["DEEPAAS_TEST_DIR"])


def note(words: str) -> None:
    with (FOLDER / "journal").open("a") as journal:
        journal.write(words + "\n")


def speaks(text: str, gate: str = "", fail: bool = False, label: str = "it") -> Iterator[str]:
    """Tells the words of a text; behind the first one it waits for a gate."""
    end = "stopped"
    try:
        for number, word in enumerate(text.split()):
            if gate and number == 1:
                print("waits")
                while not (FOLDER / gate).exists():
                    time.sleep(0.01)
            yield word
        if fail:
            raise ValueError("lost the thread")
        end = "done"
    finally:
        note(f"{label} {end}")


def counts(label: str = "it") -> Iterator[int]:
    """Counts for ever."""
    number = 0
    try:
        while True:
            yield number
            number += 1
            time.sleep(0.01)
    finally:
        note(f"{label} stopped")


async def counts_later(label: str = "it", pause: float = 0.01) -> AsyncIterator[int]:
    """Counts for ever, in an event loop."""
    number = 0
    try:
        while True:
            yield number
            number += 1
            await asyncio.sleep(pause)
    finally:
        note(f"{label} stopped")


def shouts(size: int, stream: bool = False) -> Iterator[str]:
    """Tells something long, twice."""
    for letter in "éß" if stream else "ab":
        yield letter * size


def draws(count: int = 2) -> Iterator[Path]:
    """Makes pictures."""
    for number in range(count):
        picture = FOLDER / "picture.png"
        picture.write_bytes(b"picture %d" % number)
        yield picture


def whole(text: str = "all") -> dict[str, str]:
    """Answers at once."""
    return {"text": text}
