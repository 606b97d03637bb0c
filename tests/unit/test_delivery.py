"""What is left to tell is bounded, and fair."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from deepaas.web.document import Document, of_bytes
from deepaas.webhooks import delivery
from deepaas.webhooks.delivery import DeliveryQueue, WebhookChannel, WebhookDelivery


async def test_who_does_not_answer_pays_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery, "CHANNELS_COUNT", 3)
    answering = asyncio.Event()
    told: list[str] = []

    async def send(delivery: WebhookDelivery) -> None:
        await answering.wait()
        told.append(delivery.body.whole().decode())

    box = DeliveryQueue(tmp_path)
    channels = []
    for origin, about in (("a", "good"), ("b", "b1"), ("b", "b2"), ("b", "b3"), ("c", "fine")):
        channel = WebhookChannel(box, origin, about, send)
        await channel.add_last(of_bytes(about.encode()), 1)
        channel.finish()
        channels.append(channel)
    answering.set()
    await asyncio.gather(*(channel.task for channel in channels), return_exceptions=True)
    assert sorted(told) == ["b3", "fine", "good"]
    assert [channel.about for channel in channels if channel.task.cancelled()] == ["b1", "b2"]
    assert "discarded b1: the queue is full" in caplog.text


@pytest.mark.parametrize("memory_bytes", [0, 1000])
async def test_what_is_long_lies_in_a_file_until_it_is_told(
    memory_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MEMORY_BYTES", memory_bytes)
    reads = 0

    def pieces():  # type: ignore[no-untyped-def]
        nonlocal reads
        reads += 1
        yield b"x" * 1000

    told: list[bytes] = []

    async def send(delivery: WebhookDelivery) -> None:
        assert len(list(tmp_path.iterdir())) == (not memory_bytes)
        # Not from where it was before.
        assert reads == 1
        told.append(delivery.body.whole())

    channel = WebhookChannel(DeliveryQueue(tmp_path), "a", "it", send)
    await channel.add_last(Document(1000, pieces), 1)
    channel.finish()
    await channel.task
    assert told == [b"x" * 1000]
    assert list(tmp_path.iterdir()) == []


async def test_what_there_is_no_room_for_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery, "MEMORY_BYTES", 0)
    monkeypatch.setattr(delivery, "DISK_BYTES", 1500)
    told: list[bytes] = []

    async def send(delivery: WebhookDelivery) -> None:
        told.append(delivery.body.whole())

    channel = WebhookChannel(DeliveryQueue(tmp_path), "a", "it", send)
    await channel.add_last(of_bytes(b"1" * 1000), 1)
    await channel.add_last(of_bytes(b"2" * 1000), 1)
    await channel.told()
    # There is room again.
    await channel.add_last(of_bytes(b"3" * 1000), 1)
    channel.finish()
    await channel.task
    assert told == [b"1" * 1000, b"3" * 1000]
    assert "discarded it: it is too large for the queue" in caplog.text
