"""Visitors of ``deepaas-ui`` who connect and say nothing, or not enough."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support import client
from support.host import COMMAND, free_port, start_host
from support.waiting import wait_until

from .pipes import Reader, fill, pipe

LEAN = ("--no-ui", "--no-train-endpoint")
SOFT_COUNT = 128
"""Descriptors that the page has at first: it allows itself more."""

HEADS = {
    "silent": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
    "half a body": b"POST /echo/gradio_api/run/x HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
}


def few_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT_COUNT, hard))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[psutil.Process, int]]:
    """One that starts and ends while nobody reads what it writes."""
    folder: Path = tmp_path_factory.mktemp("page")
    port = free_port()
    with pipe() as (reading, writing), start_host(["echo"], *LEAN) as host:
        fill(writing)
        words = [f"--api-url={host.url}", f"--listen-port={port}"]
        words += ["--header-timeout=2", "--body-timeout=2"]
        process = subprocess.Popen(
            [Path(COMMAND).with_name("deepaas-ui"), *words],
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=writing,
            stderr=writing,
            preexec_fn=few_descriptors,
        )
        try:
            wait_until(lambda: _answers(port), "a page", 60)
            with Reader(reading) as reader:
                yield psutil.Process(process.pid), port
            fill(writing)
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        finally:
            process.kill()
            process.wait()
    assert f"127.0.0.1:{port}" in reader.text
    assert "Traceback" not in reader.text


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return client.request(port, "GET", "/echo/config").status == 200
    return False


def test_a_page_starts_whose_output_nobody_reads(page: tuple[psutil.Process, int]) -> None:
    """And ends, as the fixture sees."""
    _, port = page
    assert client.request(port, "GET", "/echo/").status == 200


@pytest.mark.parametrize("what", HEADS)
def test_who_says_nothing_keeps_nobody_out(page: tuple[psutil.Process, int], what: str) -> None:
    process, port = page
    before = process.num_fds()
    connections = []
    for _ in range(2 * SOFT_COUNT):
        connections.append(socket.create_connection(("127.0.0.1", port), timeout=60))
        connections[-1].sendall(HEADS[what])
    assert client.request(port, "GET", "/echo/config").status == 200
    for connection in connections:
        with connection:
            while connection.recv(65536):
                pass  # Up to its end.
    wait_until(lambda: process.num_fds() <= before + 4, "all have ended")


def test_a_head_that_trickles_ends(page: tuple[psutil.Process, int]) -> None:
    _, port = page
    with socket.create_connection(("127.0.0.1", port), timeout=0.2) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")

        def ended() -> bool:
            try:
                connection.sendall(b"x")
                return not connection.recv(65536)
            except TimeoutError:
                return False
            except OSError:
                return True

        wait_until(ended, "it is closed")


def test_a_body_that_comes_slowly_is_taken(page: tuple[psutil.Process, int]) -> None:
    """Twice as long in all as nothing may come."""
    _, port = page
    body = b'{"data": []}'
    with socket.create_connection(("127.0.0.1", port), timeout=0.4) as connection:
        head = HEADS["half a body"].partition(b"Content-Length")[0]
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
        for byte in body[:-1]:
            connection.sendall(bytes([byte]))
            with pytest.raises(TimeoutError):
                connection.recv(1)
        connection.settimeout(60)
        connection.sendall(body[-1:])
        assert b" 404 " in connection.recv(65536)
