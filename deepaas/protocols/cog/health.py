"""``/health-check``: the state of a model, in Cog's format."""

from __future__ import annotations

import platform
from typing import Any

import deepaas
from deepaas.errors import ModelUnavailable
from deepaas.model.handle import HostedModel
from deepaas.protocols.cog.prediction import moment
from deepaas.workers.status import Status

FAILED = "Healthcheck failed: "


def is_starting(model: HostedModel, status: Status) -> bool:
    """Whether a model is being set up for the first time.

    While a worker is being replaced, calls wait for the next one.
    """
    loading = status.status in ("loading", "warming")
    return loading and not (model.was_ready or status.restarts_count)


async def told(model: HostedModel) -> dict[str, Any]:
    setup = model.setup()
    status = model.status()
    state = "READY" if status.room_count else "BUSY"
    if status.status == "broken":
        state = "SETUP_FAILED"
    elif is_starting(model, status):
        state = "STARTING"
    answer: dict[str, Any] = {
        "status": state,
        "setup": {
            "started_at": moment(setup.started),
            "completed_at": moment(setup.completed),
            "status": setup.status,
            "logs": setup.logs + status.reason,
        },
        "version": {"deepaas": deepaas.__version__, "python": platform.python_version()},
    }
    if status.status == "ready":
        error = ""
        try:
            error = await model.health()
        except ModelUnavailable:
            answer["status"] = "BUSY"  # Its worker has just exited: calls wait for the next one.
        if error:
            answer["status"] = "UNHEALTHY"
            answer["user_healthcheck_error"] = f"{FAILED}{error.removeprefix(FAILED)}"
    return answer
