"""Detects dead hosts: each host sends heartbeats to the store, and watches those of the others.

A host counts its heartbeats in the store. Others compare that number with their own clock, never
with that of another machine: a host whose number has not changed for ``LEASE_SECONDS`` is dead.
Hosts that share a state directory on one machine need not wait: each holds a locked file, and the
kernel releases the lock when its process ends.

If a host is declared dead because it could not reach the store, it later finds its entry removed.
It then stops its runs, which the others have marked as interrupted.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from deepaas.training.run_trace import RunSpans
from deepaas.training.runs import Peer, State, TrainingRun
from deepaas.training.state_directory import StateDirectory, machine

if TYPE_CHECKING:
    # SQLAlchemy takes longer to import than all the rest: see app.open_store.
    from deepaas.training.store import Store

_log = logging.getLogger(__name__)

BEAT_SECONDS = 4.0
LEASE_SECONDS = 15.0

INTERRUPTED = "the host exited during the training"


class Lease:
    def __init__(self, store: Store, directory: StateDirectory, host: str, spans: RunSpans) -> None:
        self._store = store
        self._spans = spans
        self._directory = directory
        self._me = Peer(host, machine(), directory.id, 0)
        self._seen: dict[str, tuple[int, float]] = {}
        self._watched = 0.0
        self._spoken = 0.0
        self._searched = time.monotonic()

    async def enter(self) -> None:
        await asyncio.to_thread(self._directory.enter, self._me.id)
        await self._store.enter(self._me)

    async def beat(self) -> bool:
        """False if another host has declared this one dead."""
        now = time.monotonic()
        if now - self._spoken < BEAT_SECONDS:
            return True
        lives = await self._store.beat(self._me.id)
        self._spoken = now
        return lives

    async def leave(self, reason: str) -> None:
        """Leave; active runs become interrupted."""
        await self._mark_dead(self._me.id, None, reason)
        self._directory.leave(self._me.id)

    async def watch_peers(self, *, is_alone: bool = False) -> None:
        """`is_alone`: there are none, so that the store need not be asked for them."""
        now = time.monotonic()
        if now - self._watched > LEASE_SECONDS / 2:
            # This host was suspended, and the others perhaps too: earlier observations are not
            # valid.
            self._seen.clear()
        self._watched = now
        found = [] if is_alone else await self._store.peers()
        peers = [peer for peer in found if peer.id != self._me.id]
        for peer in peers:
            if await self._is_dead(peer, now):
                await self._mark_dead(peer.id, peer.beats)
        if now - self._searched > LEASE_SECONDS:
            await self._end_orphans()
        self._seen = {peer.id: self._seen[peer.id] for peer in peers if peer.id in self._seen}

    async def mark_dead_hosts(self) -> None:
        """At the start: hosts that are known to be dead, and runs without an owner."""
        await self.watch_peers()
        await self._end_orphans()

    async def _end_orphans(self) -> None:
        self._searched = time.monotonic()
        for owner in await self._store.orphans():
            if owner != self._me.id:
                await self._mark_dead(owner, None)

    async def _is_dead(self, peer: Peer, now: float) -> bool:
        if (peer.machine, peer.place) == (self._me.machine, self._me.place):
            return not await asyncio.to_thread(self._directory.lives, peer.id)
        beats, since = self._seen.get(peer.id, (-1, now))
        if beats != peer.beats:
            self._seen[peer.id] = (peer.beats, now)
            return False
        return now - since > LEASE_SECONDS

    async def _mark_dead(self, host: str, beats: int | None, reason: str = INTERRUPTED) -> None:
        """`beats`: only if that is still its number of heartbeats; None: in any case."""
        owned = {run.uuid: run for run in await self._store.owned(host)}
        for run in owned.values():
            if run.place == self._me.place:
                # The run may have ended before its host, while the store was unavailable.
                folder = self._directory.settle(run.uuid)
                outcome = await asyncio.to_thread(folder.read_outcome)
                if outcome is not None and await self._store.finish(run.uuid, host, outcome):
                    await self._tell(run, outcome.state, outcome.finished)
        now = time.time()
        interrupted = await self._store.mark_dead(host, beats, reason, now)
        if interrupted is None:
            return  # It is alive.
        self._directory.forget(host)
        for uuid in interrupted:
            _log.warning("training %s was interrupted: %s", uuid, reason)
            await asyncio.to_thread(self._directory.folder(uuid).drop_inputs)
            if uuid in owned:
                await self._tell(owned[uuid], State.INTERRUPTED, now)

    async def _tell(self, run: TrainingRun, state: State, ended: float) -> None:
        await asyncio.to_thread(self._spans.tell, run, state, ended)
