"""Streams that nobody reads cost little memory each, and end."""

from collections.abc import Iterator

import psutil
import pytest
from support.host import MODELS, Host, start_host
from support.storm_size import Size
from support.waiting import wait_until

from .unread import EVENTS, ask, printed_run, settled_kb, streams

KILOBYTES_EACH = 200
OF_ALL_KILOBYTES = 4 * 1024
"""What the allocator takes and gives back: two runs differ by as much."""


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(["trains"], "--send-timeout=20", max_peak_mb=400) as host:
        yield host


@pytest.fixture(scope="module")
def run(host: Host) -> str:
    """A training that has printed 2 MB."""
    return printed_run(host)


@pytest.mark.parametrize("what", ["logs", "events"])
def test_unread_streams_of_a_training_are_small(
    host: Host, run: str, what: str, size: Size
) -> None:
    count = size(100, 1000)
    assert host.get(f"{run}/{what}", headers={"Accept": "text/event-stream"}).size > 2_000_000
    for sock in streams(host, f"{run}/{what}", 20):
        sock.close()
    # What the first ones take stays, and is not of each.
    before = settled_kb(host)
    socks = streams(host, f"{run}/{what}", count)
    grown = settled_kb(host) - before
    for sock in socks:
        sock.close()
    most = KILOBYTES_EACH * count + OF_ALL_KILOBYTES
    assert grown < most, f"{grown / count:.0f} KB for each"
    wait_until(lambda: host.get("/healthz").status == 200, "all is well")


@pytest.mark.parametrize("door", ["v2", "cog"])
def test_unread_streams_of_predictions_are_small(door: str, size: Size) -> None:
    count = size(40, 400)
    start = "/v2/models/sized/predict/" if door == "v2" else "/cog/sized/predictions"
    typed = f"sized={MODELS / 'typed' / 'floods.py'}:Floods"
    body = b'{"size": 20000, "count": 100}'
    if door == "cog":
        body = b'{"input": %s}' % body
    headers = EVENTS + b"Content-Type: application/json\r\n"
    options = ("--model-name", typed, "--workers=2", "--send-timeout=20")
    with start_host([], *options, max_peak_mb=400) as host:
        with ask(host, f"POST {start}", headers=headers, body=body) as first:
            # What a door imports for its first request stays, and is not of each.
            assert first.recv(20).startswith(b"HTTP/1.1 200")
        before = settled_kb(host)
        socks = [ask(host, f"POST {start}", headers=headers, body=body) for _ in range(count)]
        for sock in socks:
            assert sock.recv(20).startswith(b"HTTP/1.1 200")
        grown = settled_kb(host) - before
        for sock in socks:
            sock.close()
        most = KILOBYTES_EACH * count + OF_ALL_KILOBYTES
        assert grown < most, f"{grown / count:.0f} KB for each"


def test_a_stream_that_nobody_reads_ends() -> None:
    with start_host(["trains"], "--send-timeout=2") as short:
        path = printed_run(short)
        own = psutil.Process(short.process.pid)
        unread = [ask(short, f"GET {path}/logs", headers=EVENTS) for _ in range(10)]
        wait_until(lambda: own.num_fds() > 25, "they are open")
        read = ask(short, f"GET {path}/logs", headers=EVENTS)
        size = 0
        while data := read.recv(65536):  # As fast as it comes: others do not hold it up.
            size += len(data)
        assert size > 2_000_000
        mine = {sock.getsockname() for sock in unread}
        wait_until(
            lambda: not any(tuple(c.raddr) in mine for c in own.net_connections()), "they are left"
        )
        for sock in unread:
            sock.close()
