"""The queue of a model, beside a simple model of it."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from deepaas.workers.waiting import AGED_SECONDS, Waiting


class Caller(NamedTuple):
    id: int
    priority: int
    arrived: float


class Clock:
    """In seconds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class WaitingStates(RuleBasedStateMachine):
    """The model is a list that is sorted for each question."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.queue: Waiting[Caller] = Waiting(self.clock)
        self.model: list[Caller] = []
        self.taken: list[Caller] = []
        self.count = 0

    def in_order(self) -> list[Caller]:
        def key(caller: Caller) -> tuple[int, int]:
            is_aged = self.clock.now - caller.arrived >= AGED_SECONDS
            return (1 if is_aged else caller.priority), caller.id

        return sorted(self.model, key=key)

    @rule(priority=st.integers(1, 9))
    def arrive(self, priority: int) -> None:
        self.count += 1
        caller = Caller(self.count, priority, self.clock.now)
        self.queue.add(caller)
        self.model.append(caller)

    @rule(quarters=st.integers(1, 24))
    def pass_time(self, quarters: int) -> None:
        self.clock.now += quarters / 4

    @precondition(lambda self: self.model)
    @rule()
    def take(self) -> None:
        expected = self.in_order()[0]
        assert self.queue.take() == expected
        self.model.remove(expected)
        self.taken.append(expected)

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        caller = data.draw(st.sampled_from(self.taken))
        self.taken.remove(caller)
        self.queue.put_back(caller)
        self.model.append(caller)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        caller = data.draw(st.sampled_from(self.model))
        assert self.queue.remove(caller)
        self.model.remove(caller)

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def leave_when_taken(self, data: st.DataObject) -> None:
        assert not self.queue.remove(data.draw(st.sampled_from(self.taken)))

    @invariant()
    def agree(self) -> None:
        assert list(self.queue) == self.in_order()
        assert len(self.queue) == len(self.model)
        assert bool(self.queue) == bool(self.model)


WaitingStates.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestStates = WaitingStates.TestCase


def test_nobody_waits() -> None:
    with pytest.raises(LookupError, match="nobody waits"):
        Waiting().take()


def test_one_of_the_last_priority_in_a_stream_of_first_ones() -> None:
    """A worker takes one after the other, and there is always another one of the first."""
    clock = Clock()
    queue: Waiting[Caller] = Waiting(clock)
    queue.add(Caller(1, 1, clock.now))
    late = Caller(2, 9, clock.now)
    queue.add(late)
    number = 2
    for _ in range(100):
        if queue.take() == late:
            break
        clock.now += 0.5
        number += 1
        queue.add(Caller(number, 1, clock.now))
    assert clock.now - late.arrived == pytest.approx(AGED_SECONDS, abs=0.5)


def test_many_that_leave_and_return_stay_in_order() -> None:
    """As when a worker that had read ahead dies."""
    queue: Waiting[Caller] = Waiting(Clock())
    callers = [Caller(number, 5, 100.0) for number in range(6)]
    for caller in callers:
        queue.add(caller)
    ahead = [queue.take() for _ in range(3)]
    for caller in ahead:
        queue.put_back(caller)
    assert [queue.take() for _ in callers] == callers
