"""What a kind says of the files to watch may be an exception: others are watched all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from deepaas.model.handle import HostedModel
from deepaas.model.reload import Watched


class Model:
    name = "m"

    def __init__(self) -> None:
        self.reloads_count = 0

    def reload(self, _is_current: Any) -> None:
        self.reloads_count += 1

    async def settled(self) -> None:
        await asyncio.Event().wait()


def test_what_a_kind_raises_is_told_once_and_passes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watched = tmp_path / "model.py"
    watched.write_text("1")

    def places() -> list[Path]:
        if "half" in watched.read_text():
            raise KeyError("a file that is half written")
        return [watched]

    async def look() -> None:
        model = Model()
        one = Watched(cast(HostedModel, model), places, lambda: None)
        for text in ("half 1", "half 2", "whole"):
            watched.write_text(text)
            await one.check()
            assert one.places == [watched]
        assert model.reloads_count == 3
        one.end()

    asyncio.run(look())
    (told,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert "[m] --reload: could not find out which files to watch" in told.getMessage()
