"""What each model gets of the machine: workers and threads."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from deepaas.errors import ConfigError
from deepaas.resources.replicas import Replicas, workers_of
from deepaas.resources.shares import Shares
from deepaas.resources.threads import VARIABLES, thread_variables

MODELS = ("big", "small_model")


@pytest.mark.parametrize(
    ("values", "big", "small"),
    [
        ([], (1, 1), (1, 1)),
        (["2"], (2, 2), (2, 2)),
        (["2", "3"], (3, 3), (3, 3)),
        (["big=2"], (2, 2), (1, 1)),
        (["big=2", "3"], (2, 2), (3, 3)),
        (["1..4", "small_model=2"], (1, 4), (2, 2)),
        (["1,big=2..3"], (2, 3), (1, 1)),
        ([" big = 2 "], (2, 2), (1, 1)),
        (["big=2", "big=4"], (4, 4), (1, 1)),
    ],
)
def test_workers_of_each_model(
    values: Sequence[str], big: tuple[int, int], small: tuple[int, int]
) -> None:
    expected = {"big": Replicas(*big), "small_model": Replicas(*small)}
    assert workers_of(values, MODELS) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0", "'0' must be an integer of at least 1."),
        ("two", "'two' must be an integer of at least 1 or a range such as 1..4."),
        ("big=", "'big=' must be an integer of at least 1 or a range such as 1..4."),
        ("=2", "'=2' must be like NAME=2."),
        ("0..2", "'0..2': the range must start with at least 1."),
        ("big=4..2", "'big=4..2': the range must end with at least 4."),
        ("1...4", "'1...4' must be an integer of at least 1 or a range such as 1..4."),
        ("5000", "'5000' must be at most 1024."),
        ("bigg=2", "'bigg=2': model 'bigg' is not served. Did you mean big?"),
        ("other=1..2", "'other=1..2': model 'other' is not served. Models: big, small_model."),
    ],
)
def test_wrong_workers(value: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        workers_of([value], MODELS)
    assert raised.value.message == f"--workers: {message}"


@pytest.mark.parametrize(
    ("cores", "replicas", "threads"), [(2, 1, 2), (2, 2, 1), (2, 8, 1), (8, 3, 2), (1, 1, 1)]
)
def test_threads_of_a_worker(cores: int, replicas: int, threads: int) -> None:
    assert thread_variables(cores, replicas, {}) == dict.fromkeys(VARIABLES, str(threads))


def test_the_operator_decides_on_threads() -> None:
    assert thread_variables(8, 2, {"OMP_NUM_THREADS": "3"}) == {}
    given = {"MKL_NUM_THREADS": "1"}
    others = {"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"}
    assert thread_variables(8, 2, given) == others


def test_only_replicas_of_the_same_model_share_the_cores() -> None:
    replicas = {"big": Replicas(1, 4), "small_model": Replicas(1, 1)}
    shares = Shares(replicas, 2, 8, {})
    assert shares.of_worker("big", 1)["OMP_NUM_THREADS"] == "2"
    assert shares.of_worker("small_model", 1)["OMP_NUM_THREADS"] == "8"
    with shares.of_training("big") as variables:
        assert variables["OMP_NUM_THREADS"] == "4"
    assert shares.processes_count == 4 + 1 + 2
