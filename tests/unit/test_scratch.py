"""The host's temporary folder: its own, and gone afterwards whoever has left it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from deepaas.scratch import PREFIX, scratch


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def left_in(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def test_the_folder_is_private_and_removed_with_its_content(root: Path) -> None:
    with scratch() as folder:
        assert left_in(root) == [folder.name]
        assert folder.name.startswith(PREFIX)
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "a").mkdir()
        (folder / "a" / "b").write_text("b")
    assert left_in(root) == []


def test_the_folder_is_removed_after_an_error(root: Path) -> None:
    with pytest.raises(KeyError), scratch() as folder:
        (folder / "a").write_text("a")
        raise KeyError
    assert left_in(root) == []


def test_a_stale_folder_is_removed_and_all_else_kept(root: Path) -> None:
    (root / f"{PREFIX}stale" / "deep").mkdir(parents=True)
    (root / f"{PREFIX}stale" / "deep" / "file").write_text("x")
    (root / "other").mkdir()
    with scratch() as folder:
        assert left_in(root) == sorted([folder.name, "other"])


def test_the_folder_of_a_living_host_is_kept(root: Path) -> None:
    with scratch() as first, scratch() as second:
        (first / "a").write_text("a")
        with scratch():
            assert (first / "a").exists()
        assert left_in(root) == sorted([first.name, second.name])


def test_the_folder_of_a_killed_host_is_removed_by_the_next(root: Path) -> None:
    program = (
        "from deepaas.scratch import scratch\n"
        "with scratch() as folder:\n"
        "    (folder / 'a').write_text('a')\n"
        "    print(folder.name, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        with scratch():
            assert name in left_in(root)
        process.kill()
    assert left_in(root) == [name]
    with scratch() as folder:
        assert left_in(root) == [folder.name]
