"""The state of one prediction, as in Cog. Independent of HTTP."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec

from deepaas.errors import StorageFull
from deepaas.web.document import Document, of_bytes, together
from deepaas.web.journal import Entry, Journal, TooMuch
from deepaas.web.uploads import Scratch

TIME = "predict_time"
"""The metric that every completed prediction has."""

STARTING, PROCESSING = "starting", "processing"
SUCCEEDED, FAILED, CANCELED = "succeeded", "failed", "canceled"
TERMINAL = frozenset([SUCCEEDED, FAILED, CANCELED])

WRONG_INPUT = "Input validation error: "
"""Prefix of the error of a prediction with an invalid input, as in Cog."""

START, OUTPUT, LOG, METRIC, COMPLETED = EVENTS = ("start", "output", "log", "metric", "completed")

MAX_LOG_CHARACTERS = 1024 * 1024
"""How much of a prediction's log is kept, from its end."""

Json = dict[str, Any]


@dataclass
class Prediction:
    """One prediction.

    Attributes:
        id: chosen by the client, or generated.
        given: its input as the client sent it, without secrets.
        status: ``starting``, ``processing``, ``succeeded``, ``failed`` or ``canceled``.
        streams: whether its output arrives in parts.
        is_cut_off: whether it failed only because the host stopped.
        created: seconds since the epoch, like ``started`` (by a worker) and ``completed``.
        scratch: the folder with files of its input that are needed until the end.
        notice: what its client should know besides, for a header.
    """

    id: str
    model: str
    journal: Journal
    given: Json | Document = field(default_factory=dict)
    streams: bool = False
    status: str = STARTING
    error: str | None = None
    is_cut_off: bool = False
    metrics: Json = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    started: float | None = None
    completed: float | None = None
    scratch: Scratch | None = None
    notice: str = ""
    _holders_count: int = 0
    _printed: list[str] = field(default_factory=list)
    _printed_length: int = 0

    @property
    def logs(self) -> str:
        if not self._printed:
            return ""
        kept = "".join(self._printed)[-MAX_LOG_CHARACTERS:]
        self._printed, self._printed_length = [kept], len(kept)
        return kept

    def add_notice(self, notice: str) -> None:
        self.notice = "; ".join(filter(None, (self.notice, notice)))

    def hold(self) -> Prediction:
        """Keep its journal and files until :meth:`release`."""
        self._holders_count += 1
        return self

    def release(self) -> None:
        """Undo :meth:`hold`; the last call closes the journal and removes the files."""
        self._holders_count -= 1
        if self._holders_count:
            return
        self.journal.close()
        if self.scratch is not None:
            self.scratch.remove_later()
            self.scratch = None

    @property
    def ended(self) -> bool:
        return self.status in TERMINAL

    def begin(self) -> None:
        self.started = time.time()
        self.status = PROCESSING
        self.journal.append(START, b"")

    async def add_output(self, value: Document) -> None:
        """Add a result or a part as JSON.

        Raises:
            TooMuch: the journal would exceed its limit.
            OSError: ``value`` cannot be read.
        """
        if value.is_small:
            self.journal.append(OUTPUT, value.whole())
        else:
            await self.journal.append_pieces(OUTPUT, value.size_bytes, value.pieces())

    def add_part(self, value: bytes) -> None:
        """Add a small part as JSON; ``TooMuch`` if the journal would exceed its limit."""
        self.journal.append(OUTPUT, value)

    def add_log(self, text: str) -> None:
        self._printed.append(text)
        self._printed_length += len(text)
        if self._printed_length > 2 * MAX_LOG_CHARACTERS:
            _ = self.logs  # Drops the oldest text.
        self.journal.append(LOG, text.encode())

    def add_metric(self, name: str, value: Any, mode: str) -> None:
        """Dots in a name make groups; None removes the metric.

        ``mode`` is ``replace``, ``increment`` or ``append``.
        """
        *groups, last = name.split(".")
        place = self.metrics
        for group in groups:
            inner = place.get(group)
            if not isinstance(inner, dict):
                inner = place[group] = {}
            place = inner
        before = place.get(last)
        if value is None:
            place.pop(last, None)
        elif mode == "increment" and isinstance(before, (int, float)):
            place[last] = before + value
        elif mode == "append":
            place[last] = [*before, value] if isinstance(before, list) else [value]
        else:
            place[last] = value
        told = {"mode": mode, "name": name, "value": value}
        self.journal.append(METRIC, msgspec.json.encode(told))

    def end(self, status: str, *, error: str | None = None, is_cut_off: bool = False) -> None:
        """End it; only the first call counts."""
        if self.ended:
            return
        self.error = error
        self.is_cut_off = is_cut_off
        self.completed = time.time()
        self.metrics[TIME] = self.completed - (self.started or self.completed)
        self.status = status
        with contextlib.suppress(TooMuch, StorageFull):
            self.journal.append(COMPLETED, b"")
        self.journal.end()

    def events(self) -> AsyncIterator[Entry]:
        """All events from the first to the end."""
        return self.journal.follow()

    def output(self, *, as_list: bool = False) -> Document | None:
        """The output so far as JSON, None if there is none."""
        if not self.journal.count(OUTPUT) and not (self.streams and self.status == SUCCEEDED):
            return None
        values = self.journal.joined(OUTPUT)
        return together([b"[", values, b"]"]) if self.streams or as_list else values

    def told(
        self, *, with_input: bool = False, with_moments: bool = False, going: bool = False
    ) -> Document:
        """The current state of the prediction, in Cog's format.

        Args:
            going: as if it were still running, with its output as a list.
            with_moments: also when it was created, started and completed.
        """
        told: Json = {"id": self.id}
        before: list[bytes | Document] = []
        if with_input and isinstance(self.given, Document):
            before = [msgspec.json.encode(told)[:-1] + b',"input":', self.given]
            told = {}
        elif with_input:
            told["input"] = self.given
        if self.error is not None and not going:
            told["error"] = self.error
        told["logs"] = self.logs
        told["metrics"] = self.metrics
        if going:
            told["metrics"] = {name: one for name, one in self.metrics.items() if name != TIME}
        output = self.output(as_list=going)
        head = b""
        if output is not None and output.is_small:
            told["output"] = msgspec.Raw(output.whole())
        elif output is not None:
            head, told = msgspec.json.encode(told)[:-1] + b',"output":', {}
        if with_moments:
            told["created_at"] = moment(self.created)
            told["started_at"] = moment(self.started)
            told["completed_at"] = moment(self.completed)
        told["status"] = PROCESSING if going else self.status
        encoded = msgspec.json.encode(told)
        if head and output is not None:
            behind: list[bytes | Document] = [head, output, b"," + encoded[1:]]
        else:
            behind = [encoded]
        if not before:
            return of_bytes(encoded) if len(behind) == 1 else together(behind)
        assert isinstance(behind[0], bytes), "it begins with a brace"
        return together([*before, b"," + behind[0][1:], *behind[1:]])


@contextlib.contextmanager
def holding(prediction: Prediction) -> Iterator[Prediction]:
    prediction.hold()
    try:
        yield prediction
    finally:
        prediction.release()


def new_prediction(
    prediction_id: str, model: str, given: Json | Document, folder: Path, *, streams: bool
) -> Prediction:
    """``given`` must not contain secrets."""
    return Prediction(prediction_id, model, Journal(EVENTS, folder), given, streams)


def told_begun(name: str) -> Document:
    """A prediction or a training run in Cog's format when it starts."""
    begun = {"id": name, "logs": "", "metrics": {}, "status": PROCESSING}
    return of_bytes(msgspec.json.encode(begun))


def moment(seconds: float | None) -> str | None:
    """A time in Cog's format (RFC 3339, UTC)."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()
