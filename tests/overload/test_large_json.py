"""Large bodies at Cog's door, and their brothers: little memory, and nobody else waits."""

import base64
import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest
from support import processes
from support.host import Host
from support.loop_watch import MAX_MS, LoopWatch, watched_host
from support.storm_size import Size
from support.waiting import wait_until

Watched = tuple[Host, LoopWatch]

MB = 1024 * 1024
MAX_GROWTH_MB = 40.0
SECONDS = 600


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with watched_host(["plain", "echo", "trains"], "--no-ui") as both:
        yield both


@pytest.fixture(autouse=True)
def bounded(watched: Watched) -> Iterator[None]:
    host, loop = watched
    before = processes.peak_mb(host.process.pid)
    loop.mark()
    yield
    assert processes.peak_mb(host.process.pid) - before < MAX_GROWTH_MB
    assert loop.longest_ms() < MAX_MS, loop.slow()
    wait_until(lambda: host.temporary_files() == [], "no files are left")
    assert "Traceback" not in host.log()


def send(
    host: Host, path: str, body: bytes, method: str = "POST", **headers: str
) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", host.port, timeout=SECONDS)
    named = {"Content-Type": "application/json"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        connection.close()


def together(
    host: Host, count: int, path: str, body: bytes, **headers: str
) -> list[tuple[int, bytes]]:
    with ThreadPoolExecutor(count) as threads:
        asked = [threads.submit(lambda: send(host, path, body, **headers)) for _ in range(count)]
        return [one.result() for one in asked]


def text(size_bytes: int) -> bytes:
    return b'{"input":{"text":"%s"}}' % (b"a" * size_bytes)


def test_six_large_bodies_at_once(watched: Watched, size: Size) -> None:
    host, _ = watched
    count_bytes = size(8, 90) * MB
    answers = together(host, size(3, 6), "/cog/plain/predictions", text(count_bytes))
    for status, body in answers:
        assert status == 200
        assert json.loads(body)["output"] == {"text": "a" * count_bytes}


def test_six_small_gzip_bodies_that_become_large(watched: Watched, size: Size) -> None:
    host, _ = watched
    body = gzip.compress(text(size(24, 90) * MB))
    answers = together(host, size(3, 6), "/cog/plain/predictions", body, Content_Encoding="gzip")
    assert {status for status, _ in answers} == {413}


def test_an_object_of_very_many_names(watched: Watched, size: Size) -> None:
    host, _ = watched
    many = ",".join(f'"{number:07}":1' for number in range(size(400_000, 5_000_000)))
    for body in (f'{{"input":{{{many}}}}}', f'{{"input":{{"text":{{{many}}}}}}}', f"{{{many}}}"):
        status, said = send(host, "/cog/plain/predictions", body.encode())
        assert status in (200, 422), said[:300]


@pytest.mark.parametrize(
    ("value", "small"),
    # To decode so many takes a multiple of what a callback may take.
    [
        ("[]", 1_000_000),
        ("{}", 1_000_000),
        ("1e999", 1_000_000),
        ('"\\u00e9"', 1_000_000),
        ("[[1,2],[3,4]]", 300_000),
    ],
)
def test_a_list_of_very_many_values(watched: Watched, size: Size, value: str, small: int) -> None:
    host, _ = watched
    many = ",".join([value] * size(small, 5_000_000))
    status, said = send(host, "/cog/plain/predictions", f'{{"input":{{"text":[{many}]}}}}'.encode())
    assert status in (400, 422), said[:300]


def test_the_same_is_true_of_kept_predictions_and_what_is_told_of_them(
    watched: Watched, size: Size
) -> None:
    host, _ = watched
    count_bytes = size(8, 90) * MB
    path = "/cog/plain/predictions/a-large-one"
    status, _said = send(host, path, text(count_bytes), "PUT", Prefer="respond-async")
    assert status == 202
    told: dict[str, Any] = {}

    def has_ended() -> bool:
        connection = HTTPConnection("127.0.0.1", host.port, timeout=SECONDS)
        connection.request("GET", path)
        told.update(json.loads(connection.getresponse().read()))
        connection.close()
        return bool(told["status"] == "succeeded")

    wait_until(has_ended, "it has succeeded", SECONDS)
    assert told["input"] == {"text": "a" * count_bytes}
    assert told["output"] == {"text": "a" * count_bytes}


def test_a_file_in_a_data_url(watched: Watched, size: Size) -> None:
    host, _ = watched
    content = b"\0" * (size(8, 60) * MB)
    url = "data:image/png;base64," + base64.b64encode(content).decode()
    body = json.dumps({"input": {"data": url}}).encode()
    for status, said in together(host, 3, "/cog/echo/predictions", body):
        assert status == 200, said[:300]
        assert json.loads(said)["output"]["size"] == len(content)


def test_a_large_training(watched: Watched, size: Size) -> None:
    host, _ = watched
    many = ",".join(f'"{number:07}":1' for number in range(size(400_000, 5_000_000)))
    body = f'{{"input":{{{many}}}}}'.encode()
    status, said = send(host, "/cog/trains/trainings", body, Prefer="respond-async")
    assert status in (202, 422), said[:300]


def test_large_json_at_the_other_door(watched: Watched, size: Size) -> None:
    host, _ = watched
    body = json.dumps({"text": "a" * (size(8, 90) * MB)}).encode()
    for status, said in together(host, 3, "/v2/models/plain/predict/", body):
        assert status == 200, said[:300]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"input":{"text":"%s"' % (b"a" * MB), "Failed to parse the request body as JSON: "),
        (b"[" * MB, "Failed to deserialize the JSON body into the target type: "),
        (b'{"input":' * 20000 + b"1" + b"}" * 20000, "Failed to parse the request body as JSON: "),
        (b'{"input":{"text":%s}}' % (b"1" * MB), ""),
        (b'{"id":1,"input":{"text":"%s"}}' % (b"a" * MB), "Failed to deserialize the JSON body"),
        (b'{"id":"%s","input":{}}' % (b"a" * MB), "the id must be"),
        (b'{"context":{"a":"%s"},"input":{}}' % (b"a" * MB), "the context"),
        (b'{"webhook_events_filter":["%s"],"input":{}}' % (b"a" * MB), "Failed to deserialize"),
    ],
)
def test_what_is_wrong_with_a_large_body_is_told(watched: Watched, body: bytes, said: str) -> None:
    host, _ = watched
    status, answer = send(host, "/cog/plain/predictions", body)
    assert status in (400, 413, 422), answer[:300]
    assert answer.decode().startswith(said)
    assert len(answer) < 100_000


def test_a_client_that_leaves_while_its_body_is_read(watched: Watched) -> None:
    host, _ = watched
    many = ",".join(f'"{number:07}":1' for number in range(500_000))
    connection = HTTPConnection("127.0.0.1", host.port, timeout=SECONDS)
    body = f'{{"input":{{{many}}}}}'.encode()
    connection.putrequest("POST", "/cog/plain/predictions")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:-1])
    wait_until(lambda: host.temporary_files() != [], "it is being received")
    connection.send(body[-1:])
    connection.close()
    assert send(host, "/cog/plain/predictions", text(100_000))[0] == 200
