"""The replicas of a model, and back-off, which is kept for each of them by itself."""

from __future__ import annotations

from collections.abc import Iterator

from deepaas.workers.setup import Setup
from deepaas.workers.worker import Worker

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 60.0

KILLS_COUNT = 3
"""So many workers in a row may be killed before their model is held to be at fault."""

CREDIT_SECONDS = 60.0
"""A model that has served is not held to be at fault for so long, however many are killed."""

FIRST_KILLED_DELAY_SECONDS = 0.1
LONGEST_KILLED_DELAY_SECONDS = 1.0


class Slot:
    """The place of one replica, whichever worker holds it at present.

    Attributes:
        number: from 1 on.
        worker: None while the next start is awaited.
        failures_count: ends in a row for which the model has to answer.
        kills_count: ends in a row for which somebody else has to.
        hopeless: whether the code as it is cannot be loaded, whenever that is tried.
        reserved: whether it waits for a worker with newer code, and for no other.
    """

    def __init__(self, number: int, worker: Worker | None = None) -> None:
        self.number = number
        self.worker = worker
        self.failures_count = 0
        self.kills_count = 0
        self.broken = ""
        self.reserved = False
        self.hopeless = False
        self._kills_began = 0.0

    def answered(self) -> None:
        self.failures_count = self.kills_count = 0
        self.hopeless = False

    def forgives(self, *, served: bool, now: float) -> bool:
        """Whether it is no fault of the model that somebody else has killed its worker.

        A model that is killed whenever it is loaded, as it does not fit into memory, has to be
        held to be at fault in the end. `now` is on the event loop's clock.
        """
        if not self.kills_count:
            self._kills_began = now
        self.kills_count += 1
        has_credit = served and now - self._kills_began < CREDIT_SECONDS
        return has_credit or self.kills_count < KILLS_COUNT

    def delay_seconds(self) -> float:
        if self.failures_count <= 1 and not self.broken:
            if self.kills_count <= 1:
                return 0.0
            doubled = FIRST_KILLED_DELAY_SECONDS * 2.0 ** min(self.kills_count - 2, 20)
            return min(doubled, LONGEST_KILLED_DELAY_SECONDS)
        if self.hopeless:
            return LONGEST_DELAY_SECONDS
        doubled = FIRST_DELAY_SECONDS * 2.0 ** min(self.failures_count - 1, 20)
        return min(doubled, LONGEST_DELAY_SECONDS)


class Slots:
    """The slots of all replicas, and the workers that have been replaced but have not ended yet."""

    def __init__(self, count: int) -> None:
        self._slots = [Slot(number) for number in range(1, count + 1)]
        self._left: list[Slot] = []
        self._setup: Setup | None = None

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots)

    def workers(self) -> list[Worker]:
        slots = [*self._slots, *self._left]
        return [slot.worker for slot in slots if slot.worker is not None]

    def of(self, worker: Worker) -> Slot:
        for slot in self._slots:  # Asked for each answer: no list is made for it.
            if slot.worker is worker:
                return slot
        for slot in self._left:
            if slot.worker is worker:
                return slot
        raise LookupError(f"{worker.label} has none")

    @property
    def setup(self) -> Setup:
        setups = [worker.setup for worker in self.workers()]
        done = [each for each in setups if each.status == "succeeded"]
        if done or (setups and self._setup is None):
            return (done or setups)[0]
        return self._setup or Setup()

    def broken(self) -> str:
        """Why no replica can be had at present, empty if one can or may be had soon."""
        for slot in self._slots:
            if not slot.broken:
                return ""
        return self._slots[0].broken

    def delay_seconds(self) -> float:
        return min(slot.delay_seconds() for slot in self._slots)

    def vacate(self, slot: Slot) -> Worker | None:
        """Make room for other code, of which nothing bad is known. Who was there is returned."""
        worker, slot.worker = slot.worker, None
        slot.answered()
        slot.broken = ""
        slot.reserved = False
        if worker is not None:
            worker.retire()
            self._left.append(Slot(slot.number, worker))
        return worker

    def emptied(self, slot: Slot) -> bool:
        """Note that its worker has ended: whether there has to be another one."""
        if slot.worker is not None and slot.worker.setup.status == "failed":
            self._setup = slot.worker.setup
        slot.worker = None
        if slot in self._left:
            self._left.remove(slot)
            return False
        return True
