"""Which calls run together, compared with a simple model of it."""

from __future__ import annotations

import math
from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from deepaas.messages import Batching
from deepaas.runtime.batching.batcher import Batcher, Item, Unready
from deepaas.runtime.batching.cost import LONGEST_GAP_SECONDS, CostCurve, Patience


def item(number: int, now: float = 0.0, **others: object) -> Item:
    return Item(number, now, is_ready=True, **others)  # type: ignore[arg-type]


def ids(chosen: object) -> list[int]:
    assert isinstance(chosen, list), chosen
    return [one.id for one in chosen]


def test_a_free_worker_takes_what_waits_up_to_the_size() -> None:
    batcher = Batcher(Batching(3))
    for number in range(5):
        batcher.add(item(number))
    assert ids(batcher.choose(0.0)) == [0, 1, 2]
    assert ids(batcher.choose(0.0)) == [3, 4]
    assert ids(batcher.choose(0.0)) == []


def test_calls_that_cannot_be_joined_wait_for_the_next_batch() -> None:
    batcher = Batcher(Batching(3))
    for number, key in enumerate("abab"):
        batcher.add(item(number, key=key))
    assert ids(batcher.choose(0.0)) == [0, 2]
    assert ids(batcher.choose(0.0)) == [1, 3]


def test_a_call_counts_as_many_items_as_it_holds() -> None:
    batcher = Batcher(Batching(4))
    for number, count in enumerate((2, 3, 1, 9)):
        batcher.add(item(number, count=count))
    assert ids(batcher.choose(0.0)) == [0]  # The second one does not fit, and is not overtaken.
    assert ids(batcher.choose(0.0)) == [1, 2]
    assert ids(batcher.choose(0.0)) == [3]  # Larger than the size: alone.


def test_the_first_priority_is_first_and_so_is_who_has_waited_for_long() -> None:
    batcher = Batcher(Batching(1))
    batcher.add(item(1, priority=9, urgent_at=5.0))
    batcher.add(item(2, priority=5, urgent_at=5.0))
    batcher.add(item(3, priority=1))
    assert [one.id for one in batcher.in_order(1.0)] == [3, 2, 1]
    assert [one.id for one in batcher.in_order(5.0)] == [1, 2, 3]


def test_a_delay_counts_from_the_oldest_call() -> None:
    batcher = Batcher(Batching(3, 0.5, chosen=True))
    batcher.add(item(1, now=1.0))
    assert batcher.choose(1.0) == 1.5
    batcher.add(item(2, now=1.4))
    assert batcher.choose(1.4) == 1.5
    assert ids(batcher.choose(1.5)) == [1, 2]
    for number in (3, 4, 5):
        batcher.add(item(number, now=2.0))
    assert ids(batcher.choose(2.0)) == [3, 4, 5]  # A full one does not wait.


def test_a_lone_call_waits_only_for_a_delay_of_the_operators() -> None:
    of_author, of_operator = Batcher(Batching(3, 0.5)), Batcher(Batching(3, 0.5, chosen=True))
    of_author.add(item(1, now=10.0))
    of_operator.add(item(1, now=10.0))
    assert ids(of_author.choose(10.0)) == [1]
    assert of_operator.choose(10.0) == 10.5
    of_author.add(item(2, now=10.2))  # Not alone: another one came a moment ago.
    assert of_author.choose(10.2) == 10.7


def test_a_full_group_does_not_wait_for_one_with_a_delay() -> None:
    batcher = Batcher(Batching(2, 1.0, chosen=True))
    for number, key in enumerate("abb"):
        batcher.add(item(number, key=key))
    assert ids(batcher.choose(0.0)) == [1, 2]
    assert batcher.choose(0.0) == 1.0


def test_only_as_many_calls_are_made_ready_as_a_batch_needs() -> None:
    batcher = Batcher(Batching(2))
    items = [Item(number, 0.0) for number in range(5)]
    for one in items:
        batcher.add(one)
    assert batcher.choose(0.0) == Unready(items[:2])
    items[0].is_ready = items[1].is_ready = True
    assert ids(batcher.choose(0.0)) == [0, 1]


def test_the_cost_of_a_batch_is_learnt() -> None:
    curve = CostCurve()
    for count in [1, 4, 9, 2, 32, 16] * 5:
        curve.observe(count, 0.010 + 0.0005 * count)
    a, b = curve.line()
    assert math.isclose(a, 0.0005, rel_tol=0.01)
    assert math.isclose(b, 0.010, rel_tol=0.01)


