"""Bodies that are made to cost more than they weigh: what is refused is not worked on."""

import contextlib
import functools
import gzip
import socket
import zlib
from collections.abc import Iterator

import psutil
import pytest
from support.host import Host
from support.loop_watch import MAX_MS, LoopWatch, watched_host
from support.storm_size import Size

Watched = tuple[Host, LoopWatch]

GZIP, DEFLATE = 31, 15
FORM = "multipart/form-data; boundary=b"
PREDICT = "/v2/models/echo/predict/"
NOWHERE = "/nowhere"

MAX_CPU_SECONDS = 0.8
"""What one request may cost the host in all; on the old code it was 2 s and more."""


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with watched_host(["echo"], "--no-ui") as both:
        yield both


@functools.cache
def _packed(window: int, size_bytes: int) -> bytes:
    return _bomb(zlib.compressobj(6, zlib.DEFLATED, window), size_bytes)


def _bomb(packer: "zlib._Compress", size_bytes: int) -> bytes:
    block = bytes(4 * 1024 * 1024)
    pieces = [packer.compress(block) for _ in range(size_bytes // len(block))]
    return b"".join([*pieces, packer.flush()])


def ask(host: Host, head: str, body: bytes) -> bytes:
    """Send all of a request, whatever comes meanwhile; the answer until the connection closes."""
    with socket.create_connection(("127.0.0.1", host.port), timeout=60) as connection:
        lines = f"{head}\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        answer = b""
        with contextlib.suppress(OSError):  # It has been refused already.
            connection.sendall(lines.encode() + body)
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                answer += chunk
        return answer


def _cost(host: Host) -> float:
    spent = psutil.Process(host.process.pid).cpu_times()
    return float(spent.user + spent.system)


def check(watched: Watched, head: str, body: bytes, status: int) -> bytes:
    host, loop = watched
    host.settle()
    loop.mark()
    before = _cost(host)
    answer = ask(host, head, body)
    host.settle()
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:300]
    assert _cost(host) - before < MAX_CPU_SECONDS
    assert loop.longest_ms() < MAX_MS, loop.slow()
    assert host.temporary_files() == []
    assert "Traceback" not in host.log()
    return answer


def post(path: str, media_type: str, *headers: str) -> str:
    lines = [f"POST {path} HTTP/1.1", f"Content-Type: {media_type}", "Connection: close"]
    return "\r\n".join([*lines, *headers])


def test_the_rest_of_a_refused_gzip_body_is_not_unpacked(watched: Watched, size: Size) -> None:
    body = _packed(GZIP, size(100, 2048) * 1024 * 1024)
    head = post(PREDICT, "application/json", "Content-Encoding: gzip")
    answer = check(watched, head, body, 413)
    assert b"unpacks_too_much" in answer


@pytest.mark.parametrize("path", [NOWHERE, "/v2/models/echo/predict/", "/cog/echo/predictions"])
def test_a_refusal_whose_body_has_not_come_closes_the_connection(
    watched: Watched, path: str
) -> None:
    host, _ = watched
    with socket.create_connection(("127.0.0.1", host.port), timeout=60) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\na".encode())
        answer = b""
        while chunk := connection.recv(65536):  # Until it is closed.
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize(
    ("path", "status"), [(NOWHERE, 404), ("/healthz", 405), ("/v2/models/nobody/predict/", 404)]
)
def test_what_nobody_reads_is_not_unpacked(
    watched: Watched, size: Size, path: str, status: int
) -> None:
    body = _packed(GZIP, size(100, 2048) * 1024 * 1024)
    check(watched, post(path, "application/json", "Content-Encoding: gzip"), body, status)


@pytest.mark.parametrize("path", [PREDICT, "/cog/echo/predictions"])
def test_deflate_is_bounded_as_gzip_is(watched: Watched, size: Size, path: str) -> None:
    body = _packed(DEFLATE, size(100, 2048) * 1024 * 1024)
    check(watched, post(path, "application/json", "Content-Encoding: deflate"), body, 413)


def test_a_form_that_is_packed_is_bounded(watched: Watched, size: Size) -> None:
    packer = zlib.compressobj(6, zlib.DEFLATED, GZIP)
    head = packer.compress(b'--b\r\nContent-Disposition: form-data; name="data"\r\n\r\n')
    body = head + _bomb(packer, size(100, 2048) * 1024 * 1024)
    check(watched, post(PREDICT, FORM, "Content-Encoding: gzip"), body, 413)


def test_lines_before_the_first_part_of_a_form(watched: Watched, size: Size) -> None:
    body = b"\r\n" * (size(8, 25) * 1024 * 1024)
    check(watched, post(PREDICT, FORM), body, 400)


def test_lines_like_boundaries_before_the_first_part_of_a_form(
    watched: Watched, size: Size
) -> None:
    body = b"--bx\r\n" * (size(2, 8) * 1024 * 1024)
    check(watched, post(PREDICT, FORM), body, 400)


def test_what_stands_behind_the_last_part_is_not_looked_at(watched: Watched, size: Size) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="data"\r\n\r\n1\r\n--b--\r\n'
    body = part + b"\r\n" * (size(8, 25) * 1024 * 1024)
    check(watched, post(PREDICT, FORM), body, 422)


def test_a_form_of_very_many_small_parts(watched: Watched, size: Size) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    check(watched, post(PREDICT, FORM), part * size(100_000, 500_000) + b"--b--\r\n", 400)


def test_parts_with_very_long_heads(watched: Watched) -> None:
    head = b"X-A: " + b"a" * 8000 + b"\r\n"
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n' + head * 120 + b"\r\n1\r\n"
    check(watched, post(PREDICT, FORM), part * 12 + b"--b--\r\n", 422)


def test_parts_in_parts_are_refused(watched: Watched, size: Size) -> None:
    inner = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n"
    check(watched, post(PREDICT, FORM), inner * size(10_000, 100_000), 400)


def test_a_body_in_chunks_of_one_byte(watched: Watched, size: Size) -> None:
    count = size(200_000, 1_000_000)
    body = b"1\r\na\r\n" * count + b"0\r\n\r\n"
    host, loop = watched
    loop.mark()
    with socket.create_connection(("127.0.0.1", host.port), timeout=60) as connection:
        head = post(PREDICT, "text/plain", "Transfer-Encoding: chunked", "Host: localhost")
        with contextlib.suppress(OSError):
            connection.sendall(f"{head}\r\n\r\n".encode() + body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 415 ")
    host.settle()
    assert loop.longest_ms() < MAX_MS, loop.slow()


def test_a_body_that_is_packed_twice_is_not_unpacked(watched: Watched) -> None:
    body = gzip.compress(_packed(GZIP, 100 * 1024 * 1024))
    head = post(PREDICT, "application/json", "Content-Encoding: gzip, gzip")
    host, loop = watched
    loop.mark()
    assert ask(host, head, body).startswith(b"HTTP/1.1 4")
    assert loop.longest_ms() < MAX_MS, loop.slow()


def test_gzip_of_very_many_members_with_nothing_in_them(watched: Watched, size: Size) -> None:
    body = gzip.compress(b"") * (size(2, 20) * 1024 * 1024 // 20)
    host, loop = watched
    host.settle()
    loop.mark()
    head = post(PREDICT, "application/json", "Content-Encoding: gzip")
    assert ask(host, head, body).startswith(b"HTTP/1.1 4")
    assert loop.longest_ms() < MAX_MS, loop.slow()


def test_a_head_that_names_very_many_media_types(watched: Watched) -> None:
    host, loop = watched
    host.settle()
    loop.mark()
    accepts = [f"Accept: {'a,' * 4000}" for _ in range(115)]
    head = "\r\n".join(["POST /v2/models/echo/predict/ HTTP/1.1", "Connection: close", *accepts])
    assert ask(host, head, b"").startswith(b"HTTP/1.1 4")
    assert loop.longest_ms() < MAX_MS, loop.slow()


@pytest.mark.parametrize("charset", ["punycode", "idna", "IDNA", "no-such"])
def test_text_in_an_encoding_that_takes_long_to_read(watched: Watched, charset: str) -> None:
    """To read it takes time by the square of its length: seconds here, hours in a worker."""
    text = b"xn--" + b"a" * 60_000
    head = b'--b\r\nContent-Disposition: form-data; name="data"\r\n'
    field = head + b"Content-Type: text/plain; charset=%s\r\n\r\n" % charset.encode()
    check(watched, post(PREDICT, FORM), field + text + b"\r\n--b--\r\n", 400)
    check(watched, post(PREDICT, FORM), field + text * 20 + b"\r\n--b--\r\n", 400)
    check(watched, post(PREDICT, f"application/json; charset={charset}"), text, 400)


def test_nothing_is_remembered_of_heads_of_parts(watched: Watched, size: Size) -> None:
    """Neither names of encodings nor warnings of parameters that cannot be read."""
    host, _ = watched
    process = psutil.Process(host.process.pid)

    def form(mark: str) -> bytes:
        head = b'--b\r\nContent-Disposition: form-data; name="a"; %s=(%s\r\n\r\n1\r\n'
        parts = [head % (f"{mark}-{n}".encode(), b"y" * 7000) for n in range(900)]
        odd = f"Content-Type: text/plain; charset={mark}{'y' * 7000}\r\n\r\n1\r\n--b--\r\n"
        named = b'--b\r\nContent-Disposition: form-data; name="a"\r\n'
        return b"".join([*parts, named, odd.encode()])

    assert ask(host, post(PREDICT, FORM), form("first")).startswith(b"HTTP/1.1 400")
    host.settle()
    before = process.memory_info().rss
    for number in range(size(3, 20)):
        assert ask(host, post(PREDICT, FORM), form(f"m{number}")).startswith(b"HTTP/1.1 400")
    host.settle()
    assert process.memory_info().rss - before < 10e6
    assert "yyyy" not in host.log()
