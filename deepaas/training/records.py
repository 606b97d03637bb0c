"""What the store keeps about an asynchronous prediction."""

from __future__ import annotations

from dataclasses import dataclass

INTERRUPTED = "interrupted"
"""The host exited during the prediction, and could not record its end."""

CUT_OFF = "cut off"
"""The host ended the prediction because it was stopping."""

UNFINISHED = frozenset((INTERRUPTED, CUT_OFF))
"""Predictions that were not completed, and can be repeated."""


@dataclass(frozen=True)
class Record:
    """A prediction in the store. Times are seconds since the epoch.

    Attributes:
        id: chosen by the client, or generated.
        place: the id of the state directory that has its file.
        status: as in the protocol, or one of ``UNFINISHED``.
        document: JSON; None if it is in a file.
        number: its position in the order of requests, assigned by the store.
    """

    model: str
    id: str
    place: str
    owner: str
    status: str
    created: float
    completed: float | None = None
    document: bytes | None = None
    file: str = ""
    number: int = 0
