"""The store of trainings, on both databases: what its methods do and what they refuse."""

from __future__ import annotations

import asyncio
import dataclasses
import math
from collections.abc import Awaitable, Callable

import pytest

from deepaas.training.records import Record
from deepaas.training.runs import (
    CHANGES,
    FINAL,
    Peer,
    RunOutcome,
    RunProgress,
    State,
    TrainingRun,
)
from deepaas.training.store import Store

from .examples import HOST, MODEL, PLACE, a_run, added, run_in

# --- nothing to do ---


async def test_quiet_is_where_no_run_waits_and_no_other_host_is(store: Store) -> None:
    await store.enter(Peer(HOST, "machine", PLACE, 0))
    await added(store, model="other")
    await added(store, place="elsewhere")
    assert await store.is_quiet(HOST, PLACE, [MODEL])
    assert not await store.is_quiet(HOST, PLACE, [MODEL, "other"])
    await added(store)
    assert not await store.is_quiet(HOST, PLACE, [MODEL])
    assert await store.claim(HOST, PLACE, [MODEL], 2.0)
    assert await store.is_quiet(HOST, PLACE, [MODEL])
    await store.enter(Peer("another", "machine", "elsewhere", 0))
    assert not await store.is_quiet(HOST, PLACE, [MODEL])


# --- one run ---


async def test_a_run_comes_back_as_it_was_added(store: Store) -> None:
    run = a_run(args=b'{"a": "\xc3\xa9"}', message="why", created=1700000000.123456, name="my own")
    await store.add(run)
    assert await store.get(MODEL, run.uuid) == run


async def test_a_run_without_arguments_of_its_own(store: Store) -> None:
    run = await added(store, args=None)
    assert await store.get(MODEL, run.uuid) == run


async def test_a_run_belongs_to_its_model(store: Store) -> None:
    run = await added(store)
    assert await store.get("other", run.uuid) is None
    assert await store.request_cancel("other", run.uuid, 2.0) is None
    assert await store.get(MODEL, run.uuid) == run


async def test_an_unknown_run(store: Store) -> None:
    await added(store)
    for uuid in ("", "f" * 32, "\0", "\ud800", "é" * 5000, "' OR 1=1 --", "%"):
        assert await store.get(MODEL, uuid) is None
        assert await store.get(uuid, uuid) is None
        assert await store.request_cancel(MODEL, uuid, 2.0) is None
        assert not await store.finish(uuid, HOST, RunOutcome(State.DONE, 2.0))
        assert not await store.set_progress(uuid, HOST, RunProgress(1))
        assert not await store.forget(uuid)
    assert await store.count() == 1


async def test_only_a_queued_run_can_be_added(store: Store) -> None:
    for state in set(State) - {State.QUEUED}:
        with pytest.raises(ValueError, match="queued"):
            await store.add(a_run(state=state))
    assert await store.count() == 0


async def test_texts_that_no_database_takes(store: Store) -> None:
    run = await run_in(store, State.RUNNING)
    assert await store.set_progress(run.uuid, HOST, RunProgress(1, None, "a\0b\ud800c"))
    assert await store.finish(run.uuid, HOST, RunOutcome(State.ERROR, 3.0, "x\0y\udfffz"))
    found = await store.get(MODEL, run.uuid)
    assert found and found.progress
    assert found.message == "x\ufffdy?z"
    assert found.progress.message == "a\ufffdb?c"


# --- changes of state ---


async def test_its_life(store: Store) -> None:
    run = await added(store)
    claimed = await store.claim(HOST, PLACE, [MODEL], 2.0)
    assert claimed == dataclasses.replace(run, state=State.RUNNING, owner=HOST, started=2.0)
    assert await store.get(MODEL, run.uuid) == claimed
    assert await store.finish(run.uuid, HOST, RunOutcome(State.DONE, 3.0, "well", b"[1]", True))
    assert await store.get(MODEL, run.uuid) == dataclasses.replace(
        claimed, state=State.DONE, finished=3.0, message="well", result=b"[1]", has_result=True
    )


Action = Callable[[Store, TrainingRun], Awaitable[object]]

