"""One host for all tests of metrics."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.host import Host, start_host

OPTIONS = ("--cog-private-urls", "--queue-size", "1", "--predict-timeout", "8", "--no-ui")


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    with start_host(["measures", "gated"], *OPTIONS) as started:
        yield started