def test_batches_are_no_larger_than_pays() -> None:
    patience = Patience()
    for count in [1, 4, 9, 2, 32, 16] * 5:
        patience.observe(count, 0.001 + 0.002 * count, 0, 0.0)
    assert 8 <= patience.size(32) <= 12
    for count in [1, 4, 9, 2, 32, 16] * 20:
        patience.observe(count, 0.050 + 0.0001 * count, 0, 0.0)
    assert patience.size(32) == 32


@given(
    st.lists(st.tuples(st.integers(1, 32), st.floats(0, 10)), max_size=30),
    st.floats(0, 1e6),
)
def test_a_lone_request_never_waits_more_than_a_millisecond(
    runs: list[tuple[int, float]], now: float
) -> None:
    batcher = Batcher(Batching(32, automatic=True))
    assert batcher.patience is not None
    for count, seconds in runs:
        batcher.patience.observe(count, seconds, 0, now)
    batcher.add(item(1, now=now))
    assert isinstance(batcher.choose(now + LONGEST_GAP_SECONDS * 1.001 + 1e-9), list)


def test_a_batch_waits_for_those_who_were_there_a_moment_ago() -> None:
    batcher = Batcher(Batching(32, automatic=True))
    assert batcher.patience is not None
    for count in [1, 4, 9, 2, 32, 16] * 5:
        batcher.patience.observe(count, 0.010 + 0.0005 * count, 0, 10.0)
    batcher.add(item(1, now=10.0))
    until = batcher.choose(10.0)
    assert isinstance(until, float)
    assert 10.0 < until <= 10.001
    for number in range(2, 33):
        batcher.add(item(number, now=10.0))
    assert len(ids(batcher.choose(10.0))) == 32  # All of them are back.


class AgainstModel(RuleBasedStateMachine):
    """Whatever comes and goes, each call is in exactly one batch, with its like, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.size = 4
        self.batcher = Batcher(Batching(4, 0.25, chosen=True))
        self.waiting: dict[int, Item] = {}
        self.number = 0

    @rule(
        key=st.sampled_from("ab"),
        count=st.integers(1, 6),
        priority=st.integers(1, 9),
        ready=st.booleans(),
    )
    def arrive(self, key: str, count: int, priority: int, ready: bool) -> None:
        self.number += 1
        one = Item(self.number, self.now, priority, self.now + 5.0, ready, key, count)
        self.waiting[one.id] = one
        self.batcher.add(one)

    @rule(data=st.data())
    @precondition(lambda self: self.waiting)
    def leave(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(sorted(self.waiting)))
        assert self.batcher.remove(gone) is self.waiting.pop(gone)
        assert self.batcher.remove(gone) is None

    @rule(seconds=st.floats(0, 2))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def run(self) -> None:
        chosen = self.batcher.choose(self.now)
        while isinstance(chosen, Unready):
            assert chosen.items
            for one in chosen.items:
                assert not one.is_ready
                one.is_ready = True
            chosen = self.batcher.choose(self.now)
        if isinstance(chosen, float):
            # There is something, nothing of it is full, and it has not waited for long.
            assert chosen > self.now
            assert all(self.now - one.arrived < 0.25 for one in self.waiting.values())
            counts: dict[object, int] = defaultdict(int)
            for one in self.waiting.values():
                counts[one.key] += one.count
            assert all(count < self.size for count in counts.values())
            return
        assert bool(chosen) == bool(self.waiting)
        assert len({one.key for one in chosen}) <= 1
        assert sum(one.count for one in chosen) <= self.size or len(chosen) == 1
        turns = [self.turn(one) for one in chosen]
        assert turns == sorted(turns)
        like = [one for one in self.waiting.values() if chosen and one.key == chosen[0].key]
        assert set(ids(chosen)) == {one.id for one in sorted(like, key=self.turn)[: len(chosen)]}
        for one in chosen:
            del self.waiting[one.id]

    def turn(self, one: Item) -> tuple[int, int]:
        return (1 if self.now >= one.urgent_at else one.priority, one.number)

    @invariant()
    def all_are_there(self) -> None:
        assert len(self.batcher) == len(self.waiting)


AgainstModel.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAgainstModel = AgainstModel.TestCase
