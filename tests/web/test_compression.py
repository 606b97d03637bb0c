"""JSON and text are compressed for those who accept it; the host sends what they can read."""

from __future__ import annotations

import contextlib
import gzip
import json
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from http.client import HTTPConnection

import pytest
from support import client
from support.host import Host, start_host

from deepaas.codings import chosen
from deepaas.web import compression

BOTH = ("zstd", "gzip")

LONG, IN_A_FILE = 50_000, 5_000_000


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(["large", "plain"], "--no-ui", "--no-train-endpoint") as started:
        yield started


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate", "gzip"),
        ("br", ""),
        ("*", "zstd"),
        ("gzip;q=0", ""),
        ("gzip; q=0.000", ""),
        ("gzip;q=0, *", "zstd"),
        ("*;q=0", ""),
        ("*;q=0, gzip", "gzip"),
        ("zstd;q=0.1, gzip;q=0.9", "gzip"),
        ("zstd;q=0.9, gzip;q=0.1", "zstd"),
        ("identity", ""),
        ("identity, gzip;q=0.5", ""),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity;q=0", ""),
        ("gzip;q=2", ""),
        ("gzip;q=", ""),
        ("gzip;quality=1", ""),
        ("gzipped", ""),
        ("gzip;q=0, gzip", ""),
        (",,gzip,,", "gzip"),
        ("a" * 100_000 + ",gzip", ""),
    ],
)
def test_what_a_client_accepts(accepted: str, coding: str) -> None:
    assert chosen(accepted, BOTH) == coding


def get(host: Host, path: str, accepted: str = "", method: str = "GET") -> client.Answer:
    headers = {"Accept-Encoding": accepted} if accepted else {}
    return client.request(host.port, method, path, headers=headers)


def large(size: int, **more: str) -> str:
    return client.path_of("large", {"size_bytes": size, "kind": "json", **more})


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/openapi.json", "GET"),
        ("/swagger.json", "GET"),
        (large(LONG), "POST"),
        (large(IN_A_FILE), "POST"),
    ],
)
def test_compressed_for_those_who_accept_it(host: Host, path: str, method: str) -> None:
    plain = get(host, path, method=method)
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["vary"]
    packed = get(host, path, "gzip", method)
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert packed.size < plain.size / 3
    assert packed.headers["content-type"] == plain.headers["content-type"]
    assert json.loads(gzip.decompress(packed.body)) is not None
    if plain.size < client.KEPT_BYTES:
        assert gzip.decompress(packed.body) == plain.body
    else:
        assert len(gzip.decompress(packed.body)) == plain.size
    for accepted in ("gzip;q=0", "identity", "br", "deflate"):
        assert get(host, path, accepted, method).sha256 == plain.sha256, accepted


def test_what_is_not_compressed(host: Host) -> None:
    octets = "application/octet-stream"
    path = client.path_of("large", {"size_bytes": LONG, "kind": "zeros", "accept": octets})
    headers = {"Accept": octets, "Accept-Encoding": "gzip, zstd"}
    answer = client.request(host.port, "POST", path, headers=headers)
    assert answer.size == LONG and "content-encoding" not in answer.headers
    small = get(host, client.path_of("plain"), "gzip", "POST")
    assert "content-encoding" not in small.headers
    with contextlib.closing(HTTPConnection("127.0.0.1", host.port)) as connection:
        connection.request("HEAD", "/openapi.json", headers={"Accept-Encoding": "gzip"})
        head = connection.getresponse()
        assert head.headers["Content-Encoding"] is None and head.read() == b""
        assert int(head.headers["Content-Length"]) == get(host, "/openapi.json").size


def test_errors_too(host: Host) -> None:
    answer = get(host, f"/v2/models/{'x' * 3000}/", "gzip")
    assert answer.status == 404 and answer.headers["content-encoding"] == "gzip"
    assert b"x" * 3000 in gzip.decompress(answer.body)


def unpackers() -> dict[str, Callable[[bytes], bytes]]:
    found: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.decompress,
        "deflate": zlib.decompress,
    }
    if "zstd" in compression.offered():
        name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
        found["zstd"] = pytest.importorskip(name).decompress
    return found


@pytest.mark.parametrize("size", [0, 1, 1000, 3_000_000])
def test_what_is_compressed_is_the_same(size: int) -> None:
    data = (b'{"a": 1}' * size)[:size]
    for coding, unpack in unpackers().items():
        encoder = compression.Encoder(coding)
        pieces = [encoder.encode(data[i : i + 65_536]) for i in range(0, size, 65_536)]
        assert unpack(b"".join([*pieces, encoder.end()])) == data, coding


async def test_the_loop_is_not_held_up() -> None:
    body = json.dumps([number * 0.37 for number in range(2_000_000)]).encode()
    before = time.thread_time()
    packed = await compression.encoded("gzip", body)
    assert time.thread_time() - before < 0.05
    assert len(packed) < len(body) / 2
