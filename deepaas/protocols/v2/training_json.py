"""A training run in the V2 API: the fields of DEEPaaS 2.x and a few more."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import msgspec

from deepaas.training.runs import RunProgress, State, TrainingRun


def training_json(run: TrainingRun, base: str, tensorboard: str) -> dict[str, Any]:
    """A run as JSON; large arguments and results are added by the caller.

    ``tensorboard`` is the URL path of its curves, empty without TensorBoard.
    """
    shown: dict[str, Any] = {
        "uuid": run.uuid,
        "date": date_text(run.created),
        "args": raw(run.args),
        "status": run.state.value,
    }
    if run.message:
        shown["message"] = run.message
    if run.has_result and run.finished is not None:
        shown["result"] = {
            "output": raw(run.result),
            "finish_date": date_text(run.finished),
            "duration": str(timedelta(seconds=run.finished - (run.started or run.created))),
        }
    if run.started is not None:
        shown["start_date"] = date_text(run.started)
        # Dates have no time zone, so clients elsewhere cannot compute it.
        shown["duration_seconds"] = round((run.finished or time.time()) - run.started, 3)
    if run.finished is not None:
        shown["finish_date"] = date_text(run.finished)
    if run.state is State.RUNNING and run.cancel_requested is not None:
        shown["cancelling"] = True
    if run.progress is not None:
        shown["progress"] = progress_json(run.progress)
    links = [
        {"rel": rel, "href": f"{base}/{path}"}
        for rel, path in (
            ("self", ""),
            ("logs", "logs"),
            ("metrics", "metrics"),
            ("events", "events"),
            ("files", "files/"),
        )
    ]
    links[0]["href"] = base
    if tensorboard:
        links.append({"rel": "tensorboard", "href": tensorboard})
    shown["links"] = links
    return shown


def progress_json(progress: RunProgress) -> dict[str, Any]:
    return {"step": progress.step, "total": progress.total, "message": progress.message}


def raw(json: bytes | None) -> msgspec.Raw:
    """JSON unchanged, null for values that are too large."""
    return msgspec.Raw(json or b"null")


def date_text(seconds: float) -> str:
    """A time as in DEEPaaS 2.x: local time with microseconds, without a time zone."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S.%f")
