"""What a worker imports before it knows its model."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import sys
import deepaas.runtime.__main__, webargs
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("setuptools", "distutils")))
import distutils
print(distutils.__name__, "setuptools" in distutils.__file__)
"""

KINDS = ("entry_point.worker", "cog.worker.loading")


def test_a_worker_needs_no_setuptools() -> None:
    """The model's code gets them all the same, if it asks; from Python 3.12 on webargs does."""
    # Some of pytest's libraries set it for themselves.
    environment = {**os.environ, "SETUPTOOLS_USE_DISTUTILS": "local"}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    if sys.version_info < (3, 12):
        assert run.stdout.splitlines() == ["[]", "distutils True"]
    assert run.stderr == ""


def test_a_worker_loads_asyncio_only_for_asynchronous_models() -> None:
    """It takes a tenth of a worker's start, like what reads projects, and predictors for Cog."""
    modules = ("deepaas.runtime.__main__", *(f"deepaas.kinds.{kind}" for kind in KINDS))
    wanted = ["asyncio", "deepaas.author_files.project", "deepaas.kinds.cog.worker.predictor"]
    if sys.version_info < (3, 12):  # Since then, webargs imports distutils of setuptools.
        wanted += ["ssl", "configparser"]
    program = f"import sys, {', '.join(modules)}\nprint([m for m in {wanted} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"
