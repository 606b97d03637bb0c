"""Whatever way a prediction ends, its files are closed then, and not when garbage is collected."""

import contextlib
import http.client
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from cog_door.conftest import named
from cog_door.door import Door, receiver
from support.host import Host, start_host
from support.processes import send_to_all
from support.waiting import wait_until

LARGE: dict[str, Any] = {"count": 30, "size": 10_000}
"""Events that do not fit into memory, so that the journal lies in a file."""

MANY = 4
ENDLESS: dict[str, Any] = {"name": "waits", "count": 40, "size": 10_000, "gated": True}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    options = [*named("streams", "takes"), "--cog-private-urls", "--no-ui"]
    options += ["--predict-timeout", "5"]
    models = ["large", "plain", "ends_badly"]
    with start_host(models, *options, packages=_without_collections()) as host:
        yield host


def _without_collections() -> Path:
    return Path(__file__).parent / "without_gc"


def _gates(host: Host, count: int) -> None:
    for number in range(count):
        host.touch(f"waits-{number}")


def _door(host: Host) -> Door:
    return Door(host, "/cog/streams")


def _v2(host: Host, given: dict[str, Any], model: str = "streams") -> http.client.HTTPConnection:
    door = Door(host, f"/v2/models/{model}")
    return door.send("POST", "/predict/", given, Accept="text/event-stream")


def _cog(host: Host, given: dict[str, Any], model: str = "streams") -> http.client.HTTPConnection:
    door = Door(host, f"/cog/{model}")
    return door.send("POST", "/predictions", {"input": given}, Accept="text/event-stream")


Stream = Callable[..., http.client.HTTPConnection]


def _reads(host: Host, stream: Stream) -> None:
    with contextlib.closing(stream(host, {"name": "a", **LARGE})) as connection:
        assert b"completed" in (body := connection.getresponse().read()) or b"end" in body


def _leaves(host: Host, stream: Stream) -> None:
    with contextlib.closing(stream(host, ENDLESS)) as connection:
        connection.getresponse().read(100_000)
    wait_until(lambda: (host.home / "stopped-waits").exists(), "it is stopped")
    (host.home / "stopped-waits").unlink()


def _leaves_at_once(host: Host, stream: Stream) -> None:
    stream(host, ENDLESS).close()


def _is_killed(host: Host, stream: Stream) -> None:
    with contextlib.closing(stream(host, ENDLESS)) as connection:
        response = connection.getresponse()
        response.read(100_000)
        killed = _workers(host)
        send_to_all(killed, signal.SIGKILL)
        response.read()
    # Right after its end the host has not noticed yet.
    wait_until(lambda: _workers(host) - killed, "there is another one")
    wait_until(lambda: host.readiness("streams")["status"] == "ready", "it is there again")


def _workers(host: Host) -> set[psutil.Process]:
    return {one for one in host.family() if "--name=streams" in one.cmdline()}


def _fails(host: Host, stream: Stream) -> None:
    given = {"count": 30, "size": 10_000, "end": "raise"}
    _ends_badly(host, stream, given)


def _times_out(host: Host, stream: Stream) -> None:
    given = {"count": 30, "size": 10_000, "end": "sleep"}
    _ends_badly(host, stream, given)


def _ends_badly(host: Host, stream: Stream, given: dict[str, Any]) -> None:
    with contextlib.closing(stream(host, given, "ends_badly")) as connection:
        body = connection.getresponse().read()
    assert b'"failed"' in body or b"event: error" in body, body[-300:]


def _too_much(host: Host, stream: Stream) -> None:
    with contextlib.closing(stream(host, {"name": "a", "count": 1, "size": -1})) as connection:
        connection.getresponse().read()


@pytest.mark.parametrize("stream", [_v2, _cog])
@pytest.mark.parametrize(
    "end", [_reads, _fails, _times_out, _leaves, _leaves_at_once, _is_killed, _too_much]
)
def test_a_stream_lets_go_of_its_journal(
    host: Host, stream: Stream, end: Callable[[Host, Stream], None]
) -> None:
    _gates(host, 20)
    before = host.open_files()
    for _ in range(1 if end in (_is_killed, _times_out) else MANY):
        end(host, stream)
    wait_until(lambda: set(host.open_files()) <= set(before), "its files are closed")
    wait_until(lambda: host.temporary_files() == [], "no files are left")


def _sync(host: Host) -> None:
    assert len(_door(host).predict(name="a", **LARGE)["output"]) == LARGE["count"]


def _sync_by_one_who_leaves(host: Host) -> None:
    connection = _door(host).send("POST", "/predictions", {"input": {"name": "a", **LARGE}})
    response = connection.getresponse()
    response.read(1000)
    response.close()
    connection.close()


def _kept(host: Host) -> None:
    name = f"kept-{time.monotonic_ns()}"
    door = _door(host)
    assert door.put(name, name="a", **LARGE).status == 202
    wait_until(lambda: door.get(name)["status"] == "succeeded", "it has ended")


def _cancelled(host: Host) -> None:
    name = f"cancelled-{time.monotonic_ns()}"
    door = _door(host)
    assert door.put(name, **ENDLESS).status == 202
    wait_until(lambda: len(door.get(name).get("output") or ()) == 20, "it has told much")
    door.ask("POST", f"/predictions/{name}/cancel")
    wait_until(lambda: door.get(name)["status"] == "canceled", "it is cancelled")


def _second_subscriber(host: Host) -> None:
    name = f"second-{time.monotonic_ns()}"
    door = _door(host)
    assert door.put(name, **ENDLESS).status == 202
    wait_until(lambda: len(door.get(name).get("output") or ()) == 20, "it has told much")
    with contextlib.closing(
        door.send("PUT", f"/predictions/{name}", {"input": {}}, Accept="text/event-stream")
    ) as connection:
        connection.getresponse().read(100_000)
    door.ask("POST", f"/predictions/{name}/cancel")
    wait_until(lambda: door.get(name)["status"] == "canceled", "it is cancelled")


def _webhook(host: Host) -> None:
    with receiver() as there:
        door = _door(host)
        name = f"told-{time.monotonic_ns()}"
        assert door.put(name, webhook=there.url, name="a", **LARGE).status == 202
        wait_until(lambda: door.get(name)["status"] == "succeeded", "it has ended")
        wait_until(
            lambda: any(one.json()["status"] == "succeeded" for one in there.received),
            "its address is told of the end",
        )


def _large_input(host: Host) -> None:
    door = Door(host, "/cog/plain")
    assert len(door.predict(text="a" * 1_000_000)["output"]["text"]) == 1_000_000


def _large_answer(host: Host) -> None:
    assert host.predict("large", size_bytes=1_000_000, kind="json").status == 200


def _large_answer_that_nobody_reads(host: Host) -> None:
    path = "/predict/?size_bytes=50000000&kind=zeros&accept=application/octet-stream"
    connection = Door(host, "/v2/models/large").send("POST", path)
    connection.getresponse().read(1000)
    connection.close()


@pytest.mark.parametrize(
    "make",
    [
        _sync,
        _sync_by_one_who_leaves,
        _kept,
        _cancelled,
        _second_subscriber,
        _webhook,
        _large_input,
        _large_answer,
        _large_answer_that_nobody_reads,
    ],
)
def test_a_prediction_lets_go_of_its_files(host: Host, make: Callable[[Host], None]) -> None:
    _gates(host, 20)
    before = host.open_files()
    for _ in range(MANY):
        make(host)
    wait_until(lambda: set(host.open_files()) <= set(before), "its files are closed")
    wait_until(lambda: host.temporary_files() == [], "no files are left")
