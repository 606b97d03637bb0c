"""Watching a training live: its log and its events, as streams that may break off."""

from contextlib import ExitStack

import psutil
from support.host import Host
from support.storm_size import Size
from support.trainings import Client, Event, Ground, Stream, term
from support.waiting import wait_until


def test_the_log_live(sqlite_host: Host) -> None:
    client = Client(sqlite_host)
    run = client.begin("steps", text="l", count=4)
    with client.stream(run, "logs") as stream:
        for number in range(2):
            sqlite_host.touch(f"l-{number}")
            seen = stream.until("log", f"step {number}")
    with client.stream(run, "logs", last_id=seen.id) as stream:
        sqlite_host.touch("l-2")
        assert stream.until("log", "step").data == "step 2"
        sqlite_host.touch("l-3")
        rest = list(stream)  # The stream ends with the training.
    assert [event.data for event in rest] == ["step 3"]
    client.wait(run, "done")
    assert client.log(run) == "".join(f"step {number}\n" for number in range(4))
    assert client.log(run, "?tail=2") == "step 2\nstep 3\n"
    assert client.log(run, "?tail=0") == ""
    with client.stream(run, "logs", last_id=rest[-1].id) as stream:
        assert stream.status == 204
    with client.stream(run, "logs") as stream:
        (whole,) = stream
        assert whole.data == "step 0\nstep 1\nstep 2\nstep 3"
    with client.stream(run, "logs", last_id=seen.id) as stream:
        assert [event.data for event in stream] == ["step 2\nstep 3"]
    with client.stream(run, "logs?tail=1") as stream:
        assert [event.data for event in stream] == ["step 3"]


def test_the_events_live(sqlite_host: Host) -> None:
    """From the queue to the end, in order, over a break of the connection."""
    client = Client(sqlite_host)
    blocking = client.begin("waits", text="x")
    run = client.begin("steps", text="e", count=3)
    with client.stream(run, "events") as stream:
        events = [stream.until("state", "queued")]
        sqlite_host.touch("go-x")
        events.append(stream.until("state", "running"))
        sqlite_host.touch("e-0")
        events += _until_all(stream, 0)
    with client.stream(run, "events", last_id=events[-1].id) as stream:
        sqlite_host.touch("e-1")
        again = _until_all(stream, 1)
        assert "step 0" not in {e.data for e in again if e.name == "log"}
        assert {e.json()["step"] for e in again if e.name == "metric"} == {1}
        sqlite_host.touch("e-2")
        rest = list(stream)
    assert {event.name for event in rest} == {"progress", "metric", "log", "state"}
    last = rest[-1]
    assert last.name == "state"
    assert last.json()["status"] == "done"
    assert last.json()["progress"] == {"step": 3, "total": 3, "message": "step 2"}
    (metric,) = [event.json() for event in rest if event.name == "metric"]
    assert (metric["name"], metric["step"]) == ("loss", 2)
    with client.stream(run, "events", last_id=last.id) as stream:
        assert stream.status == 204
    metrics = client.send("GET", f"{run}/metrics").json()
    assert metrics["loss"]["steps"] == [0, 1, 2]
    assert client.status(blocking) == "done"


def _until_all(stream: Stream, number: int) -> list[Event]:
    """Read until the log, the metric and the progress of a step have been told.

    And up to an event with an id: what came after the last one of these comes again.
    """
    events: list[Event] = []
    missing = {"log", "metric", "progress"}
    while missing or not events[-1].has_id:
        event = stream.next()
        assert event is not None, events
        events.append(event)
        if event.name == "log" and event.data == f"step {number}":
            missing.discard("log")
        if event.name == "metric" and event.json()["step"] == number:
            missing.discard("metric")
        if event.name == "progress" and event.json()["step"] == number + 1:
            missing.discard("progress")
    return events


def test_the_end_of_a_run_is_told(sqlite_host: Host) -> None:
    """Cancelled while it is watched: its last words come, then its state, then the end."""
    client = Client(sqlite_host)
    run = client.begin("keeps", text="k")
    with client.stream(run, "events") as events, client.stream(run, "logs") as log:
        wait_until(lambda: "ready k" in sqlite_host.journal(), "it is at work")
        events.until("state", "running")
        client.cancel(run)
        told = list(events)
        assert told[-1].name == "state"
        assert told[-1].json()["status"] == "cancelled"
        assert "saved" in "\n".join(event.data for event in told if event.name == "log")
        assert "saved" in "\n".join(event.data for event in log)


def test_many_watch_a_run(sqlite_host: Host, size: Size) -> None:
    """More than there are connections to the database; all get its state, and its end."""
    client = Client(sqlite_host)
    run = client.begin("waits", text="m")
    client.wait_running(run, "m")
    with ExitStack() as stack:
        streams = [stack.enter_context(client.stream(run, "events")) for _ in range(size(60, 1000))]
        for stream in streams:
            assert stream.status == 200
            stream.until("state", "running")
        sqlite_host.touch("go-m")
        for stream in streams:
            stream.until("state", "done")
    assert "all connections to the database are busy" not in sqlite_host.log()


def test_clients_that_leave(sqlite_host: Host) -> None:
    client = Client(sqlite_host)
    run = client.begin("waits", text="c")
    client.wait_running(run, "c")
    for _ in range(10):
        for what, name, text in (("logs", "log", "waiting"), ("events", "state", "running")):
            with client.stream(run, what) as stream:
                stream.until(name, text)
    sqlite_host.touch("go-c")
    assert client.wait(run)["status"] == "done"
    wait_until(lambda: _connections_count(sqlite_host) <= 1, "the host has hung up too")
    assert "Traceback" not in sqlite_host.log()


def _connections_count(host: Host) -> int:
    """How many connections of clients the host holds; the watcher of its health has one."""
    found = psutil.Process(host.process.pid).net_connections("tcp")
    return len([each for each in found if each.status == psutil.CONN_ESTABLISHED])


def test_a_host_that_stops_ends_the_streams(sqlite_ground: Ground) -> None:
    """At once; a browser comes back by itself, to the next host, with what it has seen last."""
    with sqlite_ground.host("--cancel-grace", "20") as first:
        client = Client(first)
        run = client.begin("steps", text="a", count=9)
        events, log = client.stream(run, "events"), client.stream(run, "logs")
        first.touch("a-0")
        seen = log.until("log", "step 0")
        events.until("log", "step 0")
        term(first)
        list(events)
        list(log)
        assert first.wait(15) == 0
    with sqlite_ground.host() as second:
        client = Client(second)
        with client.stream(run, "logs", last_id=seen.id) as stream:
            rest = "\n".join(event.data for event in stream)
        assert "the training was interrupted" in rest
        assert "step 0" not in rest
        assert client.get(run)["status"] == "interrupted"
