"""The event loop of the host."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from deepaas.wakeful import WakefulLoop

STEPS_COUNT = 1000


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    wakeful = WakefulLoop()
    yield wakeful
    wakeful.close()


def test_steps_that_never_end_let_others_be_heard(loop: asyncio.AbstractEventLoop) -> None:
    here, there = socket.socketpair()
    with here, there:
        heard = loop.create_future()

        def step() -> None:
            if not heard.done():
                loop.call_soon(step)

        loop.add_reader(here, heard.set_result, None)
        loop.call_soon(step)
        loop.call_later(0.01, there.send, b"a")
        loop.run_until_complete(asyncio.wait_for(heard, 30))
        loop.remove_reader(here)


def test_steps_run_in_their_order_and_not_when_they_are_cancelled(
    loop: asyncio.AbstractEventLoop,
) -> None:
    taken: list[int] = []
    over = loop.create_future()

    def step(number: int) -> None:
        taken.append(number)
        if number == STEPS_COUNT:
            loop.call_soon(over.set_result, None)
            return
        loop.call_soon(taken.append, -1).cancel()
        loop.call_soon(step, number + 1)

    loop.call_soon(step, 1)
    loop.run_until_complete(over)
    assert taken == list(range(1, STEPS_COUNT + 1))


def test_a_loop_that_is_stopped_takes_no_further_step(loop: asyncio.AbstractEventLoop) -> None:
    taken: list[str] = []

    def last() -> None:
        loop.stop()
        loop.call_soon(taken.append, "a further one")

    loop.call_soon(loop.call_soon, last)
    loop.run_forever()
    assert not taken
