"""What a model yields reaches Python part by part."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from support.host import Host, start_host
from support.waiting import wait_until

from deepaas.client import (
    AsyncClient,
    Client,
    InvalidArguments,
    ModelFailed,
    NotSupported,
    TimedOut,
)
from deepaas.client.portal import Portal

MODELS = Path(__file__).parent / "models"
SPEAKERS = ("speaks", "counts", "counts_later", "shouts", "draws", "whole")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    paths = [f"{name}={MODELS / 'speakers.py'}:{name}" for name in SPEAKERS]
    with start_host(("chooses",), "--no-ui", *paths, packages=MODELS) as host:
        yield host


@pytest.fixture(scope="module")
def client(host: Host) -> Iterator[Client]:
    with Client(host.url, timeout=60) as client:
        yield client


def wait_for(host: Host, line: str) -> None:
    wait_until(lambda: line in host.journal(), f"the journal says: {line}")


def test_the_first_part_comes_before_the_second_is_made(client: Client, host: Host) -> None:
    parts = client.stream("speaks", text="one two three", gate="sync")
    assert next(parts) == "one"
    host.touch("sync")
    assert list(parts) == ["two", "three"]


async def test_so_it_does_on_an_event_loop(host: Host) -> None:
    async with AsyncClient(host.url) as client:
        parts = client.stream("speaks", arguments={"text": "one two"}, gate="async")
        assert await anext(parts) == "one"
        host.touch("async")
        assert [part async for part in parts] == ["two"]


def test_parts_of_every_kind(client: Client) -> None:
    numbers = client.stream("counts_later", pause=0)
    assert [next(numbers) for _ in range(3)] == [0, 1, 2]
    numbers.close()
    assert list(client.stream("speaks", text="")) == []
    # Longer than any line of a log.
    assert [(part[0], len(part)) for part in client.stream("shouts", size=17 * 2**20)] == [
        ("a", 17 * 2**20),
        ("b", 17 * 2**20),
    ]
    assert list(client.stream("draws")) == [_url(b"picture 0"), _url(b"picture 1")]
    assert list(client.stream("chooses")) == [{"number": 0}, {"number": 1}]
    pictures = client.stream("chooses", accept="image/png")
    assert list(pictures) == [_url(b"png 0"), _url(b"png 1")]


def _url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def test_a_failure_in_the_middle(client: Client) -> None:
    seen: list[Any] = []
    with pytest.raises(ModelFailed, match="lost the thread") as caught:
        seen.extend(client.stream("speaks", text="one two", fail=True))
    # list.extend() keeps what came before.
    assert seen == ["one", "two"]
    assert caught.value.status == 500


def test_what_cannot_be_streamed(client: Client) -> None:
    for model, given, kind, said in (
        ("whole", {}, NotSupported, "'whole' does not stream: use predict()"),
        ("speaks", {}, InvalidArguments, "text: Missing data for required field."),
        ("speaks", {"txt": "x"}, InvalidArguments, "unknown argument 'txt' of predict: did you"),
        ("speaks", {"accept": "image/png", "text": "x"}, InvalidArguments, "not image/png"),
    ):
        with pytest.raises(kind, match=said):
            next(client.stream(model, arguments=given))


def test_the_timeout_is_for_the_whole_request(host: Host) -> None:
    with Client(host.url, timeout=2) as hasty:
        parts = hasty.stream("speaks", text="one two", gate="never", label="hasty")
        assert next(parts) == "one"
        with pytest.raises(TimedOut):
            next(parts)


@pytest.mark.parametrize("model", ["counts", "counts_later"])
def test_who_leaves_early_stops_the_model(client: Client, host: Host, model: str) -> None:
    parts = client.stream(model, label=f"{model} 1")
    assert next(parts) == 0
    parts.close()
    wait_for(host, f"{model} 1 stopped")
    for part in client.stream(model, label=f"{model} 2"):
        if part == 2:
            break
    wait_for(host, f"{model} 2 stopped")


async def test_so_does_who_leaves_early_on_an_event_loop(host: Host) -> None:
    async with AsyncClient(host.url) as client:
        async with aclosing(client.stream("counts", label="closed")) as parts:
            assert await anext(parts) == 0
        await asyncio.to_thread(wait_for, host, "closed stopped")


@pytest.mark.parametrize(
    ("program", "code"),
    [
        pytest.param("print(next(parts), flush=True)", 0, id="forgotten"),
        pytest.param("for p in parts: print(p, flush=True)", -signal.SIGINT, id="Ctrl-C"),
    ],
)
def test_a_program_that_ends_stops_the_model(host: Host, program: str, code: int) -> None:
    label = f"program {code}"
    head = f"from deepaas.client import *\nc = Client({host.url!r})\n"
    begin = f"parts = c.stream('counts', label={label!r})\n"
    with subprocess.Popen(
        [sys.executable, "-c", head + begin + program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        if code:
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert errors == "" or (code and "\nKeyboardInterrupt\n" in errors), errors
    wait_for(host, f"{label} stopped")


def test_an_iterator_that_is_thrown_away_on_the_loop_of_the_client() -> None:
    """The garbage collector runs wherever it likes."""
    closed = []

    async def items() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            closed.append(True)

    async def collect() -> None:
        gc.collect()

    async def leave() -> None:
        pass

    portal = Portal(print)
    portal.leave = leave
    try:
        cycle: list[Any] = [portal.iterate(items())]
        cycle.append(cycle)
        assert next(cycle[0]) == 1
        gc.disable()
        try:
            del cycle
            portal.run(collect())
        finally:
            gc.enable()
        wait_until(lambda: closed, "the iterator is closed")
    finally:
        portal.close()
