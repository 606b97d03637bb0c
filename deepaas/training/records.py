"""What the store keeps of a prediction whose client does not wait for it."""

from __future__ import annotations

from dataclasses import dataclass

INTERRUPTED = "interrupted"
"""Its host ended in the middle of it, and could not say so any more."""

CUT_OFF = "cut off"
"""Its host has ended it, for no other reason than that it left."""

UNFINISHED = frozenset((INTERRUPTED, CUT_OFF))
"""What has not been brought to an end, and may be made again."""


@dataclass(frozen=True)
class Record:
    """One prediction as the store has it. Times are seconds since the epoch.

    Attributes:
        id: its client's name for it, or one that was made up.
        place: the state directory that has its file, by id.
        status: in the words of the protocol, or one of ``UNFINISHED``.
        document: as JSON; None when that lies in a file.
        number: its place in the order of coming, given by the store.
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
