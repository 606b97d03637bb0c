"""Headers that are no text, ask for what nobody knows, or describe a body that is not there."""

import itertools
import re
import socket
import struct
from collections.abc import Iterator

import pytest
from support.host import Host
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("running")

LATIN = b"\xff\xfe"

ROUTES = [
    b"GET /",
    b"GET /healthz",
    b"GET /v2/models/",
    b"POST /v2/models/plain/predict/",
    b"GET /v2/models/plain/train/",
    b"GET /swagger.json",
    b"GET /api",
    b"GET /static/swagger/swagger-ui.css",
    b"POST /cog/plain/predictions",
    b"PUT /cog/plain/predictions/an-id",
    b"GET /cog/plain/openapi.json",
    b"GET /nowhere",
    b"DELETE /v2/",
]

HEADERS = {
    b"Expect": [LATIN, b"nothing", b"100-continue, more"],
    b"If-Range": [b'"x"', LATIN],
    b"Range": [b"bytes=0-\xb2", b"bytes=5-1", b"bytes=" + b"9" * 40 + b"-", LATIN],
    b"If-None-Match": [LATIN, b"*", b'W/"\xff"'],
    b"If-Modified-Since": [LATIN, b"Thu, 99 Foo 2020", b"Thu, 01 Jan 0000 00:00:00 GMT"],
    b"Accept": [LATIN, b"text/event-stream;q=\xff", b"text/html\xff"],
    b"Accept-Encoding": [LATIN, b"gzip;q=\xff"],
    b"Cookie": [LATIN, b'a=b; \xff="'],
    b"Content-Type": [LATIN, b"text/plain; charset=idna", b"multipart/form-data; boundary=\xff"],
    b"Content-Encoding": [b"gzip", b"deflate", b"br", LATIN],
    b"Authorization": [LATIN],
    b"Last-Event-ID": [LATIN, b"9" * 40],
    b"X-Forwarded-Proto": [LATIN],
}


@pytest.fixture(scope="module")
def host(running: Host) -> Host:
    return running


@pytest.fixture(autouse=True)
def calm(host: Host) -> Iterator[None]:
    """Nothing of all this leaves a traceback."""
    logged = len(host.log())
    yield
    host.settle()
    assert "Traceback" not in host.log()[logged:]


def ask(host: Host, start: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """The answer to a request on a connection of its own."""
    lines = [
        start + b" HTTP/1.1",
        b"Host: 127.0.0.1:%d" % host.port,
        *headers,
        b"Connection: close",
        b"Content-Length: %d" % len(body),
    ]
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as sock:
        sock.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        answer = b""
        while data := sock.recv(65536):
            answer += data
            if len(answer) > 65536:
                break
        return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("route", ROUTES)
def test_no_header_makes_a_mistake_of_the_host(host: Host, route: bytes) -> None:
    logged = len(host.log())
    for name, values in HEADERS.items():
        for value in values:
            odd = name + b": " + value
            extra = [b"Range: bytes=0-1", b"X-Odd: \xff"] if name == b"If-Range" else []
            answer = ask(host, route, odd, *extra, body=b"{}")
            assert status(answer) < 500, (odd, answer)
    assert "ERROR" not in host.log()[logged:]


@pytest.mark.parametrize("route", ROUTES)
def test_what_nobody_can_expect_is_refused_in_the_shape_of_the_door(
    host: Host, route: bytes
) -> None:
    for value in HEADERS[b"Expect"]:
        answer = ask(host, route, b"Expect: " + value)
        assert status(answer) == 417, answer
        shape = b'"status":"failed"' if b" /cog/" in route else b'"error":"expectation_failed"'
        assert shape in answer


def test_http_1_0_has_no_expectations(host: Host) -> None:
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as sock:
        sock.sendall(b"GET /healthz HTTP/1.0\r\nExpect: \xff\r\n\r\n")
        assert sock.recv(1000).startswith(b"HTTP/1.0 200")


def test_a_part_of_a_runs_file_with_headers_that_are_no_text(host: Host) -> None:
    run = host_train(host)
    path = f"GET /v2/models/trains/train/{run}/files/"
    listed = wait_until(
        lambda: re.findall(rb'"path":"([^"]+)"', ask(host, path.encode())), "there is a file"
    )
    target = path.encode() + listed[0]
    for odd in (b"X-Odd: \xff", b"Cookie: \xff", b"User-Agent: \xff"):
        for condition in (b'"x"', b'"\xff"', b"\xff"):
            answer = ask(host, target, b"Range: bytes=0-1", b"If-Range: " + condition, odd)
            assert status(answer) in (200, 206), answer
    for value in itertools.chain(HEADERS[b"Range"], HEADERS[b"If-None-Match"]):
        for name in (b"Range: ", b"If-None-Match: ", b"If-Modified-Since: "):
            assert status(ask(host, target, name + value)) < 500


def host_train(host: Host) -> str:
    answer = ask(host, b"POST /v2/models/trains/train/?how=writes&text=abc")
    (found,) = re.findall(rb'"uuid":"([0-9a-f]+)"', answer)
    return str(found.decode())


# --- bodies that nobody reads ---


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_broken_body_that_nobody_wants_leaves_no_traceback(
    host: Host, route: bytes, encoding: bytes
) -> None:
    answer = ask(host, route, b"Content-Encoding: " + encoding, body=b"no such thing at all")
    assert status(answer) < 500, answer


@pytest.mark.parametrize(
    "broken",
    [
        b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST /cog/plain/predictions HTTP/1.1\r\nHost: localhost\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header\r\n\r\n",
        b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        b"\r\n\xff\xff",
    ],
)
def test_what_is_no_http_is_refused_in_the_hosts_shape(host: Host, broken: bytes) -> None:
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as sock:
        sock.sendall(broken)
        answer = sock.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status(answer) < 500, answer
    assert b"text/plain" not in head, answer
    if status(answer) >= 400:
        assert body.startswith(b'{"code":'), answer


@pytest.mark.parametrize("route", ROUTES)
def test_who_leaves_while_it_is_told_to_go_on_leaves_no_traceback(host: Host, route: bytes) -> None:
    for _ in range(10):
        sock = socket.create_connection(("127.0.0.1", host.port), timeout=30)
        sock.sendall(
            route
            + b" HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
