"""How long files of visitors are kept, and how much of them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from deepaas.ui import files
from deepaas.ui.files import NoRoom, UnknownFile, VisitorFiles


def come(kept: VisitorFiles, name: str, size: int) -> str:
    """A file as Gradio puts it there."""
    folder = kept.incoming / "same"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"x" * size)
    return kept.adopt(folder / name)


def is_there(kept: VisitorFiles, name: str) -> bool:
    try:
        kept.path(name)
    except UnknownFile:
        return False
    return True


async def test_the_oldest_go_when_there_is_too_much(tmp_path: Path) -> None:
    kept = VisitorFiles(tmp_path / "gradio", max_bytes=1000)
    names = []
    for number in range(4):
        await kept.take(300)
        names.append(come(kept, f"{number}.txt", 300))
        await asyncio.sleep(
            0.02
        )  # So that one is older than the other by the clock of the file system.
    assert [is_there(kept, name) for name in names] == [False, True, True, True]
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 6, "with what Gradio calls each"


async def test_what_is_too_much_by_itself(tmp_path: Path) -> None:
    kept = VisitorFiles(tmp_path / "gradio", max_bytes=1000)
    kept.incoming.mkdir()
    await kept.take(900)
    (kept.incoming / "tmpcoming").write_bytes(b"x" * 900)  # It still comes.
    with pytest.raises(NoRoom):
        for number in range(9, 13):
            await kept.take(100)
            (kept.incoming / "tmpcoming").write_bytes(b"x" * 100 * number)


async def test_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_COUNT", 3)
    kept = VisitorFiles(tmp_path / "gradio")
    names = [come(kept, f"{number}.txt", 1) for number in range(5)]
    kept.sweep()
    assert sum(is_there(kept, name) for name in names) == 3


async def test_what_is_old_goes_but_not_the_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = VisitorFiles(tmp_path / "gradio")
    example, other = come(kept, "a.txt", 1), come(kept, "b.txt", 1)
    kept.keep(f'{{"path": "{example}"}}')
    monkeypatch.setattr(files, "KEEP_SECONDS", -1.0)
    kept.sweep()
    assert (is_there(kept, example), is_there(kept, other)) == (True, False)
    assert not list((tmp_path / "gradio").glob(other.split("/")[2])), "nor is its folder left"


def test_paths_become_names_however_they_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "ö b"
    kept = VisitorFiles(folder)
    for written in (f"{folder}/x", os.fsdecode(str(folder).encode()) + "/x"):
        assert kept.mask(written.encode()) == b"/files/x"
    assert b"tmp" not in kept.mask(f"{tmp_path}/\\u00f6 b/x {tmp_path}/%C3%B6%20b/x".encode())
