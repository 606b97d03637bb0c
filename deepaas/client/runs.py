"""A training run as described by a host."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FINAL = frozenset(("done", "error", "cancelled", "interrupted"))
SHORT_LENGTH = 8

Series = Mapping[str, Sequence[tuple[float, float]]]
"""The points (step and value) of each metric by name."""


@dataclass(frozen=True)
class Progress:
    """The progress that a training run reports; numbers are None if unknown."""

    step: float | None = None
    total: float | None = None
    message: str = ""


@dataclass(frozen=True)
class Run:
    """One training run. DEEPaaS 2.6 only provides the first attributes.

    Attributes:
        state: ``queued``, ``running``, or one of ``FINAL``.
        date: in the host's local time; None if it cannot be parsed.
        args: None if they are large, like ``result``.
        duration_seconds: by the host's clock; DEEPaaS 2.6 only provides it for completed runs.
        links: URL paths by target: ``logs``, ``metrics``, ``files``, ``tensorboard``.
    """

    uuid: str
    state: str
    date: datetime | None = None
    message: str = ""
    args: Any = None
    result: Any = None
    started: datetime | None = None
    finished: datetime | None = None
    duration_seconds: float | None = None
    cancelling: bool = False
    step: float | None = None
    total: float | None = None
    told: str = ""
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        return self.uuid[:SHORT_LENGTH]

    @property
    def final(self) -> bool:
        return self.state in FINAL

    @property
    def progress(self) -> Progress | None:
        if self.step is None and not self.told:
            return None
        return Progress(self.step, self.total, self.told)

    @property
    def share(self) -> float | None:
        """The completed share, 0 to 1, None if unknown."""
        if self.step is None or not self.total or self.total < 0:
            return None
        return min(1.0, max(0.0, self.step / self.total))


def parse(told: Mapping[str, Any]) -> Run:
    result = told.get("result")
    result = result if isinstance(result, Mapping) else {}
    progress = told.get("progress")
    progress = progress if isinstance(progress, Mapping) else {}
    date = moment(told.get("date"))
    # DEEPaaS 2.6 starts at once, and only reports the end of completed runs.
    started = moment(told.get("start_date")) or (None if "links" in told else date)
    finished = moment(told.get("finish_date")) or moment(result.get("finish_date"))
    return Run(
        uuid=str(told.get("uuid", "")),
        state=str(told.get("status", "")),
        date=date,
        message=str(told.get("message") or ""),
        args=told.get("args"),
        result=result.get("output"),
        started=started,
        finished=finished,
        duration_seconds=_duration(told, started, finished),
        cancelling=bool(told.get("cancelling")),
        step=_number(progress.get("step")),
        total=_number(progress.get("total")),
        told=str(progress.get("message") or ""),
        links={
            str(link["rel"]): str(link["href"])
            for link in told.get("links") or ()
            if isinstance(link, Mapping) and "rel" in link and "href" in link
        },
    )


def moment(text: object) -> datetime | None:
    """Parse a date from a host, None for anything else."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=None)
    except ValueError:
        return None


def _duration(
    told: Mapping[str, Any], started: datetime | None, finished: datetime | None
) -> float | None:
    seconds = _number(told.get("duration_seconds"))
    if seconds is None and started is not None and finished is not None:
        seconds = (finished - started).total_seconds()
    return seconds if seconds is not None and seconds >= 0 else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)
