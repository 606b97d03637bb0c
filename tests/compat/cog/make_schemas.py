"""Writes `schemas.json`: what Cog itself says of the predictors' inputs and outputs.

Cog's server validates with a document that Cog's command-line tool makes while it builds a
container. That tool is no Python package, so the document is put together from what PyPI has of
Cog: version 0.23.1 reads the predictors, and the last version that makes documents in Python,
0.19.3, writes down what was read (`read_schemas.py`). Nothing of ours has a say in it. Run it when
the signature of a predictor changes:

    python -m tests.compat.cog.make_schemas
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from benchmarks import cog023

HERE = Path(__file__).parent
PREDICTORS = HERE / "predictors"
SCHEMAS = HERE / "schemas.json"
WRITER = "cog==0.19.3"


def main() -> None:
    python = str(cog023.python())
    with tempfile.TemporaryDirectory() as folder:
        pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder]
        subprocess.run([*pip, WRITER], check=True)
        read = [python, str(HERE / "read_schemas.py"), str(PREDICTORS), f"{folder}/cog/_schemas.py"]
        done = subprocess.run(read, stdout=subprocess.PIPE, check=True)
    SCHEMAS.write_bytes(done.stdout)


if __name__ == "__main__":
    main()