ACTIONS: dict[str, tuple[Action, dict[State, State]]] = {
    "claim": (
        lambda store, _: store.claim("new", PLACE, [MODEL], 20.0),
        {State.QUEUED: State.RUNNING},
    ),
    "cancel": (
        lambda store, run: store.request_cancel(MODEL, run.uuid, 20.0),
        {State.QUEUED: State.CANCELLED},
    ),
    "mark dead": (
        lambda store, _: store.mark_dead(HOST, None, "lost", 20.0),
        {State.RUNNING: State.INTERRUPTED},
    ),
    "mark another dead": (lambda store, _: store.mark_dead("new", None, "lost", 20.0), {}),
    "finish another's": (
        lambda store, run: store.finish(run.uuid, "new", RunOutcome(State.DONE, 20.0)),
        {},
    ),
    "progress": (lambda store, run: store.set_progress(run.uuid, HOST, RunProgress(1)), {}),
    **{
        f"finish {final.value}": (
            lambda store, run, final=final: store.finish(  # type: ignore[misc]
                run.uuid, HOST, RunOutcome(final, 20.0)
            ),
            {State.RUNNING: final},
        )
        for final in sorted(FINAL)
    },
}


@pytest.mark.parametrize("name", ACTIONS)
async def test_every_action_in_every_state(store: Store, name: str) -> None:
    action, changes = ACTIONS[name]
    for state in State:
        run = await run_in(store, state)
        told = await action(store, run)
        found = await store.get(MODEL, run.uuid)
        assert found
        if state in changes:
            assert told not in (False, None)
            assert found.state is changes[state]
            assert found.state in CHANGES[state]
            assert (found.finished == 20.0) is found.state.final
        elif state is State.RUNNING:
            # The wish to cancel and progress are noted without a change of state.
            assert found == dataclasses.replace(
                run, cancel_requested=found.cancel_requested, progress=found.progress
            )
            assert (found.cancel_requested == 20.0) is (name == "cancel")
            assert (found.progress == RunProgress(1.0)) is (name == "progress")
        else:
            assert found == run
        await store.request_cancel(MODEL, run.uuid, 30.0)  # None may wait for the next round.


async def test_a_run_ends_only_in_a_final_state(store: Store) -> None:
    run = await run_in(store, State.RUNNING)
    for state in (State.QUEUED, State.RUNNING):
        with pytest.raises(ValueError, match="cannot change from"):
            await store.finish(run.uuid, HOST, RunOutcome(state, 3.0))
    assert await store.get(MODEL, run.uuid) == run


async def test_the_first_wish_to_cancel_counts(store: Store) -> None:
    run = await run_in(store, State.RUNNING)
    assert await store.cancelling(HOST) == []
    first = await store.request_cancel(MODEL, run.uuid, 5.0)
    assert first == dataclasses.replace(run, cancel_requested=5.0)
    assert await store.request_cancel(MODEL, run.uuid, 6.0) == first
    assert await store.cancelling(HOST) == [run.uuid]
    assert await store.cancelling("other") == []
    await store.finish(run.uuid, HOST, RunOutcome(State.CANCELLED, 7.0))
    assert await store.cancelling(HOST) == []


async def test_a_cancelled_run_that_waited(store: Store) -> None:
    run = await added(store)
    cancelled = await store.request_cancel(MODEL, run.uuid, 5.0)
    assert cancelled == dataclasses.replace(
        run, state=State.CANCELLED, finished=5.0, cancel_requested=5.0
    )
    assert await store.claim(HOST, PLACE, [MODEL], 6.0) is None


async def test_progress(store: Store) -> None:
    run = await run_in(store, State.RUNNING)
    for told, kept in [
        (RunProgress(1, 10, "loss 0.5"), RunProgress(1.0, 10.0, "loss 0.5")),
        (RunProgress(0.5), RunProgress(0.5)),
        (RunProgress(2, math.inf), RunProgress(2.0)),
        (RunProgress(math.nan, 3), None),
    ]:
        assert await store.set_progress(run.uuid, HOST, told)
        found = await store.get(MODEL, run.uuid)
        assert found and found.progress == kept


async def test_only_ended_runs_are_forgotten(store: Store) -> None:
    runs = [await run_in(store, state) for state in (*FINAL, State.RUNNING, State.QUEUED)]
    assert await store.known(PLACE) == {run.uuid for run in runs}
    for run in runs:
        assert await store.forget(run.uuid) is run.state.final
        assert not await store.forget(run.uuid)
    assert await store.known(PLACE) == {run.uuid for run in runs if not run.state.final}


# --- the queue ---


async def test_the_queue_has_the_order_of_adding(store: Store) -> None:
    # Neither the times nor the ids have to say so.
    runs = [await added(store, created=float(-number)) for number in range(5)]
    for run in runs:
        claimed = await store.claim(HOST, PLACE, [MODEL], 2.0)
        assert claimed and claimed.uuid == run.uuid
    assert await store.claim(HOST, PLACE, [MODEL], 2.0) is None


async def test_a_host_claims_what_it_can_run(store: Store) -> None:
    await added(store, place="other")
    await added(store, model="other")
    run = await added(store)
    assert await store.claim(HOST, PLACE, [], 2.0) is None
    assert await store.claim(HOST, PLACE, ["unknown"], 2.0) is None
    claimed = await store.claim(HOST, PLACE, ["unknown", MODEL], 2.0)
    assert claimed and claimed.uuid == run.uuid
    assert await store.claim(HOST, PLACE, [MODEL], 2.0) is None


