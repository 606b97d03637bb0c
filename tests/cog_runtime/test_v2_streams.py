"""What a model yields reaches clients of the V2 API as it comes, whichever kind of model it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from compat.hosts import Host
from compat.wire import Part, multipart_body
from support.streams import streaming
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("cog_runtime")

SLOW_COUNT = 6000
SLOW_SIZE = 32 * 1024
MAX_GROWTH_BYTES = 48 * 2**20

Journal = Callable[[], list[str]]


def test_everything_that_is_told_comes_in_order(host: Host) -> None:
    with streaming(host, "Speaks", text="one two") as stream:
        assert (stream.status, stream.content_type.partition(";")[0]) == (200, "text/event-stream")
        events = list(stream)
    kinds = [kind for kind, _ in events]
    assert "".join(data for kind, data in events if kind == "log") == "asked for one two\n"
    told = [(kind, json.loads(data)) for kind, data in events if kind != "log"]
    assert told == [
        ("metric", {"name": "words", "value": 2, "mode": "replace"}),
        ("part", {"index": 0, "value": "one "}),
        ("part", {"index": 1, "value": "two "}),
        ("end", {"parts_count": 2}),
    ]
    assert kinds.index("log") < kinds.index("end")


def test_first_part_comes_before_the_second_is_made(host: Host) -> None:
    gate = host.folder / "test/second"
    with streaming(host, "Speaks", text="one two", gate="second") as stream:
        parts = stream.of("part")
        assert next(parts) == {"index": 0, "value": "one "}
        gate.touch()
        assert next(parts) == {"index": 1, "value": "two "}


def test_failure_in_the_middle_ends_the_stream_with_an_error(host: Host) -> None:
    with streaming(host, "Speaks", text="one", fail=True) as stream:
        *_, (kind, data) = stream
    assert kind == "error"
    told = json.loads(data)
    assert told["code"] == 500
    assert "lost the thread" in told["message"]


def test_what_is_refused_has_no_stream(host: Host) -> None:
    with streaming(host, "Speaks") as stream:
        assert stream.status == 422
        assert json.loads(stream.response.read()) == {"text": ["Missing data for required field."]}
    with streaming(host, "nothing") as stream:
        assert stream.status == 404


@pytest.mark.parametrize(
    ("model", "said"), [("Endless", "endless stopped"), ("EndlessLater", "endless later stopped")]
)
def test_predictor_stops_when_its_client_leaves(
    host: Host, journal: Journal, model: str, said: str
) -> None:
    query: dict[str, Any] = {"seconds": 0.01} if model == "Endless" else {}
    with streaming(host, model, **query) as stream:
        next(stream.of("part"))
        assert said not in journal()
    wait_until(lambda: said in journal(), "the predictor's end", 20)


def test_slow_reader_does_not_grow_the_memory_of_the_host(host: Host, journal: Journal) -> None:
    process = psutil.Process(host.process.pid)
    before = process.memory_info().rss
    with streaming(host, "Endless", size=SLOW_SIZE, count=SLOW_COUNT) as stream:
        # All of it has been told: the reader alone has not read it.
        wait_until(lambda: "endless done" in journal(), "the last part", 60)
        grown = process.memory_info().rss - before
        assert grown < MAX_GROWTH_BYTES < SLOW_SIZE * SLOW_COUNT / 3
        values = [part["value"] for part in stream.of("part")]
    assert len(values) == SLOW_COUNT
    assert set(values) == {"x" * SLOW_SIZE}


def test_large_parts_come_whole(host: Host) -> None:
    with streaming(host, "Endless", size=500_000, count=3) as stream:
        parts = list(stream.of("part"))
    assert [part["index"] for part in parts] == [0, 1, 2]
    assert all(part["value"] == "x" * 500_000 for part in parts)
    spooled = [path for path in host.temporary_files() if "results" in path]
    assert not spooled


def test_model_that_does_not_yield_has_one_part(host: Host) -> None:
    with streaming(host, "project") as stream:
        assert [json.loads(data) for kind, data in stream if kind != "log"] == [
            {"index": 0, "value": "of the project"},
            {"parts_count": 1},
        ]


def test_deepaas_packages_stream_as_well(host: Host) -> None:
    with streaming(host, "yields", count=2) as stream:
        assert [kind for kind, _ in stream if kind != "log"] == ["part", "part", "end"]
    picture = Part("picture", b"12345", filename="a.png")
    answer = host.predict("yields", body=multipart_body(picture), query={"count": "1"})
    assert answer.json() == {"status": "OK", "predictions": [{"number": 0}, 5]}
    operation = host.get("/swagger.json").json()["paths"]["/v2/models/yields/predict/"]["post"]
    assert operation["x-streams"] is True
    assert operation["produces"] == ["application/json", "text/event-stream"]


def test_without_being_asked_for_nothing_is_streamed(host: Host) -> None:
    with streaming(host, "Speaks", accept="*/*", text="one two") as stream:
        assert json.loads(stream.response.read()) == {
            "status": "OK",
            "predictions": ["one ", "two "],
        }
