"""How many replicas a model gets for its load, by properties of the decision."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from deepaas.workers.scaler import LOOK_SECONDS
from deepaas.workers.scaling import STEADY_SECONDS, Load, Scaling

MAX_EXAMPLES = 60
UP_WITHIN_SECONDS = 2.0
Demand = Callable[[float], float]
"""How many calls there are at a time."""

usual = settings(derandomize=True, max_examples=MAX_EXAMPLES, deadline=None)

CAPACITIES = st.integers(1, 8)
SETTLED_SECONDS = 5.0
"""Averages need some time."""


def seen(
    scaling: Scaling,
    demand: Demand,
    seconds: float,
    *,
    capacity: int = 1,
    start: float = 0.0,
    ready: Callable[[float, int], int] = lambda _, wanted: wanted,
) -> Iterator[tuple[float, int]]:
    """The number of replicas after each look."""
    for number in range(1, int(seconds / LOOK_SECONDS) + 1):
        now = start + number * LOOK_SECONDS
        calls = max(0, round(demand(now)))
        count = ready(now, scaling.wanted)
        running = min(calls, count * capacity)
        yield now, scaling.look(now, Load(calls - running, running, capacity, count))


def constant(calls: int, _now: float) -> float:
    return calls


def changes(told: list[tuple[float, int]], first: int) -> list[float]:
    """When the number has changed."""
    numbers = [first, *(number for _, number in told)]
    return [
        now for (now, _), (a, b) in zip(told, itertools.pairwise(numbers), strict=True) if a != b
    ]


def most_in_a_minute(times: list[float]) -> int:
    return max(
        (sum(start <= one < start + STEADY_SECONDS for one in times) for start in times), default=0
    )


@usual
@given(st.integers(2, 16), st.integers(2, 40), CAPACITIES)
def test_up_within_two_seconds(most: int, calls: int, capacity: int) -> None:
    scaling = Scaling(1, most, 60)
    list(seen(scaling, lambda _: 0, 30, capacity=capacity))
    list(seen(scaling, lambda _: calls, UP_WITHIN_SECONDS, capacity=capacity, start=30))
    assert scaling.wanted >= min(most, math.ceil(0.75 * calls / capacity))
    told = list(seen(scaling, lambda _: calls, 60, capacity=capacity, start=32))
    assert told[-1][1] >= min(most, math.ceil(calls / capacity)) - (
        # Less than a quarter of a call waits for each replica.
        1 if calls % capacity and calls % capacity <= 0.25 * capacity else 0
    )


@usual
@given(st.integers(1, 4), st.integers(0, 12), st.sampled_from([0.0, 5.0, 60.0, 600.0]))
def test_down_after_the_time_and_no_earlier(least: int, more: int, down: float) -> None:
    scaling = Scaling(least, least + more, down)
    list(seen(scaling, lambda _: least + more + 3, 30))
    assert scaling.wanted == least + more
    told = list(seen(scaling, lambda _: 0, down + SETTLED_SECONDS, start=30))
    assert all(number == least + more for now, number in told if now < 30 + down)
    assert told[-1][1] == least


@usual
@given(
    st.lists(st.tuples(st.floats(0.1, 90), st.integers(0, 50)), max_size=10),
    st.integers(1, 4),
    st.integers(0, 8),
    st.floats(0, 120),
    CAPACITIES,
)
def test_always_in_its_range(
    load: list[tuple[float, int]], least: int, more: int, down: float, capacity: int
) -> None:
    scaling = Scaling(least, least + more, down)
    start = 0.0
    for seconds, calls in load:
        for _, number in seen(
            scaling, partial(constant, calls), seconds, capacity=capacity, start=start
        ):
            assert least <= number <= least + more
        start += seconds


@usual
@given(st.integers(0, 10**6), st.floats(0, 9), st.floats(0, 0.5), st.integers(1, 12))
def test_few_changes_at_a_steady_load(seed: int, level: float, noise: float, most: int) -> None:
    """Calls come and go, but as many as before on average."""
    random = Random(seed)
    scaling = Scaling(1, most, 60)
    told = list(seen(scaling, lambda _: level * (1 + noise * random.uniform(-1, 1)), 300))
    assert most_in_a_minute(changes(told, 1)) <= 2


@usual
@given(st.integers(1, 6), st.integers(1, 6), st.integers(2, 90), st.floats(0, 60))
def test_few_changes_if_a_load_comes_and_goes(
    low: int, more: int, period_seconds: int, down: float
) -> None:
    """Also with a shorter time, once it has turned out to be too short."""
    scaling = Scaling(1, 12, down)

    def demand(now: float) -> float:
        return low + more * (now // period_seconds % 2)

    told = list(seen(scaling, demand, 600))
    late = [one for one in changes(told, 1) if one > 2 * period_seconds + 2 * STEADY_SECONDS]
    assert most_in_a_minute(late) <= 2


def test_calls_that_wait_for_the_first_worker_add_none() -> None:
    scaling = Scaling(1, 8, 60)
    list(seen(scaling, lambda _: 6, 60, ready=lambda _, __: 0))
    assert scaling.wanted == 1
    # They are soon worked off.
    list(seen(scaling, lambda now: 6 if now < 60.5 else 1, 30, start=60))
    assert scaling.wanted == 1


def test_a_slow_start_of_new_workers_adds_no_more_than_are_needed() -> None:
    scaling = Scaling(1, 8, 60)
    list(seen(scaling, lambda _: 3, 120, ready=lambda _, __: 1))
    assert scaling.wanted == 3


def test_rare_bursts_keep_nobody() -> None:
    scaling = Scaling(1, 8, 60)
    list(seen(scaling, lambda _: 8, 10))
    told = list(seen(scaling, lambda now: 4 if now % 30 < LOOK_SECONDS else 0, 200, start=10))
    assert scaling.wanted <= 2
    assert most_in_a_minute(changes(told, 8)) <= 2
