"""Files of Python that nobody can read to their end, beside a model and in its place."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deepaas.author_files.project import read
from deepaas.kinds.entry_point.host import recognise
from deepaas.model.sources import snapshot
from deepaas.programs import OWN

MODEL = "def get_metadata():\n    return {}\n\ndef predict(x):\n    return x\n"

HOSTILE: dict[str, Callable[[Path], object]] = {
    "minus": lambda file: file.write_text(f"x = {'-' * 200_000}1\n"),
    "plus": lambda file: file.write_text(f"x = {'+'.join(['1'] * 100_000)}\n"),
    "brackets": lambda file: file.write_text(f"x = {'(' * 100_000}\n"),
    "base": lambda file: file.write_text(f"class A(a{'.a' * 900}):\n    def predict(self): 0\n"),
    "nul": lambda file: file.write_bytes(b"x = 1\0\n"),
    "long": lambda file: file.write_text("x = 1\n" * 1_000_000),
    "pipe": os.mkfifo,
    "device": lambda file: file.symlink_to("/dev/zero"),
    "loop": lambda file: file.symlink_to(file.name),
    "folder": Path.mkdir,
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.timeout(90)
def test_a_model_is_found_beside_a_file_that_cannot_be_read(tmp_path: Path, kind: str) -> None:
    HOSTILE[kind](tmp_path / "a.py")
    (tmp_path / "model.py").write_text(MODEL)
    found = recognise(str(tmp_path), OWN)
    assert found and found.source == str(tmp_path / "model.py")
    assert tmp_path / "model.py" in snapshot([tmp_path])


@pytest.mark.parametrize("kind", ["minus", "plus", "pipe", "device", "long"])
@pytest.mark.timeout(90)
def test_such_a_file_itself_is_left_to_python(tmp_path: Path, kind: str) -> None:
    HOSTILE[kind](tmp_path / "model.py")
    found = recognise(str(tmp_path / "model.py"), OWN)
    assert found and found.source == str(tmp_path / "model.py")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.py", f"x = {'-' * 200_000}1\n"),
        ("pyproject.toml", f"a = {'[' * 100_000}"),
        ("setup.cfg", "[[[[\n=\n"),
    ],
)
def test_projects_that_cannot_be_read_are_told_of(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    ((place, reason),) = read(tmp_path, "deepaas.v2.model").broken
    assert name in place
    assert reason
