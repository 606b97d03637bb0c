"""What a run is: its states, and what the store keeps of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class State(str, enum.Enum):
    """``QUEUED`` and ``RUNNING`` may change, the others are final."""

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
"""From each state, those that it may turn into."""


@dataclass(frozen=True)
class RunProgress:
    """`total` is None when nobody knows, `message` one line for people."""

    step: float
    total: float | None = None
    message: str = ""


@dataclass(frozen=True)
class TrainingRun:
    """One training as the store has it. Times are seconds since the epoch.

    Attributes:
        uuid: 32 hex digits.
        place: the state directory that has its files, by id.
        owner: id of the host that runs it, or ran it; empty while it waits.
        args: as JSON; None when they are large and lie in its folder.
        result: as JSON; None when there is nothing, or when it is large.
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
    """How a run ended, in a final state; `finished`, `message` and `result` as in a run."""

    state: State
    finished: float
    message: str = ""
    result: bytes | None = None
    has_result: bool = False


@dataclass(frozen=True)
class Peer:
    """A host that uses the store, under a new id at each start.

    `machine` is the running kernel by its boot id, `place` the state directory by its id.
    """

    id: str
    machine: str
    place: str
    beats: int
