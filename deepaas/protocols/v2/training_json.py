"""A training as the V2 API shows it: DEEPaaS's fields, and some more."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import msgspec

from deepaas.training.runs import RunProgress, State, TrainingRun


def training_json(run: TrainingRun, base: str, tensorboard: str) -> dict[str, Any]:
    """What clients are told of a run; large arguments and results are left to the caller.

    ``tensorboard`` is the URL path of its curves, empty when there is no TensorBoard.
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
        # Dates have no zone: who is elsewhere could not tell how long it has been going on.
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
    """JSON as it is, null for what is too large to stand here."""
    return msgspec.Raw(json or b"null")


def date_text(seconds: float) -> str:
    """A moment as DEEPaaS writes it: local time with microseconds, without a zone."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S.%f")
