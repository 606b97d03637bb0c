"""The page for clients of others shows what they do; the other blocks are pasted with all pages."""

from __future__ import annotations

import subprocess
from pathlib import Path

from docs.page import ROOT, blocks_of
from support.host import start_host

from benchmarks import triton_client

PAGE = "docs/how-to/oip.md"


def test_the_client_of_the_page(tmp_path: Path) -> None:
    found = blocks_of((ROOT / PAGE).read_text(encoding="utf-8"))
    files = {block.file: block.body for block in found if block.file}
    shown = next(block.body for block in found if block.body.startswith("[[3."))
    (tmp_path / "scale.py").write_text(files["scale.py"])
    with start_host([], "--model-name", f"scale={tmp_path}/scale.py:Scale", "--no-ui") as host:
        client = files["client.py"].replace("127.0.0.1:5000", f"127.0.0.1:{host.port}")
        (tmp_path / "client.py").write_text(client)
        said = subprocess.run(
            [triton_client.python(), tmp_path / "client.py"],
            capture_output=True,
            text=True,
            check=True,
        )
    assert said.stdout == shown
