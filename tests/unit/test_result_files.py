"""Which results a browser is given, and which name a result gets."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from deepaas.cli.output import CommandOutput, CommandResult, is_for_browsers


@pytest.mark.parametrize(
    ("media_type", "shown"),
    [
        ("application/json", True),
        ("application/problem+json; charset=utf-8", True),
        ("application/pdf", True),
        ("image/png", True),
        ("text/html", True),
        ("text/plain; charset=utf-8", True),
        ("application/x-sh", False),
        ("application/x-desktop", False),
        ("application/java-archive", False),
        ("application/x-msdownload", False),
        ("application/octet-stream", False),
        ("text/x-sh", False),
        ("text/x-python", False),
    ],
)
def test_what_the_system_might_run_is_not_opened(media_type: str, shown: bool) -> None:
    assert is_for_browsers(media_type) is shown


def test_programs_are_saved_and_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = argparse.Namespace(output=None, deepaas_method_output=None, open=True)
    with capsys.disabled():
        output = CommandOutput(options)
    output.write(CommandResult("application/x-sh", b"touch ran\n"))
    assert (tmp_path / "result.sh").read_bytes() == b"touch ran\n"
    assert "application/x-sh is not opened" in capsys.readouterr().err


def test_nothing_is_written_through_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "result.sh").symlink_to(tmp_path / "elsewhere")
    options = argparse.Namespace(output=None, deepaas_method_output=None, open=True)
    with capsys.disabled():
        output = CommandOutput(options)
    output.write(CommandResult("application/x-sh", b"x"))
    assert not (tmp_path / "elsewhere").exists()
    assert (tmp_path / "result2.sh").read_bytes() == b"x"
