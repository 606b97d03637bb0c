"""A training as the page sees it, and the words for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

FINAL = frozenset(("done", "error", "cancelled", "interrupted"))
SHORT_LENGTH = 8


@dataclass(frozen=True)
class Run:
    """One training. DEEPaaS 2.6 tells only the first few of these.

    Attributes:
        uuid: by which the host knows it.
        state: ``queued``, ``running``, or one of ``FINAL``.
        date: when it was asked for, in the host's local time; None when that cannot be read.
        message: why it is in its state, if there is something to say.
        args: its arguments; None where they are large.
        result: what ``train`` has returned; None when there is nothing, or when it is large.
        started: when its process was started.
        finished: when it came to its final state.
        cancelling: somebody has asked to cancel it, and it has not ended yet.
        step: steps that are done, None when it does not tell.
        total: steps in all, None when nobody knows.
        told: one line from the author's code on how far it is.
        links: URL paths by what they lead to: ``logs``, ``metrics``, ``files``, ``tensorboard``.
    """

    uuid: str
    state: str
    date: datetime | None = None
    message: str = ""
    args: Any = None
    result: Any = None
    started: datetime | None = None
    finished: datetime | None = None
    cancelling: bool = False
    step: float | None = None
    total: float | None = None
    told: str = ""
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """Its name for people."""
        return self.uuid[:SHORT_LENGTH]

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL

    @property
    def share(self) -> float | None:
        """How much of it is done, 0 to 1, None when nobody knows."""
        if self.step is None or not self.total or self.total < 0:
            return None
        return min(1.0, max(0.0, self.step / self.total))


def parse(told: Mapping[str, Any]) -> Run:
    """Read what a host tells of a training."""
    result = told.get("result")
    result = result if isinstance(result, Mapping) else {}
    progress = told.get("progress")
    progress = progress if isinstance(progress, Mapping) else {}
    date = moment(told.get("date"))
    return Run(
        uuid=str(told.get("uuid", "")),
        state=str(told.get("status", "")),
        date=date,
        message=str(told.get("message") or ""),
        args=told.get("args"),
        result=result.get("output"),
        # DEEPaaS 2.6 starts at once, and knows an end only of those that are done.
        started=moment(told.get("start_date")) or (None if "links" in told else date),
        finished=moment(told.get("finish_date")) or moment(result.get("finish_date")),
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
    """A date as hosts write it, None for anything else."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=None)
    except ValueError:
        return None


def state_words(run: Run) -> str:
    """Its state in a word."""
    return "cancelling …" if run.cancelling and not run.final else run.state


def progress_words(run: Run) -> str:
    """How far it is: ``3/10 · message``."""
    parts = []
    if run.step is not None:
        parts.append(_plain(run.step) + (f"/{_plain(run.total)}" if run.total else ""))
    if run.told:
        parts.append(run.told)
    return " · ".join(parts)


def date_words(date: datetime | None) -> str:
    """A moment to the second."""
    return "" if date is None else f"{date:%Y-%m-%d %H:%M:%S}"


def duration_words(run: Run, now: datetime) -> str:
    """How long it has taken so far, as ``1:02:03``.

    Args:
        run: which.
        now: in the local time of the host.
    """
    end = run.finished if run.final else now
    if run.started is None or end is None or end < run.started:
        return ""
    return str(timedelta(seconds=int((end - run.started).total_seconds())))


def size_words(count: int) -> str:
    """A number of bytes for people."""
    size, unit = float(count), "B"
    for following in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, following
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.4g}"