async def test_each_run_is_claimed_once(store: Store, other: Store) -> None:
    runs = [await added(store) for _ in range(40)]
    got: dict[str, list[str]] = {"one": [], "two": []}

    async def claim(opened: Store, host: str) -> None:
        while run := await opened.claim(host, PLACE, [MODEL], 2.0):
            got[host].append(run.uuid)

    await asyncio.gather(
        *(claim(store, "one") for _ in range(3)), *(claim(other, "two") for _ in range(3))
    )
    order = [run.uuid for run in runs]
    assert sorted(got["one"] + got["two"]) == sorted(order)
    for host in got:  # One may have been quicker with all of them.
        assert [run.uuid for run in await other.owned(host)] == [
            uuid for uuid in order if uuid in got[host]
        ]


async def test_two_claims_at_once_take_the_two_oldest(store: Store, other: Store) -> None:
    for _ in range(10):
        runs = [await added(store) for _ in range(3)]
        claimed = await asyncio.gather(
            store.claim("one", PLACE, [MODEL], 2.0), other.claim("two", PLACE, [MODEL], 2.0)
        )
        assert {run.uuid for run in claimed if run} == {run.uuid for run in runs[:2]}
        await store.claim("one", PLACE, [MODEL], 2.0)


async def test_cancel_and_claim_at_once(store: Store, other: Store) -> None:
    for number in range(10):
        run = await added(store)
        cancel, claim = (
            store.request_cancel(MODEL, run.uuid, 2.0),
            other.claim("two", PLACE, [MODEL], 2.0),
        )
        both = (cancel, claim) if number % 2 else (claim, cancel)
        answers = await asyncio.gather(*both)
        cancelled, claimed = answers if number % 2 else answers[::-1]
        found = await store.get(MODEL, run.uuid)
        assert found and cancelled
        if claimed:
            assert found.state is cancelled.state is State.RUNNING
            assert found.cancel_requested == 2.0
            await store.finish(run.uuid, "two", RunOutcome(State.CANCELLED, 3.0))
        else:
            assert found.state is State.CANCELLED
            assert not found.owner and found.started is None


async def test_two_cancels_at_once(store: Store, other: Store) -> None:
    waiting = await added(store, model="never claimed")
    running = await run_in(store, State.RUNNING)
    answers = await asyncio.gather(
        *(
            opened.request_cancel(run.model, run.uuid, now)
            for run in (waiting, running)
            for opened, now in ((store, 5.0), (other, 6.0))
        )
    )
    for first, second in (answers[:2], answers[2:]):
        assert first == second
        assert first and first.cancel_requested in (5.0, 6.0)


async def test_two_ends_at_once(store: Store, other: Store) -> None:
    for _ in range(5):
        run = await run_in(store, State.RUNNING)
        finished, lost = await asyncio.gather(
            store.finish(run.uuid, HOST, RunOutcome(State.DONE, 3.0)),
            other.mark_dead(HOST, None, "lost", 4.0),
        )
        found = await store.get(MODEL, run.uuid)
        assert found
        assert found.state is (State.DONE if finished else State.INTERRUPTED)
        assert lost == ([] if finished else [run.uuid])


async def test_callers_that_leave_in_the_middle(store: Store) -> None:
    """A client that goes away cancels what was being asked; nothing stays locked."""
    for delay in range(30):
        tasks = [asyncio.create_task(added(store)) for _ in range(4)]
        tasks.append(asyncio.create_task(store.list(MODEL)))  # type: ignore[arg-type]
        for _ in range(delay):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    run = await asyncio.wait_for(added(store), 10)
    assert await store.get(MODEL, run.uuid) == run


# --- predictions ---


async def test_files_that_no_prediction_has_any_more(store: Store) -> None:
    begun = Record(MODEL, "mine", PLACE, HOST, "starting", 1.0, file="input")
    ended = dataclasses.replace(begun, status="succeeded", completed=2.0, file="output")
    again = dataclasses.replace(begun, file="again")
    elsewhere = dataclasses.replace(begun, place="elsewhere", file="there")
    assert await store.predictions.put([begun]) == []
    assert await store.predictions.put([begun]) == []
    assert await store.predictions.put([ended, dataclasses.replace(ended, id="other")]) == ["input"]
    assert await store.predictions.put([again]) == ["output"]
    # A host cannot remove files of another state directory.
    assert await store.predictions.put([elsewhere]) == []
    assert await store.predictions.put([again]) == []
