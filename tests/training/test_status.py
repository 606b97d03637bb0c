"""What ``/readyz`` says of trainings while the store is opened, and after."""

from __future__ import annotations

import asyncio
from pathlib import Path

from deepaas import config
from deepaas.app import build_trainings
from deepaas.executor import NoExecutor


async def test_trainings_are_loading_until_the_store_has_been_tried(tmp_path: Path) -> None:
    in_use = tmp_path / "file"
    in_use.touch()
    for url, opened in (("", "ready"), (f"sqlite+aiosqlite:///{in_use}/x", "unavailable")):
        settings = config.load(
            [f"--state-dir={tmp_path}/state", f"--database-url={url}"], {}, default_config_files=[]
        )
        trainings = build_trainings(settings, [], tmp_path, "mark", NoExecutor())
        starting = asyncio.ensure_future(trainings.start())
        assert trainings.status == ("loading", "")
        await starting
        status, reason = trainings.status
        assert (status, bool(reason)) == (opened, opened == "unavailable")
        await trainings.stop(asyncio.Event())
        await trainings.close()
