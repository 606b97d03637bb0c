"""The event loop polls for a moment while requests arrive in quick succession."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import uvloop

from deepaas.web import awake
from deepaas.web.awake import Awake


class Counting:
    """A real loop whose polls are counted."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self.polls_count = 0
        self._call_soon = self.loop.call_soon

    def call_soon(self, step: object) -> None:
        self.polls_count += 1
        self._call_soon(step)  # type: ignore[arg-type]


@pytest.fixture
def counting() -> Iterator[Counting]:
    made = Counting()
    yield made
    made.loop.close()


async def settled() -> None:
    """Returns when all polls are over, which end by the clock."""
    await asyncio.sleep(10 * awake.LOOK_SECONDS)


def test_it_polls_only_after_two_requests_in_quick_succession(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awake, "BRISK_SECONDS", 60.0)
    one = Awake(counting)  # type: ignore[arg-type]
    one.hear()
    counting.loop.run_until_complete(settled())
    assert counting.polls_count == 0
    one.hear()
    counting.loop.run_until_complete(settled())
    assert counting.polls_count > 1


def test_it_sleeps_again(counting: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awake, "BRISK_SECONDS", 60.0)
    one = Awake(counting)  # type: ignore[arg-type]
    one.hear()
    one.hear()
    counting.loop.run_until_complete(settled())
    count = counting.polls_count
    counting.loop.run_until_complete(settled())
    assert counting.polls_count == count


def test_requests_far_from_each_other_are_not_waited_for(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awake, "BRISK_SECONDS", 0.0)
    one = Awake(counting)  # type: ignore[arg-type]
    one.hear()
    one.hear()
    counting.loop.run_until_complete(settled())
    assert counting.polls_count == 0
