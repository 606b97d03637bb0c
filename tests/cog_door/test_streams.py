"""Server-sent events of predictions, as they come and again."""

import pytest
from support import processes
from support.waiting import wait_until

from .door import Door

pytestmark = pytest.mark.xdist_group("cog_door")


def test_a_part_comes_before_the_next_is_made(streams: Door) -> None:
    body = {"input": {"name": "live", "gated": True}}
    with streams.stream("PUT", "/predictions/live", body) as live:
        assert live.response.headers["Content-Type"].startswith("text/event-stream")
        assert live.next() == ("start", {"id": "live", "status": "processing"})
        for number in range(3):
            produced = streams.host.home / "live-produced"
            assert not produced.exists() or produced.read_text() == str(number - 1)
            streams.host.touch(f"live-{number}")
            assert live.next() == ("output", {"chunk": str(number), "index": number})
            if number == 0:
                # Whoever comes later hears all of it.
                second = streams.stream("PUT", "/predictions/live", body)
                assert second.next() == ("start", {"id": "live", "status": "processing"})
                assert second.next() == ("output", {"chunk": "0", "index": 0})
        name, told = live.next() or ("", {})
        assert live.next() is None
    assert (name, told["output"], told["status"]) == ("completed", ["0", "1", "2"], "succeeded")
    with second:
        assert [name for name, _ in second] == ["output", "output", "completed"]


def test_who_does_not_stream_gets_a_list(streams: Door) -> None:
    assert streams.predict(name="list", count=2)["output"] == ["0", "1"]
    assert streams.predict(name="none", count=0)["output"] == []


def test_what_came_before_a_cancellation_is_kept(streams: Door) -> None:
    streams.put("part", name="part", gated=True)
    streams.host.touch("part-0")
    wait_until(lambda: streams.get("part").get("output") == ["0"], "the first part is there")
    streams.ask("POST", "/predictions/part/cancel")
    told = streams.wait("part")
    assert (told["status"], told["output"]) == ("canceled", ["0"])


def test_whoever_leaves_stops_the_predictor(streams: Door) -> None:
    body = {"input": {"name": "gone", "gated": True}}
    with streams.stream("POST", "/predictions", body) as left:
        assert left.next() is not None
        assert streams.ask("GET", "/health-check").json()["status"] == "BUSY"
    wait_until(lambda: (streams.host.home / "stopped-gone").exists(), "it is interrupted")
    wait_until(streams.is_free, "the worker is free again")


def test_a_model_in_one_piece_has_one_part(answers: Door) -> None:
    events = list(answers.stream("POST", "/predictions", {"input": {"text": "whole"}}))
    assert [name for name, _ in events if name != "log"] == ["start", "output", "completed"]
    assert events[-1][1]["output"] == "whole"


def test_what_is_sent_again(streams: Door) -> None:
    for name, size, kinds in (
        ("short", 10, ["start", *["output"] * 3, "completed"]),
        # More than the host takes into memory for this.
        ("long", 500_000, ["completed"]),
    ):
        streams.put(f"{name}-again", name="", size=size)
        told = streams.wait(f"{name}-again")
        with streams.stream("PUT", f"/predictions/{name}-again", {"input": {}}) as again:
            events = list(again)
        assert [kind for kind, _ in events] == kinds
        assert events[-1][1]["output"] == told["output"]


def test_a_slow_reader_costs_no_memory(streams: Door) -> None:
    """100 MB that nobody reads at first lie on the disk; the host's peak is looked at as well."""
    host = streams.host
    before = processes.resident_mb(host.process.pid)
    body = {"id": "slow", "input": {"name": "slow", "count": 100, "size": 1_000_000}}
    with streams.stream("POST", "/predictions", body) as slow:
        # The model is not held up by its reader.
        wait_until(lambda: streams.ask("GET", "/predictions/slow").status == 404, "it has ended")
        assert processes.resident_mb(host.process.pid) < before + 30
        for number in range(100):
            name, told = slow.next() or ("", {})
            if name == "start":
                name, told = slow.next() or ("", {})
            assert (name, told["index"], len(told["chunk"])) == ("output", number, 1_000_000)
        name, told = slow.next() or ("", {})
        assert (name, len(told["output"])) == ("completed", 100)
        assert slow.next() is None
    assert processes.resident_mb(host.process.pid) < before + 30
