"""``/health-check``: how a model is, in Cog's words."""

from __future__ import annotations

import platform
from typing import Any

import deepaas
from deepaas.errors import ModelUnavailable
from deepaas.model.handle import Model
from deepaas.protocols.cog.prediction import moment

FAILED = "Healthcheck failed: "


async def told(model: Model) -> dict[str, Any]:
    """How a model is, and how it got ready."""
    setup = model.setup()
    status = model.status()
    state = {"loading": "STARTING", "warming": "STARTING", "broken": "SETUP_FAILED"}.get(
        status.status, "READY" if status.room_count else "BUSY"
    )
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
        try:
            error = await model.health()
        except ModelUnavailable as unavailable:
            error = unavailable.message
        if error:
            answer["status"] = "UNHEALTHY"
            answer["user_healthcheck_error"] = f"{FAILED}{error.removeprefix(FAILED)}"
    return answer
