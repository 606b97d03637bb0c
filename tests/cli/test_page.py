"""The help in docs/how-to/command-line.md is what the commands say today."""

from __future__ import annotations

import pytest

from scripts import paste_cli


@pytest.mark.parametrize("command", paste_cli.pasted())
def test_help_is_fresh(command: str) -> None:
    fresh = paste_cli.help_of(command).rstrip()
    assert paste_cli.pasted()[command].rstrip() == fresh, "run python -m scripts.paste_cli"


def test_every_capture_can_be_made_again() -> None:
    page = paste_cli.PAGE.read_text()
    for name in paste_cli.CAPTURES:
        assert f"<!-- captured: {name} -->\n```text\n$ deepaas-cli " in page
