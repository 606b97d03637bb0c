"""The progress of predictions: asked for while they run, and as events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest
from support.host import Host, start_host
from support.streams import streaming
from support.waiting import wait_until

FIRST = {"step": 1.0, "total": 3.0, "message": "loss: 1.00"}
LAST = {"step": 3.0, "total": 3.0, "message": "loss: 0.33"}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(["progresses"], "--no-ui") as host:
        yield host


def asked(host: Host, request_id: str) -> dict[str, Any]:
    found = host.get(f"/v2/models/progresses/queue?request_id={request_id}").json()
    assert isinstance(found, dict)
    return found


def test_asked_for(host: Host) -> None:
    call = host.threads.submit(
        host.predict, "progresses", gate="first", headers={"X-Request-ID": "mine"}
    )
    wait_until(lambda: asked(host, "mine").get("progress") == FIRST, "it is reported")
    assert "progress" not in asked(host, "another")
    host.touch("first")
    assert call.result().json()["predictions"] == 3
    assert asked(host, "mine") == {"queued_count": 0, "place": None}


def test_as_events(host: Host) -> None:
    with streaming(host, "progresses") as stream:
        events = [(kind, json.loads(data)) for kind, data in stream]
    # Steps that follow at once are left out, but for the last one.
    assert events[:2] == [("progress", FIRST), ("progress", LAST)]
    assert [kind for kind, _ in events[2:]] == ["part", "end"]


def test_one_that_never_stops_to_report(host: Host) -> None:
    with streaming(host, "progresses", steps=20_000) as stream:
        events = list(stream)
    assert len([kind for kind, _ in events if kind == "progress"]) < 200


def test_through_a_door_without_a_place_for_it(host: Host) -> None:
    body = json.dumps({"input": {"steps": 5}}).encode()
    request = Request(
        f"{host.url}/cog/progresses/predictions", body, {"Content-Type": "application/json"}
    )
    with urlopen(request) as answer:
        told = json.load(answer)
    assert (told["status"], told["output"]) == ("succeeded", 5)
