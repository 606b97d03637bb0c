"""Calls joined along the first axis of their tensors, and split again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepaas.model.v2 import batched
from deepaas.runtime.batching.joining import CannotSplit, items_count, joined, key, split
from deepaas.runtime.batching.ways import Joined, WrongAnswer, declared_on, way_of, why_not


class Model:
    """`predict` gets all items at once."""

    @batched(size=8, delay=0.01)
    def predict(self, x: Any, factor: Any = 1) -> Any:
        return {"twice": x * 2 * factor, "sums": [float(row.sum()) for row in x]}


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_each_call_gets_its_own_items_back(counts: list[int]) -> None:
    way = way_of(Model())
    assert isinstance(way, Joined)
    calls = [
        {"x": np.full((count, 3), number, dtype="float32")} for number, count in enumerate(counts)
    ]
    assert len({way.key(call) for call in calls}) == 1
    assert [way.count(call) for call in calls] == counts
    for number, (count, result) in enumerate(zip(counts, way.run(calls), strict=True)):
        assert result["twice"].tolist() == [[number * 2.0] * 3] * count
        assert result["sums"] == [number * 3.0] * count


def array(shape: tuple[int, ...], dtype: str = "float32") -> Any:
    return np.zeros(shape, dtype)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"x": array((1, 3))}, {"x": array((1, 4))}),
        ({"x": array((1, 3))}, {"x": array((1, 3), "float64")}),
        ({"x": array((1, 3)), "f": 1}, {"x": array((1, 3)), "f": 2}),
        ({"x": array((1, 3)), "f": 1}, {"x": array((1, 3)), "f": 1.0}),
        ({"x": array((1, 3)), "f": 1}, {"x": array((1, 3)), "f": True}),
        ({"x": array((1, 3)), "f": 0.0}, {"x": array((1, 3)), "f": -0.0}),
        ({"x": array((1, 3)), "f": [1]}, {"x": array((1, 3)), "f": [2]}),
        ({"x": array((1, 3)), "f": 1}, {"x": array((1, 3))}),
        ({"x": array((1, 3)), "f": [array((1,))]}, {"x": array((1, 3)), "f": [array((1,))]}),
    ],
)
def test_what_differs_is_not_joined(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key(one) != key(other)


def test_equal_arguments_of_any_plain_kind_are_joined() -> None:
    def call(count: int) -> dict[str, Any]:
        return {"x": array((count, 2)), "deep": {"a": [1, "b", None, 2.5, float("nan")]}}

    assert key(call(1)) == key(call(3))
    assert joined([call(1), call(3)])["x"].shape == (4, 2)


def test_what_has_no_common_first_axis_runs_alone() -> None:
    assert items_count({"x": array((2, 3)), "y": array((2,))}) == 2
    assert items_count({"x": array((2, 3)), "y": array((3,))}) is None
    assert items_count({"x": array((2, 3)), "y": array(())}) is None
    assert items_count({"x": [1, 2]}) is None


def test_a_result_with_another_number_of_items_cannot_be_split() -> None:
    assert [part.tolist() for part in split(np.arange(3), [1, 2])] == [[0], [1, 2]]
    assert split((["a", "b"], {"n": [1, 2]}), [1, 1]) == [(["a"], {"n": [1]}), (["b"], {"n": [2]})]
    for wrong in ([1, 2], np.arange(4), None, 5, {"a": [1, 2, 3], "b": "text"}):
        with pytest.raises(CannotSplit):
            split(wrong, [1, 2])


def test_a_wrong_result_is_told_to_its_author() -> None:
    class Sums(Model):
        @batched
        def predict(self, x: Any, factor: Any = 1) -> Any:
            return float(x.sum()) * factor

    way = way_of(Sums())
    assert way is not None
    with pytest.raises(WrongAnswer, match="returned float for a batch of 2 items"):
        way.run([{"x": array((1, 3))}, {"x": array((1, 3))}])
    assert way.run([{"x": array((1, 3))}]) == [0.0]  # Alone, it is as always.


@pytest.mark.torch
def test_tensors_of_torch_are_joined() -> None:
    torch = pytest.importorskip("torch")
    calls = [{"x": torch.full((2, 3), 1.0)}, {"x": torch.full((1, 3), 2.0)}]
    assert key(calls[0]) == key(calls[1])
    assert key(calls[0]) != key({"x": np.zeros((2, 3), "float32")})
    assert [one.tolist() for one in split(joined(calls)["x"], [2, 1])] == [
        [[1.0] * 3] * 2,
        [[2.0] * 3],
    ]


def test_the_decorator_leaves_the_function_as_it_is() -> None:
    assert Model().predict(np.ones((1, 2)))["sums"] == [2.0]
    declared = declared_on(Model.predict)
    assert declared is not None
    assert (declared.size, declared.delay) == (8, 0.01)
    for wrong in ({"size": 0}, {"size": 1.5}, {"size": True}, {"delay": -1}, {"delay": "5ms"}):
        with pytest.raises(ValueError, match="is not a"):
            batched(**wrong)


def test_generators_and_coroutines_are_not_batched() -> None:
    class Yields:
        def predict(self) -> Any:
            yield 1

        def predict_batch(self, calls: Any) -> Any: ...

    class Later:
        @batched
        async def predict(self, x: Any) -> Any: ...

    for author, why in ((Yields(), "yields its result"), (Later(), "asynchronous")):
        assert way_of(author) is None
        assert why in why_not(author)
