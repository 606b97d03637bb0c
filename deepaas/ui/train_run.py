"""Formats the properties of a training run."""

from __future__ import annotations

from datetime import datetime, timedelta

from deepaas.client.runs import Run


def state_words(run: Run) -> str:
    return "cancelling…" if run.cancelling and not run.final else run.state


def begun_words(run: Run) -> str:
    """Say that a run was accepted, in words that stay true: the table shows its state."""
    did = "was added to the queue" if run.state == "queued" else "was started"
    return f"Run {run.short} {did}. ID: {run.uuid}"


def progress_words(run: Run) -> str:
    """Format the progress: ``3/10 · message``."""
    parts = []
    if run.step is not None:
        parts.append(_plain(run.step) + (f"/{_plain(run.total)}" if run.total else ""))
    if run.told:
        parts.append(run.told)
    return " · ".join(parts)


def date_words(date: datetime | None) -> str:
    """Format a date and time, to the second."""
    return "" if date is None else f"{date:%Y-%m-%d %H:%M:%S}"


def duration_words(run: Run) -> str:
    """Format the duration as ``1:02:03``; empty if unknown."""
    if run.duration_seconds is None:
        return ""
    return str(timedelta(seconds=int(run.duration_seconds)))


def size_words(count: int) -> str:
    """Format a number of bytes."""
    size, unit = float(count), "B"
    for following in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, following
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.4g}"
