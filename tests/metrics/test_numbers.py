"""What is counted of calls and workers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from deepaas.errors import CallTimedOut, ModelUnavailable
from deepaas.messages import Answer, Failure, Measured, Reply
from deepaas.workers.numbers import NAMES_COUNT, CallOutcome, EndReason, PoolNumbers
from deepaas.workers.out_of_memory import OutOfMemoryKills


def numbers(*paths: Path) -> PoolNumbers:
    return PoolNumbers(OutOfMemoryKills(paths))


def measured(name: str, value: object, mode: str = "replace") -> Measured:
    return Measured(1, name, msgspec.json.encode(value), mode)


def test_measurements_with_too_many_names_are_counted_as_one() -> None:
    counted = numbers()
    for number in range(2 * NAMES_COUNT):
        counted.measured(measured(f"name {number}", number))
    assert len(counted.measurements) == NAMES_COUNT + 1
    assert counted.measurements["name 0"].count == 1
    assert counted.measurements["other"].count == NAMES_COUNT


def test_only_numbers_are_measurements() -> None:
    counted = numbers()
    for value in ("text", None, [1], True, {"a": 1}):
        counted.measured(measured("x", value))
    counted.measured(measured("x", 1, "append"))
    counted.measured(Measured(1, "x", b"1e999"))
    assert counted.measurements == {}
    counted.measured(measured("x" * 1000, 2, "increment"))
    assert [*counted.measurements] == ["x" * 100]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Answer(1, "application/json"), CallOutcome.SUCCEEDED),
        (Failure(1, "model_failed"), CallOutcome.FAILED),
        (Failure(1, "invalid_arguments"), CallOutcome.INVALID),
        (Failure(1, "model_refused"), CallOutcome.REFUSED),
        (None, CallOutcome.DIED),
    ],
)
async def test_how_calls_end(reply: Reply | None, expected: CallOutcome) -> None:
    counted = numbers()
    counted.ended(asyncio.get_running_loop().create_future(), reply, 0.3)
    assert counted.outcomes == {expected: 1}
    assert counted.run.total == 0.3


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CallTimedOut("model", 1), CallOutcome.TIMED_OUT),
        (ModelUnavailable("model", "the host stops"), CallOutcome.UNAVAILABLE),
        (None, CallOutcome.CANCELLED),
    ],
)
async def test_calls_whose_worker_ends_after_them(
    error: Exception | None, expected: CallOutcome
) -> None:
    future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    if error is None:
        future.cancel()
    else:
        future.set_exception(error)
    counted = numbers()
    counted.ended(future, None, 1)
    assert counted.outcomes == {expected: 1}


def test_only_the_system_tells_that_memory_ran_out(tmp_path: Path) -> None:
    group, system = tmp_path / "memory.events", tmp_path / "vmstat"
    system.write_text("pgfault 1\noom_kill 3\n")
    counted = numbers(group, system)
    counted.replaced(None, broken=False, killed=True)
    assert counted.restarts == {EndReason.KILLED: 1}
    system.write_text("pgfault 1\noom_kill 4\n")
    counted.replaced(None, broken=False, killed=True)
    counted.replaced(None, broken=False, killed=True)
    assert counted.restarts == {EndReason.KILLED: 2, EndReason.OUT_OF_MEMORY: 1}
    # The control group of a container counts for itself.
    group.write_text("low 0\noom 2\noom_kill 9\noom_group_kill 0\n")
    assert OutOfMemoryKills([group, system])._count == 9


def test_other_reasons() -> None:
    counted = numbers()
    counted.replaced(EndReason.TIMED_OUT, broken=False, killed=False)
    counted.replaced(None, broken=True, killed=False)
    counted.replaced(None, broken=False, killed=False)
    assert counted.restarts == {EndReason.TIMED_OUT: 1, EndReason.BROKEN: 1, EndReason.DIED: 1}


def test_this_machine_can_be_asked() -> None:
    assert OutOfMemoryKills().are_new() is False
