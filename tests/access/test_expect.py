"""Whoever is refused sends no body: `100 Continue` comes when a handler wants to read it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.waiting import wait_until

from deepaas.access.principal import Right

from .conftest import Closed, add_key
from .test_every_route import OPEN, filled

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
JSON = "Content-Type: application/json"
LENGTH = "Content-Length: 1000000"
CHUNKED = "Transfer-Encoding: chunked"


class Line:
    """A connection that says what comes, in order."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._file = line.makefile("rb")

    def head(self, method: str, path: str, *headers: str) -> None:
        """Announce a body."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Expect: 100-continue", *headers]
        self.send("\r\n".join([*lines, "", ""]).encode())

    def send(self, data: bytes) -> None:
        self._line.sendall(data)

    def status(self) -> int:
        """The next head."""
        first = self._file.readline()
        headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        self.body = self._file.read(int(headers.get("content-length", 0)))
        return int(first.split()[1])

    def leave(self) -> None:
        self._file.close()


@contextmanager
def line_to(closed: Closed) -> Iterator[Line]:
    with socket.create_connection(("127.0.0.1", closed.host.port), timeout=60) as connection:
        line = Line(connection)
        try:
            yield line
        finally:
            line.leave()


def first_status(closed: Closed, method: str, path: str, *headers: str) -> int:
    with line_to(closed) as line:
        line.head(method, path, *headers)
        return line.status()


def key(closed: Closed, name: str) -> str:
    return f"Authorization: Bearer {closed.keys.get(name, name)}"


def test_every_route_refuses_before_the_body(closed: Closed) -> None:
    told = {}
    for method, template in closed.routes:
        if method in ("POST", "PUT", "PATCH", "DELETE") and template not in OPEN:
            path = filled(template)
            told[method, template] = [
                first_status(closed, method, path, LENGTH),
                first_status(closed, method, path, CHUNKED, "X-API-Key: wrong"),
                first_status(closed, method, path, LENGTH, key(closed, "nothing")),
            ]
    assert len(told) > 20
    assert {one: statuses for one, statuses in told.items() if statuses != [401, 401, 403]} == {}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/nowhere", (LENGTH,), 404),
        ("PUT", "/v2/models/plain/predict/", (LENGTH,), 405),
        ("POST", "/v2/models/nobody/predict/", (LENGTH, JSON), 404),
        ("POST", "/cog/nobody/predictions", (LENGTH, JSON), 404),
        ("POST", "/oip/v2/models/nobody/infer", (LENGTH, JSON), 404),
        ("POST", "/v2/models/plain/predict/", ("Content-Length: 9000000000000", JSON), 413),
        ("POST", "/cog/plain/predictions", ("Content-Length: 9000000000000", JSON), 413),
        ("POST", "/oip/v2/models/plain/infer", ("Content-Length: 9000000000000", JSON), 413),
        ("POST", "/cog/plain/predictions", (LENGTH, "Content-Type: text/plain"), 415),
    ],
)
def test_what_can_be_known_is_said_before_the_body(
    method: str, path: str, headers: tuple[str, ...], status: int, closed: Closed
) -> None:
    assert first_status(closed, method, path, *headers, key(closed, "all")) == status


def test_a_call_too_many_sends_no_body(closed: Closed) -> None:
    secret = add_key(closed.file, "once", [Right.PREDICT], limits="1/hour")
    path, body = "/v2/models/plain/predict/", b"{}"
    wait_until(lambda: closed.ask("/v2/models/plain/queue", secret).status == 200, "it is known")
    with line_to(closed) as line:
        line.head("POST", path, JSON, "Content-Length: 2", key(closed, secret))
        assert line.status() == 100
        line.send(body)
        assert line.status() == 200
        line.head("POST", path, JSON, "Content-Length: 2", key(closed, secret))
        assert line.status() == 429


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v2/models/plain/predict/", {"text": "hi"}, 200),
        ("/cog/plain/predictions", {"input": {"text": "hi"}}, 200),
        ("/oip/v2/models/plain/infer", {"inputs": []}, 200),
    ],
)
@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_that_is_wanted_is_invited_once(
    path: str,
    body: dict[str, object],
    status: int,
    waits: bool,
    is_chunked: bool,
    closed: Closed,
) -> None:
    data = json.dumps(body).encode()
    size = CHUNKED if is_chunked else f"Content-Length: {len(data)}"
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if is_chunked else data
    with line_to(closed) as line:
        for _ in range(2):  # On one connection: nothing is left over.
            line.head("POST", path, JSON, size, key(closed, "all"))
            if waits:
                assert line.status() == 100
            line.send(sent)
            told = line.status()
            assert (line.status() if told == 100 else told) == status


def test_a_form_that_comes_in_pieces(closed: Closed) -> None:
    head = b"--b\r\nContent-Disposition: form-data; name=text\r\n\r\n"
    with line_to(closed) as line:
        line.head(
            *("POST", "/v2/models/plain/predict/", key(closed, "all"), CHUNKED),
            "Content-Type: multipart/form-data; boundary=b",
        )
        for piece in (head, b"hello", b"\r\n--b--\r\n"):
            if piece is head:
                assert line.status() == 100
            line.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        line.send(b"0\r\n\r\n")
        assert line.status() == 200
        assert b"hello" in line.body
