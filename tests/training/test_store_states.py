"""Several hosts, clients and crashes in random order against the real store.

A plain model beside it says what every run must look like after every step, to the last field.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from support.storm_size import chosen

from deepaas.training.runs import CHANGES, FINAL, Peer, RunOutcome, RunProgress, State, TrainingRun
from deepaas.training.store import Store

from .examples import a_run, execute

HOSTS = ("red", "green", "blue")
MODELS = ("cats", "dogs")
PLACES = ("here", "there")

Answer = TypeVar("Answer")

hosts = st.sampled_from(HOSTS)
finals = st.sampled_from(sorted(FINAL))
texts = st.sampled_from(["", "why", "ünïcode"])
results = st.sampled_from([None, b"", b'{"a": 1}'])
picks = st.integers(0, 50)


class Hosts(RuleBasedStateMachine):
    """Three hosts with a store each, on one database."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = 100.0
        self.runs: dict[str, TrainingRun] = {}
        self.beats: dict[str, int] = {}
        # For those that nobody may start.
        self.cancelled_in_queue: set[str] = set()
        self.seen: dict[str, State] = {}
        self.stores = {name: self.do(Store.open(self.url)) for name in HOSTS}
        self.do(execute(self.url, "DELETE FROM deepaas_runs", "DELETE FROM deepaas_hosts"))

    def teardown(self) -> None:
        for store in self.stores.values():
            self.do(store.close())
        self.loop.close()

    def do(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.loop.run_until_complete(work)

    def later(self) -> float:
        self.now += 1.0
        return self.now

    def pick(self, number: int) -> TrainingRun:
        """One of the runs; an unknown one while there is none.

        There are no preconditions: what comes of a race must not decide which rules there are.
        """
        runs = [*self.runs.values()] or [a_run()]
        return runs[number % len(runs)]

    def put(self, run: TrainingRun, **changes: Any) -> TrainingRun:
        changed = dataclasses.replace(run, **changes)
        self.runs[run.uuid] = changed
        return changed

    def running(self, host: str) -> list[TrainingRun]:
        return [
            run for run in self.runs.values() if run.state is State.RUNNING and run.owner == host
        ]

    def next(self, place: str, models: set[str]) -> TrainingRun | None:
        return next(
            (
                run
                for run in self.runs.values()
                if run.state is State.QUEUED and run.place == place and run.model in models
            ),
            None,
        )

    # --- clients ---

    @rule(host=hosts, model=st.sampled_from(MODELS), place=st.sampled_from(PLACES), args=results)
    def add(self, host: str, model: str, place: str, args: bytes | None) -> None:
        run = a_run(model=model, place=place, args=args, created=self.later())
        self.do(self.stores[host].add(run))
        self.runs[run.uuid] = run

    @rule(host=hosts, number=picks)
    def cancel(self, host: str, number: int) -> None:
        run, now = self.pick(number), self.later()
        told = self.do(self.stores[host].request_cancel(run.model, run.uuid, now))
        if run.uuid not in self.runs:
            assert told is None
            return
        if run.state is State.QUEUED:
            self.cancelled_in_queue.add(run.uuid)
            run = self.put(run, state=State.CANCELLED, finished=now, cancel_requested=now)
        elif run.state is State.RUNNING and run.cancel_requested is None:
            run = self.put(run, cancel_requested=now)
        assert told == run

    @rule(number=picks, host=hosts)
    def forget(self, number: int, host: str) -> None:
        run = self.pick(number)
        assert self.do(self.stores[host].forget(run.uuid)) is run.state.final
        if run.state.final:
            del self.runs[run.uuid]

    # --- hosts ---

    @rule(host=hosts, place=st.sampled_from(PLACES), models=st.sets(st.sampled_from(MODELS)))
    def claim(self, host: str, place: str, models: set[str]) -> None:
        run, now = self.next(place, models), self.later()
        if run:
            run = self.put(run, state=State.RUNNING, owner=host, started=now)
        assert self.do(self.stores[host].claim(host, place, models, now)) == run

    @rule(place=st.sampled_from(PLACES), number=picks)
    def all_claim_and_one_cancels(self, place: str, number: int) -> None:
        """At the same moment: whatever comes of it, the answers and the store agree."""
        now = self.later()
        target = self.pick(number) if self.runs else None

        async def both() -> tuple[list[TrainingRun | None], TrainingRun | None]:
            claims = [self.stores[host].claim(host, place, MODELS, now) for host in HOSTS]
            if target is None:
                return [*await asyncio.gather(*claims)], None
            cancel = self.stores["red"].request_cancel(target.model, target.uuid, now)
            cancelled, *claimed = await asyncio.gather(cancel, *claims)
            return claimed, cancelled

        claimed, cancelled = self.do(both())
        if target and target.state is State.QUEUED:
            assert cancelled
            if cancelled.state is State.CANCELLED:
                self.cancelled_in_queue.add(target.uuid)
                self.put(target, state=State.CANCELLED, finished=now, cancel_requested=now)
        owners = {run.uuid: run.owner for run in claimed if run}
        assert len(owners) == len([run for run in claimed if run])
        expected: list[str] = []
        while len(expected) < len(HOSTS) and (run := self.next(place, {*MODELS})):
            expected.append(run.uuid)
            assert run.uuid in owners
            self.put(run, state=State.RUNNING, owner=owners[run.uuid], started=now)
        assert sorted(expected) == sorted(owners)
        if target and target.uuid in self.runs:
            run = self.runs[target.uuid]
            if run.state is State.RUNNING and run.cancel_requested is None:
                self.put(run, cancel_requested=now)

    @rule(host=hosts, number=picks, state=finals, message=texts, result=results)
    def finish(
        self, host: str, number: int, state: State, message: str, result: bytes | None
    ) -> None:
        run, now = self.pick(number), self.later()
        outcome = RunOutcome(state, now, message, result, result is not None)
        done = self.do(self.stores[host].finish(run.uuid, host, outcome))
        assert done is (run in self.running(host))
        if done:
            self.put(run, **dataclasses.asdict(outcome))

    @rule(number=picks, state=finals)
    def finish_by_its_owner(self, number: int, state: State) -> None:
        going = [run for run in self.runs.values() if run.state is State.RUNNING]
        if not going:
            return
        run, now = going[number % len(going)], self.later()
        assert self.do(self.stores[run.owner].finish(run.uuid, run.owner, RunOutcome(state, now)))
        self.put(run, state=state, finished=now)

    @rule(host=hosts, number=picks, step=st.integers(0, 9), message=texts)
    def tell_progress(self, host: str, number: int, step: int, message: str) -> None:
        run, progress = self.pick(number), RunProgress(step, 9, message)
        told = self.do(self.stores[host].set_progress(run.uuid, host, progress))
        assert told is (run in self.running(host))
        if told:
            self.put(run, progress=progress)

    @rule(host=hosts)
    def enter(self, host: str) -> None:
        self.do(self.stores[host].enter(Peer(host, "machine", "here", 0)))
        self.beats[host] = 0

    @rule(host=hosts)
    def beat(self, host: str) -> None:
        assert self.do(self.stores[host].beat(host)) is (host in self.beats)
        if host in self.beats:
            self.beats[host] += 1

    @rule(by=hosts, host=hosts, beats=st.none() | st.integers(0, 3))
    def mark_dead(self, by: str, host: str, beats: int | None) -> None:
        now = self.later()
        interrupted = self.do(self.stores[by].mark_dead(host, beats, "lost", now))
        if beats is not None and self.beats.get(host) != beats:
            assert interrupted is None
            return
        lost = self.running(host)
        assert interrupted == [run.uuid for run in lost]
        self.beats.pop(host, None)
        for run in lost:
            self.put(run, state=State.INTERRUPTED, finished=now, message="lost")

    @rule(host=hosts)
    def restart(self, host: str) -> None:
        self.do(self.stores[host].close())
        self.stores[host] = self.do(Store.open(self.url))

    # --- what always holds ---

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        store = self.stores["blue"]
        found: dict[str, TrainingRun] = {}
        for model in MODELS:
            runs = self.do(store.list(model))
            assert runs == [run for run in self.runs.values() if run.model == model]
            found |= {run.uuid: run for run in runs}
        for uuid, run in found.items():
            before = self.seen.get(uuid, State.QUEUED)
            # In one step a run may both be claimed and cancelled, never more.
            assert run.state is before or run.state in CHANGES[before]
            assert (run.finished is not None) is run.state.final
            assert bool(run.owner) is (run.started is not None)
            assert run.owner or run.state in (State.QUEUED, State.CANCELLED)
            if uuid in self.cancelled_in_queue:
                assert run.state is State.CANCELLED and not run.owner
        self.seen = {uuid: run.state for uuid, run in found.items()}

    @invariant()
    def what_hosts_ask_agrees(self) -> None:
        store = self.stores["green"]
        assert {peer.id: peer.beats for peer in self.do(store.peers())} == self.beats
        lost = {run.owner for host in HOSTS for run in self.running(host)} - self.beats.keys()
        assert self.do(store.orphans()) == sorted(lost)
        for host in HOSTS:
            going = self.running(host)
            assert self.do(store.owned(host)) == going
        for place in PLACES:
            ended = [
                run.uuid
                for run in sorted(self.runs.values(), key=lambda run: run.finished or 0.0)
                if run.place == place and run.state.final
            ]
            told = self.do(store.oldest_finished(place, keep_count=1, finished_before=None))
            # Those that a dead host leaves behind end at the same moment.
            assert len(told) == max(0, len(ended) - 1)
            assert {*told} <= {*ended}


def test_no_order_of_events_leads_to_an_illegal_state(database_url: str) -> None:
    kind = type("HostsOnOneDatabase", (Hosts,), {"url": database_url})
    run_state_machine_as_test(
        kind,
        settings=settings(
            max_examples=chosen(6, 20),
            stateful_step_count=30,
            deadline=None,
            # Not made shorter: that takes minutes here, and what is a race seldom comes again.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
