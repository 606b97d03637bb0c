"""How large a storm is: small in `make test` (20 s at most each), at full size in `make soak`."""

from __future__ import annotations

import os
from collections.abc import Callable

Size = Callable[[int, int], int]
"""Chooses between the size for every day and the full one, `size(50, 2000)`."""


def chosen(small: int, full: int) -> int:
    """The size for today."""
    return full if os.environ.get("DEEPAAS_SOAK", "") == "1" else small
