"""Notices of the host about a call, such as an ignored argument or NaN in a result."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import sys
import warnings
from pathlib import Path

NOTICE = "X-DEEPaaS-Notice"
"""The header with them. Errors have it, too."""

MAX_CHARACTERS = 2000

_OURS = (
    str(Path(__file__).parent),
    str(Path(asyncio.__file__).parent),
    str(Path(concurrent.futures.__file__).parent),
    str(contextlib.__file__),
)
"""Where no caller's line is."""


class HostNotice(UserWarning):
    """What the host says of a call that you should know, although it may have succeeded."""


def warn(notice: str) -> None:
    """Issue a `HostNotice` at the caller's own line."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        level, frame = level + 1, frame.f_back
    warnings.warn(notice[:MAX_CHARACTERS], HostNotice, stacklevel=level)
