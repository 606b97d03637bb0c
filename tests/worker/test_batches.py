"""Batches of calls, with real workers: each call gets its own answer, whatever others do."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from support.pools import until
from support.storm_size import Size

from deepaas.errors import CallTimedOut, QueueFull, QueueTimedOut, WorkerDied
from deepaas.messages import Answer, Batching

from .batching import MODEL, Batched, result, serving


async def test_each_call_of_a_batch_has_its_own_end(tmp_path: Path) -> None:
    async with serving(tmp_path) as model:
        first = model.ask("first", "wait")
        await model.holds("first")
        calls = [model.ask(f"t{number}") for number in range(6)]
        failing = model.ask("failing", "fail")
        invalid = model.ask("invalid", seconds="long")
        await model.queued(8)
        model.let_go("first")
        assert await result(first) == "first"
        assert [await result(call) for call in calls] == [f"t{number}" for number in range(6)]
        assert (await result(failing)).message.startswith("ValueError: only this one")
        assert (await result(invalid)).kind == "invalid_arguments"
        assert model.lines("batches") == ["first", "t0 t1 t2 t3 t4 t5 failing"]
        assert model.lines("alone") == []


async def test_calls_are_validated_while_the_model_computes(tmp_path: Path) -> None:
    async with serving(tmp_path) as model:
        for _ in range(2):  # From then on it is known to be slow, and to have company.
            slow = [model.ask(f"slow{number}", seconds=0.05) for number in range(3)]
            assert [await result(one) for one in slow] == ["slow0", "slow1", "slow2"]
        first = model.ask("first", "wait")
        await model.holds("first")
        assert (await result(model.ask("invalid", seconds="long"))).kind == "invalid_arguments"
        assert not first.done()
        model.let_go("first")
        assert await result(first) == "first"


async def test_only_the_guilty_ones_of_a_batch_that_raises_fail(tmp_path: Path) -> None:
    async with serving(tmp_path) as model:
        first = model.ask("first", "wait")
        await model.holds("first")
        calls = [model.ask(f"t{number}", "raise" if number == 2 else "") for number in range(4)]
        await model.queued(4)
        model.let_go("first")
        answers = [await result(call) for call in (first, *calls)]
        failed = answers.pop(3)
        assert failed.message == "ValueError: not t2"
        assert answers == ["first", "t0", "t1", "t3"]
        assert model.lines("alone") == ["t0", "t1", "t2", "t3"]
        # A batch of one is not run again.
        assert (await result(model.ask("lonely", "raise"))).message == "ValueError: not lonely"
        assert "lonely" not in model.lines("alone")
        for does in ("too few", "none"):
            held = model.ask(f"before {does}", "wait")
            await model.holds(f"before {does}")
            both = [model.ask("a", does), model.ask("b")]
            await model.queued(2)
            model.let_go(f"before {does}")
            await held
            for one in both:
                reply = await result(one)
                assert "one result for each call" in reply.message
                assert "for 2 calls" in reply.traceback
        assert "a" not in model.lines("alone")


async def test_a_model_that_must_not_run_again_fails_as_a_whole(tmp_path: Path) -> None:
    async with serving(tmp_path, MODEL + "\nbatch_rerun = False\n") as model:
        first = model.ask("first", "wait")
        await model.holds("first")
        calls = [model.ask("good"), model.ask("bad", "raise")]
        await model.queued(2)
        model.let_go("first")
        assert await result(first) == "first"
        for call in calls:
            assert (await result(call)).message == "ValueError: not bad"
        assert model.lines("ran") == ["first", "good", "bad"]
        assert model.lines("alone") == []


async def test_who_leaves_is_taken_out_before_the_batch_goes(tmp_path: Path) -> None:
    async with serving(tmp_path) as model:
        first = model.ask("first", "wait")
        await model.holds("first")
        stays, leaves = model.ask("stays"), model.ask("leaves")
        await model.queued(2)
        assert [model.pool.calls.position(one) for one in ("first", "stays", "leaves")] == [0, 1, 2]
        leaves.cancel()
        (worker,) = model.pool.workers()
        await until(lambda: len(worker.ahead) == 1)
        model.let_go("first")
        assert await result(first) == "first"
        assert await result(stays) == "stays"
        assert model.lines("ran") == ["first", "stays"]


async def test_a_batch_is_interrupted_when_all_its_clients_have_left(tmp_path: Path) -> None:
    async with serving(tmp_path, cancel_grace_seconds=0.2) as model:
        first = model.ask("first", "wait")
        await model.holds("first")
        calls = [model.ask("a", "wait"), model.ask("b", "wait"), model.ask("c")]
        await model.queued(3)
        model.let_go("first")
        await model.holds("a")
        calls[0].cancel()
        await asyncio.sleep(0.5)  # Longer than the grace: the others are still wanted.
        model.let_go("a")
        await model.holds("b")
        calls[1].cancel()
        calls[2].cancel()
        assert await result(model.ask("next")) == "next"
        assert await result(first) == "first"
        assert model.pool.status().restarts_count == 0


async def test_what_had_not_begun_outlives_its_worker(tmp_path: Path) -> None:
    async with serving(tmp_path, batch=Batching(2)) as model:
        begun = model.ask("begun", "wait")
        await model.holds("begun")
        calls = [model.ask(f"t{number}") for number in range(5)]
        (worker,) = model.pool.workers()
        await until(lambda: len(worker.ahead) == 3)
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerDied):
            await begun
        assert [await result(call) for call in calls] == [f"t{number}" for number in range(5)]
        assert model.lines("ran") == ["begun", "t0", "t1", "t2", "t3", "t4"]


async def test_a_batch_that_kills_its_worker_is_not_run_again(tmp_path: Path) -> None:
    async with serving(tmp_path, batch=Batching(2)) as model:
        first = model.ask("first", "wait")
        await model.holds("first")
        calls = [model.ask("dies", "die"), model.ask("with it"), model.ask("after")]
        await model.queued(3)
        model.let_go("first")
        assert await result(first) == "first"
        for call in calls[:2]:
            with pytest.raises(WorkerDied):
                await call
        assert await result(calls[2]) == "after"
        assert model.lines("ran").count("dies") == model.lines("ran").count("with it") == 1


async def test_limits_count_what_has_not_begun_as_waiting(tmp_path: Path) -> None:
    async with serving(tmp_path, queue_size=2, queue_seconds=0.05) as model:
        first = model.ask("first", "wait")
        await model.holds("first")
        waiting = [model.ask("a"), model.ask("b")]
        await model.queued(2)
        with pytest.raises(QueueFull):
            await model.ask("c")
        for call in waiting:
            with pytest.raises(QueueTimedOut):
                await call
        (worker,) = model.pool.workers()
        await until(lambda: not worker.ahead)
        model.let_go("first")
        assert await result(first) == "first"
        assert await result(model.ask("next")) == "next"
        assert model.lines("ran") == ["first", "next"]


async def test_a_time_limit_counts_from_the_begin_of_the_batch(tmp_path: Path) -> None:
    async with serving(tmp_path, batch=Batching(2), predict_seconds=1) as model:
        calls = [model.ask("first", "wait")]
        await model.holds("first")
        calls += [model.ask(f"t{number}", seconds=0.3) for number in range(3)]
        with pytest.raises(CallTimedOut):
            await calls[0]
        # They had waited for as long, but had not begun.
        assert [await result(call) for call in calls[1:]] == ["t0", "t1", "t2"]


async def test_a_better_priority_does_not_wait_for_those_ahead(tmp_path: Path) -> None:
    async with serving(tmp_path, batch=Batching(2)) as model:
        first = model.ask("first", "wait")
        await model.holds("first")
        calls = [model.ask(f"t{number}") for number in range(4)]
        (worker,) = model.pool.workers()
        await until(lambda: len(worker.ahead) == 3)
        better = [model.ask(f"better{number}", priority=1) for number in range(2)]
        await model.queued(6)
        await until(
            lambda: len(worker.ahead) == 3 and not any(c.recalled for c in worker.ahead.values())
        )
        model.let_go("first")
        for call in (first, *calls, *better):
            assert isinstance(await call, Answer)
        assert model.lines("batches")[1] == "better0 better1"


async def test_nobody_waits_while_another_worker_is_idle(tmp_path: Path) -> None:
    async with serving(tmp_path, workers=2) as model:
        await until(lambda: model.pool.status().workers_ready_count == 2)
        held = [model.ask("one", "wait"), model.ask("two", "wait")]
        await model.holds("one", "two")
        calls = [model.ask(f"t{number}") for number in range(8)]
        await until(lambda: sum(len(one.ahead) for one in model.pool.workers()) == 8)
        model.let_go("one")  # The other one never ends by itself.
        assert [await result(call) for call in calls] == [f"t{number}" for number in range(8)]
        model.let_go("two")
        assert [await result(call) for call in held] == ["one", "two"]


async def test_exactly_the_faulty_ones_fail_and_no_answer_is_swapped(
    tmp_path: Path, size: Size
) -> None:
    clients, rounds = 50, size(20, 2000)

    async def client(model: Batched, name: int) -> None:
        for number in range(rounds):
            token = f"{name}-{number}"
            is_faulty = (name + number) % 100 == 0
            reply = await result(model.ask(token, "raise" if is_faulty else ""))
            assert reply == token if not is_faulty else reply.message == f"ValueError: not {token}"

    async with serving(tmp_path) as model:
        await asyncio.gather(*(client(model, name) for name in range(clients)))
        assert model.numbers.batches.counts[-1] == 0
        assert sum(model.numbers.batches.counts) < clients * rounds


async def test_only_calls_in_progress_fail_when_workers_are_killed(
    tmp_path: Path, size: Size
) -> None:
    kills_count = size(4, 40)
    async with serving(tmp_path, batch=Batching(4), workers=2) as model:
        is_over = False
        died: list[str] = []

        async def client(name: int) -> None:
            number = 0
            while not is_over:
                number += 1
                token = f"{name}-{number}"
                try:
                    assert await result(model.ask(token, seconds=0.001)) == token
                except WorkerDied:
                    died.append(token)

        clients = [asyncio.ensure_future(client(name)) for name in range(16)]
        for _ in range(kills_count):
            await asyncio.sleep(0.3)
            busy = [one for one in model.pool.workers() if one.calls and one.takes_calls]
            if busy:
                os.kill(busy[0].pid, signal.SIGKILL)
        is_over = True
        await asyncio.gather(*clients)
        ran = model.lines("ran")
        assert len(ran) == len(set(ran))  # None has run twice.
        assert len(died) <= kills_count * 4  # No more than a batch for each.


async def test_an_operator_can_do_without_batches(tmp_path: Path) -> None:
    code = MODEL.replace("\ndef predict(", "\ndef unused(")
    async with serving(tmp_path, code, batch=Batching(1, chosen=True)) as model:
        assert model.pool.status().batches == ""
        calls = [model.ask(f"t{number}") for number in range(3)]
        assert [await result(call) for call in calls] == ["t0", "t1", "t2"]
        assert (await result(model.ask("bad", "fail"))).message == "ValueError: only this one"
        assert model.lines("batches") == ["t0", "t1", "t2", "bad"]
