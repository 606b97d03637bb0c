"""Many clients, clients that leave, clients that are slow."""

import asyncio
import json
import resource
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import aiohttp
import pytest
from support.client import BOUNDARY, Upload, frame_of, path_of
from support.content import MB
from support.host import Host, start_host
from support.lasting import Since
from support.shape import assert_failure
from support.storm_size import Size
from support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("since")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """One for nearly all of these tests, which leave it whole; one call may wait."""
    models = ["gated", "blocks", "echo", "large", "plain"]
    with start_host(models, "--queue-size", "1", "--cancel-grace", "0.5") as host:
        yield host


def test_a_full_queue_refuses_and_goes_on(host: Host, since: Since) -> None:
    first = host.begin("gated", label="first", gate="full")
    wait_until(lambda: "start first" in since.journal(), "the first call runs")
    second = host.begin("gated", label="second", gate="full")
    host.settle()
    refused = host.predict("gated", label="third")  # At once: the gate is still closed.
    assert_failure(refused, 503)
    assert int(refused.headers["retry-after"]) >= 1
    host.touch("full")
    assert first.result().status == second.result().status == 200
    assert host.predict("gated", label="fourth").status == 200
    assert "start third" not in since.journal()


def test_no_queue_at_all() -> None:
    with start_host(["gated"], "--queue-size", "0") as host:
        first = host.begin("gated", label="first", gate="open")
        wait_until(lambda: "start first" in host.journal(), "the first call runs")
        assert_failure(host.predict("gated", label="second"), 503)
        host.touch("open")
        assert first.result().status == 200
        assert host.predict("gated", label="third").status == 200


async def test_a_thousand_clients_at_once(size: Size) -> None:
    count = size(300, 1000)
    with start_host(["plain"], "--queue-size", "2000", "--workers", "2") as host:
        answers = await _many(host, count)
        assert Counter(status for status, _ in answers) == {200: count}
        texts = {json.loads(body)["predictions"]["text"] for _, body in answers}
        assert texts == {str(number) for number in range(count)}


async def test_a_thousand_clients_and_a_short_queue(host: Host, size: Size) -> None:
    answers = await _many(host, size(300, 1000))
    counts = Counter(status for status, _ in answers)
    assert set(counts) <= {200, 503}
    assert counts[200] >= 2
    assert all(json.loads(body)["message"] for status, body in answers if status == 503)


def test_a_client_that_leaves_takes_its_queued_call_with_it(host: Host, since: Since) -> None:
    first = host.begin("gated", label="first", gate="left")
    wait_until(lambda: "start first" in since.journal(), "the first call runs")
    with _asking(host, "leaver", Upload(MB)):
        wait_until(lambda: _queued_count(host, "gated") == 1, "the next one waits")
    wait_until(lambda: _queued_count(host, "gated") == 0, "it waits no more")
    host.touch("left")
    assert first.result().status == 200
    assert host.predict("gated", label="last").status == 200
    labels = [line for line in since.journal() if line.startswith("start")]
    assert labels == ["start first", "start last"]
    wait_until(lambda: not host.temporary_files(), "the leaver's upload is gone")


def _queued_count(host: Host, model: str) -> int:
    return int(host.readiness(model)["queued_count"])


def test_a_client_that_leaves_does_not_hold_the_worker(host: Host, since: Since) -> None:
    with _asking(host, "leaver", Upload(MB), gate="never"):
        wait_until(lambda: "start leaver" in since.journal(), "the call runs")
    assert host.predict("gated", label="next", timeout=20).status == 200
    assert "end leaver" not in since.journal()
    wait_until(lambda: not host.temporary_files(), "the leaver's upload is gone")


@pytest.mark.parametrize("how", ["stubborn", "regex", "stopped"])
def test_a_client_that_leaves_a_call_that_cannot_be_interrupted(
    host: Host, since: Since, how: str
) -> None:
    with _connected(host) as connection:
        connection.sendall(_head(path_of("blocks", {"how": how})))
        wait_until(lambda: how in since.journal(), "the call runs")
    assert host.predict("blocks", how="nothing", timeout=20).status == 200


def test_half_an_upload(host: Host) -> None:
    upload = Upload(10 * MB)
    with _connected(host) as connection:
        connection.sendall(_head(path_of("echo"), upload))
        connection.sendall(frame_of(upload)[0] + bytes(5 * MB))
        wait_until(host.temporary_files, "the upload is on disk")
        # Whoever is slow to send does not keep the worker from others.
        assert host.predict("echo", upload=Upload(10)).status == 200
    wait_until(lambda: not host.temporary_files(), "the half upload is gone")


def test_half_a_result(host: Host, size: Size) -> None:
    arguments = {"size_bytes": size(60, 300) * MB, "accept": "application/octet-stream"}
    connection = HTTPConnection("127.0.0.1", host.port, timeout=30)
    connection.request("POST", path_of("large", arguments))
    response = connection.getresponse()
    assert len(response.read(MB)) == MB
    # Whoever is slow to read does not keep the worker from others.
    assert host.predict("large", size_bytes=10, kind="json").status == 200
    response.close()
    connection.close()
    wait_until(lambda: not host.temporary_files(), "the result is gone")
    assert host.predict("large", size_bytes=10, kind="json").status == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
def test_garbage(host: Host, since: Since, garbage: bytes) -> None:
    with _connected(host) as connection:
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        answer = _all_of(connection)
    assert b" 500 " not in answer.split(b"\r\n", 1)[0]
    assert host.predict("plain").status == 200
    assert "Traceback" not in since.log()


async def _many(host: Host, count: int) -> list[tuple[int, bytes]]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=90)
    try:
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            return list(await asyncio.gather(*(_one(session, host, n) for n in range(count))))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _one(session: aiohttp.ClientSession, host: Host, number: int) -> tuple[int, bytes]:
    url = host.url + path_of("plain", {"text": str(number)})
    async with session.post(url) as response:
        return response.status, await response.read()


@contextmanager
def _connected(host: Host) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as connection:
        yield connection


@contextmanager
def _asking(host: Host, label: str, upload: Upload, gate: str = "") -> Iterator[socket.socket]:
    """A client that has sent a whole call and leaves at the end of the block."""
    with _connected(host) as connection:
        head, tail = frame_of(upload)
        path = path_of("gated", {"label": label, "gate": gate})
        connection.sendall(_head(path, upload) + head + bytes(upload.size) + tail)
        yield connection


def _head(path: str, upload: Upload | None = None) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1"]
    if upload is None:
        lines.append("Content-Length: 0")
    else:
        length = sum(map(len, frame_of(upload))) + upload.size
        lines.append(f"Content-Length: {length}")
        lines.append(f"Content-Type: multipart/form-data; boundary={BOUNDARY}")
    return "\r\n".join([*lines, "", ""]).encode()


def _all_of(connection: socket.socket) -> bytes:
    received = b""
    try:
        while block := connection.recv(65536):
            received += block
    except ConnectionResetError:
        pass
    return received
