"""Runs: their states, and what the store keeps about them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class State(str, enum.Enum):
    """``QUEUED`` and ``RUNNING`` can change, the others are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def final(self) -> bool:
        return self in FINAL


FINAL = frozenset([State.DONE, State.ERROR, State.CANCELLED, State.INTERRUPTED])

CHANGES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset([State.RUNNING, State.CANCELLED]),
    State.RUNNING: FINAL,
    **dict.fromkeys(FINAL, frozenset()),
}
"""The possible next states of each state."""


@dataclass(frozen=True)
class RunProgress:
    """`total` is None if unknown; `message` is one line of text."""

    step: float
    total: float | None = None
    message: str = ""


@dataclass(frozen=True)
class TrainingRun:
    """A run in the store. Times are seconds since the epoch.

    Attributes:
        uuid: 32 hex digits.
        place: the id of the state directory that has its files.
        owner: the id of the host that runs or ran it; empty while it is queued.
        args: JSON; None if they are large and stored in its folder.
        result: JSON; None if there is none, or if it is large.
    """

    uuid: str
    model: str
    place: str
    state: State
    created: float
    args: bytes | None
    started: float | None = None
    finished: float | None = None
    cancel_requested: float | None = None
    owner: str = ""
    result: bytes | None = None
    has_result: bool = False
    message: str = ""
    name: str = ""
    progress: RunProgress | None = None


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended; the attributes are those of a run, and the state is final."""

    state: State
    finished: float
    message: str = ""
    result: bytes | None = None
    has_result: bool = False


@dataclass(frozen=True)
class Peer:
    """A host that uses the store, with a new id at each start.

    `machine` is the boot id of the kernel, `place` the id of the state directory.
    """

    id: str
    machine: str
    place: str
    beats: int
