"""The replicas of a model, each with its own back-off."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from deepaas.workers.setup import Setup
from deepaas.workers.worker import Worker

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 60.0

KILLS_COUNT = 3
"""After this many killed workers in a row, the model is considered to be the cause."""

CREDIT_SECONDS = 60.0
"""A model that has processed calls is not considered to be the cause for this time."""

FIRST_KILLED_DELAY_SECONDS = 0.1
LONGEST_KILLED_DELAY_SECONDS = 1.0


class Slot:
    """The slot of one replica, whichever worker is in it.

    Attributes:
        number: from 1 on.
        worker: None while the next start is awaited.
        failures_count: ends in a row for which the model has to answer.
        kills_count: ends in a row for which somebody else has to.
        hopeless: whether the code as it is cannot be loaded, whenever that is tried.
        reserved: whether it waits for a worker with newer code, and for no other.
        removed: whether it gets no worker any more.
    """

    def __init__(self, number: int, worker: Worker | None = None) -> None:
        self.number = number
        self.worker = worker
        self.failures_count = 0
        self.kills_count = 0
        self.broken = ""
        self.reserved = False
        self.removed = False
        self.hopeless = False
        self._kills_began = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for its worker, if it has one."""
        return self.worker is None or self.worker.is_idle

    @property
    def is_ready(self) -> bool:
        return self.worker is not None and self.worker.takes_calls

    def answered(self) -> None:
        self.failures_count = self.kills_count = 0
        self.hopeless = False

    def forgives(self, *, served: bool, now: float) -> bool:
        """Whether a killed worker is not considered the model's fault.

        A model that is killed whenever it is loaded, for example because there is not enough
        memory, is finally considered faulty. `now` is from the event loop's clock.
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
    """The slots of all replicas, and replaced workers that have not exited yet."""

    def __init__(self, count: int) -> None:
        self._slots = [Slot(number) for number in range(1, count + 1)]
        self._left: list[Slot] = []
        self._setup: Setup | None = None

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)

    def add(self) -> Slot:
        """Add a slot with the lowest free number, because devices belong to numbers."""
        taken = {slot.number for slot in self._slots}
        number = next(each for each in itertools.count(1) if each not in taken)
        slot = Slot(number)
        self._slots.append(slot)
        self._slots.sort(key=lambda one: one.number)
        return slot

    def remove_idle(self) -> Worker | None:
        """Remove the slot that is missed least, and return its worker, if it has one.

        Raises ``LookupError`` if all are busy.
        """
        idle = [slot for slot in self._slots if slot.is_idle]
        if not idle:
            raise LookupError("all workers are busy")
        slot = max(idle, key=lambda one: (not one.is_ready, one.number))
        worker = self.vacate(slot)
        slot.removed = True
        self._slots.remove(slot)
        return worker

    def workers(self) -> list[Worker]:
        slots = [*self._slots, *self._left]
        return [slot.worker for slot in slots if slot.worker is not None]

    def of(self, worker: Worker) -> Slot:
        for slot in self._slots:  # Called for each answer, so it makes no list.
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
        """Why no replica is available, empty if one is available or may be soon."""
        for slot in self._slots:
            if not slot.broken:
                return ""
        return self._slots[0].broken

    def delay_seconds(self) -> float:
        return min(slot.delay_seconds() for slot in self._slots)

    def vacate(self, slot: Slot) -> Worker | None:
        """Make room for new code, and reset the failures. Returns the previous worker."""
        worker, slot.worker = slot.worker, None
        slot.answered()
        slot.broken = ""
        slot.reserved = False
        if worker is not None:
            worker.retire()
            self._left.append(Slot(slot.number, worker))
        return worker

    def emptied(self, slot: Slot) -> bool:
        """Remove its exited worker; whether it must be replaced."""
        if slot.worker is not None and slot.worker.setup.status == "failed":
            self._setup = slot.worker.setup
        slot.worker = None
        if slot in self._left:
            self._left.remove(slot)
            return False
        return True
