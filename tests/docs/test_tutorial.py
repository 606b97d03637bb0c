"""The tutorial, pasted from its beginning to its end, gives the answers that it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pasted import Reader, blocks

TUTORIAL = "docs/tutorial.md"


@pytest.mark.slow
def test_the_tutorial(tmp_path: Path) -> None:
    said = Reader(tmp_path).paste(*blocks(TUTORIAL, "sh"))
    for shown in [*blocks(TUTORIAL, "json"), *blocks(TUTORIAL, "text")]:
        assert shown.strip() in said
