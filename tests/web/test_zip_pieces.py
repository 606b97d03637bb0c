"""A folder packed piece by piece, while it changes or is huge."""

from __future__ import annotations

import io
import os
import random
import shutil
import zipfile
from pathlib import Path

from support.storm_size import Size

from deepaas.web.files import zip_pieces

MB = 1024 * 1024


def test_files_that_change(tmp_path: Path) -> None:
    """Between two pieces anything may happen."""
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    for name in ("1-grows", "2-shrinks", "3-vanishes", "4-stays", "sub/5-vanishes"):
        (root / name).write_bytes(random.Random(name).randbytes(4 * MB))
    pieces = zip_pieces(root)
    body = next(pieces)
    with (root / "1-grows").open("ab") as file:
        file.write(b"x" * MB)
    for piece in pieces:
        body += piece
        if len(body) > 5 * MB and (root / "3-vanishes").exists():
            os.truncate(root / "2-shrinks", 3 * MB)
            (root / "3-vanishes").unlink()
            shutil.rmtree(root / "sub")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        sizes = {entry.filename: entry.file_size / MB for entry in archive.infolist()}
    assert sizes == {"1-grows": 4, "2-shrinks": 3, "4-stays": 4}


def test_a_huge_file(tmp_path: Path, size: Size) -> None:
    """More than 2 GiB in `make soak` only: to pack that takes seconds."""
    megabytes = size(129, 2049)
    root = tmp_path / "root"
    root.mkdir()
    with (root / "huge").open("wb") as file:
        file.truncate(megabytes * MB)
    with (tmp_path / "a.zip").open("wb") as target:
        target.writelines(zip_pieces(root))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.getinfo("huge").file_size == megabytes * MB
