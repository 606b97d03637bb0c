"""Follows training runs of a host: a live table on a terminal, lines elsewhere."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from deepaas.cli.output import CommandOutput
from deepaas.cli.problems import HOST_FAILED, CommandProblem
from deepaas.cli.remote import as_json as training_json
from deepaas.cli.remote import progress_of
from deepaas.cli.tables import as_cell
from deepaas.client.errors import ClientError

if TYPE_CHECKING:
    from rich.table import Table

    from deepaas.client import Training

REDRAW_SECONDS = 0.2
BAR = 15
"""Width of a bar in characters."""

_COLOURS = {
    "queued": "cyan",
    "running": "blue",
    "done": "green",
    "error": "red",
    "cancelled": "yellow",
    "interrupted": "yellow",
}


def follow(
    trainings: Sequence[Training], output: CommandOutput, *, as_json: bool, plain: bool
) -> list[Training]:
    """Show the progress until all have ended.

    Raises ``CommandProblem`` if the host is unavailable for too long.
    """
    watch = _Watch(trainings)
    if output.is_terminal and not plain and not as_json and os.environ.get("TERM") != "dumb":
        _draw(watch)
    else:
        _print(watch, as_json=as_json)
    return list(watch.latest.values())


def row(training: Training, uuid_length: int | None = None) -> dict[str, Any]:
    """Return the row of a training run in a table."""
    run = training.run
    progress = progress_of(training)
    told = "" if progress is None else str(progress)
    if run.final and run.message:
        # The last step comes before the reason.
        step = "" if progress is None else str(replace(progress, message=""))
        told = f"{step} {run.message}".strip()
    return {
        "uuid": run.uuid[:uuid_length],
        "model": training.model,
        "state": "cancelling" if run.cancelling else run.state,
        "started": f"{run.started or run.date:%Y-%m-%d %H:%M}" if run.date else None,
        "took": duration(run.duration_seconds),
        "progress": told,
    }


def duration(seconds: float | None) -> str | None:
    return None if seconds is None else str(timedelta(seconds=int(seconds)))


class _Watch:
    """Follows several training runs, each in its own thread.

    ``news`` gets each changed run, and None for each run that has ended.
    """

    def __init__(self, trainings: Sequence[Training]) -> None:
        self.latest = {training.uuid: training for training in trainings}
        self.heard = dict.fromkeys(self.latest, time.monotonic())
        self.news: queue.SimpleQueue[Training | ClientError | None] = queue.SimpleQueue()
        self.open_count = len(self.latest)
        for training in self.latest.values():
            threading.Thread(target=self._follow, args=(training,), daemon=True).start()

    def next(self, timeout: float | None = None) -> Training | None:
        """Wait for news of any run. Raises ``queue.Empty`` after the timeout."""
        news = self.news.get(timeout=timeout)
        if isinstance(news, ClientError):
            raise CommandProblem(news.message, HOST_FAILED)
        if news is None:
            self.open_count -= 1
            return None
        self.latest[news.uuid] = news
        self.heard[news.uuid] = time.monotonic()
        return news

    def _follow(self, training: Training) -> None:
        try:
            for snapshot in training.watch():
                self.news.put(snapshot)
            self.news.put(None)
        except ClientError as error:
            self.news.put(error)


def _print(watch: _Watch, *, as_json: bool) -> None:
    while watch.open_count:
        training = watch.next()
        if training is not None:
            print(_as_line(training, as_json=as_json), flush=True)


def _as_line(training: Training, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(training_json(training))
    told = row(training)
    words = (told["uuid"], told["model"], told["state"], told["progress"])
    return "  ".join(as_cell(word) for word in words if word)


def _draw(watch: _Watch) -> None:
    from rich.live import Live

    with Live(_table(watch), auto_refresh=False) as live:
        while watch.open_count:
            with contextlib.suppress(queue.Empty):
                watch.next(REDRAW_SECONDS)
            live.update(_table(watch), refresh=True)


def _table(watch: _Watch) -> Table:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    # On a narrow terminal, only the last column shrinks.
    widths = (8, max(map(len, (t.model for t in watch.latest.values())), default=0), 10, 8, BAR)
    for title, width in zip(("UUID", "MODEL", "STATE", "TOOK", "PROGRESS"), widths, strict=True):
        table.add_column(title, no_wrap=True, min_width=width)
    table.add_column("", no_wrap=True, overflow="ellipsis")
    for training in watch.latest.values():
        told, run = row(training, 8), training.run
        seconds = run.duration_seconds
        if seconds is not None and not run.final:
            seconds += time.monotonic() - watch.heard[training.uuid]
        share = 1.0 if run.state == "done" else run.share
        table.add_row(
            told["uuid"],
            told["model"],
            Text(told["state"], style=_COLOURS.get(run.state, "")),
            duration(seconds),
            "" if share is None else ProgressBar(total=1.0, completed=share, width=BAR),
            Text(as_cell(told["progress"]) if told["progress"] else ""),
        )
    return table
