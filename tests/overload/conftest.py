"""How large a storm is: small in `make test` (20 s at most each), at full size in `make soak`."""

import os
from collections.abc import Callable

import pytest

Size = Callable[[int, int], int]


@pytest.fixture(scope="session")
def size() -> Size:
    """Chooses between the size for every day and the full one, `size(50, 2000)`."""
    soaking = os.environ.get("DEEPAAS_SOAK", "") == "1"
    return lambda small, full: full if soaking else small
