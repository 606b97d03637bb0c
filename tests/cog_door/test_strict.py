"""``--cog-strict``: what cannot begin at once is refused, as Cog does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.host import Host, start_host
from support.waiting import wait_until

from .door import Door


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(["gated"], "--cog-strict", "--no-ui") as host:
        yield host


@pytest.mark.parametrize("other", ["by Cog's API", "by the V2 API"])
def test_a_busy_model_refuses(host: Host, other: str) -> None:
    door = Door(host, "/cog/gated")
    if other == "by Cog's API":
        busy = door.begin("POST", "/predictions", {"input": {"label": other, "gate": other}})
    else:
        host.begin("gated", label=other, gate=other)
    wait_until(lambda: f"start {other}" in host.journal(), "the model is busy")
    refused = door.ask("POST", "/predictions", {"input": {"label": "refused"}})
    assert refused.status == 409
    assert refused.json()["error"] == "At capacity - all prediction slots busy"
    host.touch(other)
    if other == "by Cog's API":
        assert busy.result().json()["output"]["label"] == other
    wait_until(lambda: f"end {other}" in host.journal(), "it is free again")
    assert "start refused" not in host.journal()


def test_one_after_the_other_is_never_refused(host: Host) -> None:
    door = Door(host, "/cog/gated")
    for number in range(100):
        assert door.predict(label=str(number))["output"]["label"] == str(number)
