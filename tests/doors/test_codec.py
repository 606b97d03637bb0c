"""A door with a half in the worker: large bodies are decoded there, and results encoded."""

from __future__ import annotations

import contextlib
import json
import socket
import zlib
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.host import Host, start_host

ENTRY_POINTS = """
[deepaas.protocol]
packed = packed_door:setup
[deepaas.codec]
packed = packed_codec
lost = no_such_codec
[deepaas.protocol.options]
nobody-s = packed_options:Options
"""
MODEL = """
from webargs import fields

def get_predict_args():
    return {
        "data": fields.Str(required=True),
        "count": fields.Int(load_default=1),
        "mood": fields.Str(load_default=""),
    }

def predict(data, count, mood):
    return {"bytes": data.encode() * count, "length": len(data) * count, "mood": mood}
"""


OPTIONS = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Options:
    "Of no door."
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("packages")
    info = folder / "packed-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: packed\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    for source in (Path(__file__).parent / "packages" / "packed").glob("*.py"):
        (folder / source.name).write_text(source.read_text())
    (folder / "packed_echo.py").write_text(MODEL)
    (folder / "packed_options.py").write_text(OPTIONS)
    with start_host(["packed_echo"], "--no-ui", packages=folder) as host:
        yield host


def ask(host: Host, body: Any, query: str = "", mood: str = "calm") -> tuple[int, str, bytes]:
    """Status, media type and body of an answer."""
    packed = body if isinstance(body, bytes) else msgspec.msgpack.encode(body)
    connection = HTTPConnection("127.0.0.1", host.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", f"/packed/{query}", packed, {"X-Mood": mood})
        answer = connection.getresponse()
        if (
            answer.status == 200
        ):  # What the model made of it; a body that the host has decoded, too.
            assert answer.headers["X-Mood"] == mood
        return answer.status, answer.headers["Content-Type"], answer.read()


@pytest.mark.parametrize("size", [3, 70_000, 3_000_000])
def test_bodies_and_results_of_any_size(host: Host, size: int) -> None:
    status, media_type, answered = ask(host, {"data": "a" * size, "count": 2})
    assert (status, media_type) == (200, "application/msgpack")
    # JSON could not have carried the bytes.
    found = msgspec.msgpack.decode(answered)
    assert found == {"bytes": b"a" * size * 2, "length": size * 2, "mood": "calm"}


@pytest.mark.parametrize("size", [3, 3_000_000])
@pytest.mark.parametrize(
    ("wanted", "coding"), [("gzip", "gzip"), ("deflate", "deflate"), ("gzip, deflate", None)]
)
def test_an_answer_is_packed_for_who_asks_for_nothing_else(
    host: Host, size: int, wanted: str, coding: str | None
) -> None:
    packed = msgspec.msgpack.encode({"data": "a" * size})
    connection = HTTPConnection("127.0.0.1", host.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", "/packed/", packed, {"Accept-Encoding": wanted})
        answer = connection.getresponse()
        body = answer.read()
    assert answer.headers["Content-Encoding"] == coding
    if coding:
        assert len(body) < size // 100 + 100
        body = zlib.decompress(body, wbits=32 + zlib.MAX_WBITS)
    assert msgspec.msgpack.decode(body)["length"] == size


def test_arguments_are_checked_as_those_of_any_door(host: Host) -> None:
    status, _, answered = ask(host, {"data": "a", "count": "many"})
    assert status == 422
    assert b"count" in answered


DEEP = b"\x91" * 2_000 + b"\xc0"


@pytest.mark.parametrize(
    "body", [b"\xc1", b"\x93\x01\x02\x03", b"\xc1" * 70_000, DEEP, DEEP + b" " * 70_000]
)
def test_what_cannot_be_read_is_the_client_s_fault(host: Host, body: bytes) -> None:
    for query in ("", "?worker"):
        status, _, answered = ask(host, body, query)
        assert status == 400
        assert b"Traceback" not in answered


@pytest.mark.parametrize("name", ["lost", "none"])
def test_a_codec_that_is_not_there_is_the_operator_s_fault(host: Host, name: str) -> None:
    status, _, answered = ask(host, {"data": "a"}, f"?codec={name}")
    assert status == 500
    assert f"the codec of the protocol '{name}'".encode() in answered
    assert b"no_such_codec" not in answered
    if name == "lost":
        host.wait_for_log("no_such_codec")
    assert ask(host, {"data": "a"})[0] == 200


@pytest.mark.parametrize("path", ["broken", "short"])
def test_an_answer_that_stops_short_is_broken_off(host: Host, path: str) -> None:
    """Whether its handler raises or just returns: what follows is not taken for the rest."""
    head = b"Host: localhost\r\nContent-Length: 0\r\n\r\n"
    requests = f"POST /packed/{path} HTTP/1.1\r\n".encode() + head
    with socket.create_connection(("127.0.0.1", host.port), timeout=60) as connection:
        connection.sendall(requests + b"GET /healthz HTTP/1.1\r\n" + head)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while data := connection.recv(65536):
                received += data
    assert received.count(b"HTTP/1.1") == 1
    assert b"ZeroDivision" not in received
    if path == "broken":
        host.wait_for_log("failed while the response was being sent")
    assert ask(host, {"data": "a"})[0] == 200


@pytest.mark.parametrize("path", ["nothing", "odd"])
def test_a_door_s_mistake_is_the_host_s_and_harms_no_worker(host: Host, path: str) -> None:
    restarts = host.readiness("packed_echo")["restarts_count"]
    connection = HTTPConnection("127.0.0.1", host.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", f"/packed/{path}")
        answer = connection.getresponse()
        told = json.loads(answer.read())
    assert (answer.status, told["message"]) == (500, "internal error in the host")
    host.wait_for_log(told["id"])
    assert ask(host, {"data": "a"})[0] == 200
    assert host.readiness("packed_echo")["restarts_count"] == restarts


@pytest.mark.parametrize("body", [{1: 2}, {"data": "x", 1: 2}, {None: 1}, {b"data": "x"}])
def test_names_of_arguments_are_texts(host: Host, body: Any) -> None:
    restarts = host.readiness("packed_echo")["restarts_count"]
    for query in ("", "?worker"):
        assert ask(host, body, query)[0] in (200, 400, 422)
    assert ask(host, body)[0] == 400
    assert host.readiness("packed_echo")["restarts_count"] == restarts


def test_options_of_no_door_are_told_of(host: Host) -> None:
    host.wait_for_log("there are options for the door 'nobody-s', but no door with this name")


@pytest.mark.parametrize("mood", ["text", "header", "none", "piece", "told", "untold"])
def test_what_a_codec_makes_is_looked_at(host: Host, mood: str) -> None:
    restarts = host.readiness("packed_echo")["restarts_count"]
    status, _, answered = ask(host, {"data": "a"}, mood=mood)
    assert status == 500
    assert b"the model's result cannot be sent" in answered
    assert ask(host, {"data": "a"})[0] == 200
    assert host.readiness("packed_echo")["restarts_count"] == restarts


def test_what_a_codec_refuses_the_client_is_told(host: Host) -> None:
    status, _, answered = ask(host, {"data": "a"}, mood="refused")
    assert (status, json.loads(answered)["message"]) == (400, "it cannot be had in that mood")
