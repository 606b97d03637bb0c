"""Several hosts with one PostgreSQL database count together, and alone without it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from support.postgres import postgres_database, server

from deepaas.errors import LimitExceeded
from deepaas.limits import shared
from deepaas.limits.grammar import LimitsByName, parse
from deepaas.limits.limiter import Admission, Limiter
from deepaas.limits.shared import SharedCounts

# The server is stopped in between: other tests of this process must not use it.
pytestmark = pytest.mark.xdist_group("postgres_stopped")

PATIENCE_SECONDS = 90
WHO = "192.0.2.1"


class Sharing:
    """What a host has of it. It exchanges when the test says so, or by itself in `task`."""

    def __init__(self, url: str, name: str, limits: str) -> None:
        self.limiter = Limiter(parse(limits), (), LimitsByName())
        self.shared = SharedCounts(self.limiter, url, name)
        self.task: asyncio.Task[None] | None = None

    def admit(self, who: str = WHO) -> Admission:
        return self.limiter.admit(self.limiter.applied(who, "", None), 0)

    def refuses(self, who: str = WHO) -> bool:
        try:
            with self.admit(who):
                return False
        except LimitExceeded:
            return True

    def left(self, who: str = WHO) -> int:
        ((policy, _),) = self.limiter.applied(who, "", None).counted
        return policy.left(who, time.monotonic())[0]

    async def end(self) -> None:
        if self.task is None:
            self.task = asyncio.ensure_future(self.shared.run())
        self.task.cancel()
        await asyncio.wait((self.task,))


Start = Callable[[str, str], Sharing]


@pytest.fixture
def url() -> Iterator[str]:
    with postgres_database() as made:
        yield made


@pytest.fixture
async def start(url: str) -> AsyncIterator[Start]:
    started: list[Sharing] = []

    def start_one(name: str, limits: str) -> Sharing:
        started.append(Sharing(url, name, limits))
        return started[-1]

    yield start_one
    for one in started:
        await one.end()


async def exchange(*hosts: Sharing) -> None:
    for host in hosts:
        await host.shared.exchange()


async def test_what_one_host_lets_through_counts_on_all(start: Start) -> None:
    one, other, late = (start(name, "10/hour") for name in ("one", "other", "late"))
    for _ in range(4):
        assert not one.refuses()
        assert not other.refuses()
    await exchange(one, other)
    # A host learns of a caller when it has served them since.
    assert (one.left(), other.left()) == (6, 2)
    assert not one.refuses()
    await exchange(one)
    assert one.left() == 1
    assert not one.refuses()
    assert one.refuses()
    await exchange(one)
    assert not other.refuses("192.0.2.2")
    assert not late.refuses()
    await exchange(late)
    assert late.refuses()
    assert late.left("192.0.2.2") == 10


async def test_what_is_given_back_is_given_back_to_all(start: Start) -> None:
    one, other = start("one", "1 MB/hour"), start("other", "1 MB/hour")
    admission = one.limiter.admit(one.limiter.applied(WHO, "", None), 1_000_000)
    await exchange(one)
    assert not other.refuses()
    admission.count(400_000)
    await exchange(one)
    other.limiter.admit(other.limiter.applied(WHO, "", None), 100_000)
    await exchange(other)
    assert other.left() == pytest.approx(500_000, abs=1000)


async def test_all_at_once(start: Start) -> None:
    hosts = [start(str(number), "1000/hour, 1000 at once") for number in range(4)]
    for number in range(250):
        for host in hosts:
            host.refuses(f"192.0.2.{number}")
    # Tables are made once, and rows are locked in the same order everywhere.
    await asyncio.gather(*(host.shared.exchange() for host in hosts))
    hosts[0].refuses("192.0.2.0")
    await exchange(hosts[0])
    (policy, _), _ = hosts[0].limiter.applied("192.0.2.0", "", None).counted
    assert policy.left("192.0.2.0", time.monotonic())[0] == 995


async def test_hosts_with_other_limits_do_not_mix(start: Start) -> None:
    one, like_one, other = start("1", "3/hour"), start("2", "3/hour"), start("3", "30/hour")
    for _ in range(3):
        assert not one.refuses()
    assert not like_one.refuses()
    assert not other.refuses()
    await exchange(one, like_one, other)
    assert like_one.refuses()
    assert other.left() == 29


async def test_calls_at_once_of_all_hosts(start: Start) -> None:
    one, other = start("one", "2 at once"), start("other", "2 at once")
    with one.admit():
        with other.admit():
            await exchange(one, other, one)
            assert one.refuses()
            assert other.refuses()
        await exchange(other, one)
        assert not one.refuses()
    await exchange(one, other)
    with other.admit(), other.admit():
        assert other.refuses()


async def test_calls_of_a_host_that_is_gone_have_ended(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "ALIVE_SECONDS", 0.5)
    one, other = start("one", "2 at once"), start("other", "2 at once")
    one.admit()
    with other.admit():
        await exchange(one, other)
        assert other.refuses()
        await one.end()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while other.refuses():
            assert time.monotonic() < deadline
            await exchange(other)
            await asyncio.sleep(0.1)


async def test_a_database_that_is_away_is_told_and_stops_nobody(
    start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "RETRY_SECONDS", 0.1)
    caplog.set_level(logging.INFO, "deepaas.limits.shared")
    one, other = start("one", "10/hour"), start("other", "10/hour")
    for each in (one, other):
        each.task = asyncio.ensure_future(each.shared.run())
    assert not one.refuses()
    server().stop()
    try:
        assert not one.refuses()
        await until(lambda: "limits are counted by this host alone" in caplog.text)
        assert not one.refuses()
        while not one.refuses():  # By its own count.
            pass
        assert one.left() == 0
    finally:
        server().start()
    await until(lambda: "limits are shared with other hosts again" in caplog.text)
    assert one.refuses()
    # What has been used meanwhile is told then.
    assert not other.refuses()
    await until(other.refuses)
    assert caplog.text.count("limits are counted by this host alone") <= 2


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
