"""What the tests of the command share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .command import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """An environment with the models `command_line` (chosen) and `trains`."""
    return Shell(tmp_path, "command_line", "trains")
