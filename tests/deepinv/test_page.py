"""The page for users of DeepInverse shows what they see; the other blocks are pasted with all
pages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from docs.page import ROOT, blocks_of
from support.host import start_host

from benchmarks import deepinv_client

PAGE = "docs/how-to/deepinv.md"


def test_the_client_of_the_page(tmp_path: Path) -> None:
    found = blocks_of((ROOT / PAGE).read_text(encoding="utf-8"))
    files = {block.file: block.body for block in found if block.file}
    shown = next(block.body for block in found if block.body.startswith("error "))
    (tmp_path / "denoise.py").write_text(files["denoise.py"])
    with start_host([], "--model-name", f"denoise={tmp_path}/denoise.py:Denoise") as host:
        client = files["client.py"].replace("127.0.0.1:5000", f"127.0.0.1:{host.port}")
        (tmp_path / "client.py").write_text(client)
        said = subprocess.run(
            [deepinv_client.python(), "client.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
    expected = re.escape(shown.strip()).replace("…", "[0-9]+")
    assert re.fullmatch(expected, said.stdout.strip()), said.stdout
