"""What a run is: its states, and what the store keeps of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class State(str, enum.Enum):
    """The life of a run. ``QUEUED`` and ``RUNNING`` may change, the others are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def final(self) -> bool:
        """Whether nothing comes after it."""
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
    """How far a run is, as its author's code tells.

    Attributes:
        step: steps that are done.
        total: steps in all, None when nobody knows.
        message: one line for people.
    """

    step: float
    total: float | None = None
    message: str = ""


@dataclass(frozen=True)
class TrainingRun:
    """One training as the store has it. Times are seconds since the epoch.

    Attributes:
        uuid: 32 hex digits.
        model: name of the model.
        place: the state directory that has its files, by id.
        state: where in its life it is.
        created: when it was asked for.
        started: when its process was started.
        finished: when it came to its final state.
        cancel_requested: when somebody asked to cancel it.
        owner: id of the host that runs it, or ran it; empty while it waits.
        args: its arguments as JSON; None when they are large and lie in its folder.
        result: what ``train`` returned as JSON; None when there is nothing, or when it is large.
        has_result: whether ``train`` returned something.
        message: why it is in its state, if there is something to say.
        name: its client's own name for it, if it has one.
        progress: the last that its author's code has told.
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
    """How a run ended.

    Attributes:
        state: one of the final states.
        finished: when, in seconds since the epoch.
        message: why, if there is something to say.
        result: what ``train`` returned as JSON; None when there is nothing, or when it is large.
        has_result: whether ``train`` returned something.
    """

    state: State
    finished: float
    message: str = ""
    result: bytes | None = None
    has_result: bool = False


@dataclass(frozen=True)
class Peer:
    """A host that uses the store.

    Attributes:
        id: its own, made at each start.
        machine: the running kernel, by its boot id.
        place: the state directory that it uses, by id.
        beats: how often it has said that it lives.
    """

    id: str
    machine: str
    place: str
    beats: int
