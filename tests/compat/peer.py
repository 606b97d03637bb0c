"""The two programs that are compared."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks import deepaas26


def peer_program() -> Path:
    """The `deepaas-run` of DEEPaaS 2.6.0."""
    return deepaas26.command()


def our_program() -> Path:
    """Our `deepaas-run`. COMPAT_PROGRAM names another, to see what the tests say of that."""
    given = os.environ.get("COMPAT_PROGRAM")
    return Path(given) if given else Path(sys.executable).parent / "deepaas-run"
