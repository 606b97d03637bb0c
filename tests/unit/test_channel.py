"""A channel to a worker, whose end the test holds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from deepaas.executor.local.channel import Channel
from deepaas.frames import FrameBuffer, frame
from deepaas.messages import Answer, FromWorkerCalls, Predict, RawRequest

ANSWER = Answer(1, "application/json", b"{}")
LARGE_BYTES = 300 * 1024
"""More than the system takes at once."""


class Ends:
    """Both ends of a channel; no garbage may come."""

    def __init__(self) -> None:
        self.here, self.there = socket.socketpair()
        self.heard: list[FromWorkerCalls] = []
        self.channel = Channel[FromWorkerCalls](FromWorkerCalls, self.heard.append, pytest.fail)


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    both = Ends()
    yield both
    both.channel.close()
    both.there.close()


async def test_what_is_sent_to_a_worker_that_has_ended_is_refused_and_its_last_words_are_heard(
    ends: Ends,
) -> None:
    await ends.channel.open(ends.here)
    assert ends.channel.send(frame(Predict(1, RawRequest())))
    ends.there.sendall(frame(ANSWER))
    ends.there.close()
    assert not ends.channel.send(frame(Predict(2, RawRequest())))
    ends.channel.finish()
    assert ends.heard == [ANSWER]


async def test_frames_that_the_system_does_not_take_at_once_keep_their_order(ends: Ends) -> None:
    await ends.channel.open(ends.here)
    sent = [frame(Predict(number, RawRequest(body=bytes(LARGE_BYTES)))) for number in range(3)]
    for each in sent:
        assert ends.channel.send(each)

    def payloads() -> list[bytes]:
        frames, found = FrameBuffer(), list[bytes]()
        while len(found) < len(sent):
            found += frames.feed(ends.there.recv(LARGE_BYTES))
        return found

    found = await asyncio.wait_for(asyncio.to_thread(payloads), 30)
    assert found == [each[4:] for each in sent]
