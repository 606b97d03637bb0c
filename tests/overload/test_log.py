"""A log that nobody reads, or that has no space, stops nobody."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from support.client import request
from support.host import free_port, start_host
from support.storm_size import Size
from support.waiting import wait_until

LONG = {"User-Agent": "x" * 4000}
"""Makes a record of the debug log that is as long."""


@contextlib.contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            with contextlib.suppress(OSError):
                os.close(end)


def fill(end: int) -> None:
    """Until the pipe takes nothing more."""
    flags = fcntl.fcntl(end, fcntl.F_GETFL)
    fcntl.fcntl(end, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(end, b" " * 1024)
    fcntl.fcntl(end, fcntl.F_SETFL, flags)


class Reader:
    """Reads a pipe to its end, in a thread."""

    def __init__(self, end: int) -> None:
        self.text = ""
        self._end = end
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._end, 65536):
                self.text += data.decode(errors="replace")


def test_an_unread_log_stops_nobody_and_tells_later_what_is_missing(size: Size) -> None:
    with pipe() as (reading, writing), start_host(["plain"], "--debug", output=writing) as host:
        for _ in range(size(500, 20_000)):
            assert host.get("/healthz", headers=LONG, timeout=20).status == 200
        assert host.predict("plain", timeout=20).status == 200
        reader = Reader(reading)
        wait_until(lambda: "deepaas.logs: " in reader.text, "the log flows again")
        (told,) = [line for line in reader.text.splitlines() if " deepaas.logs: " in line]
        assert "records were dropped here" in told
        host.get("/healthz", headers={"User-Agent": "the last one"})
        wait_until(lambda: "the last one" in reader.text, "it goes on")


def test_a_host_starts_and_ends_whose_output_nobody_reads() -> None:
    with pipe() as (_, writing):
        fill(writing)
        with start_host(["plain"], output=writing) as host:
            assert host.predict("plain").status == 200


def test_a_host_starts_and_serves_whose_output_nobody_can_read() -> None:
    with pipe() as (reading, writing):
        os.close(reading)
        with start_host(["plain"], "--debug", output=writing) as host:
            for _ in range(20):
                assert host.predict("plain").status == 200


def test_a_model_prints_on_while_nobody_reads_the_log(size: Size) -> None:
    with pipe() as (_, writing), start_host(["prints"], output=writing) as host:
        answer = host.predict("prints", megabytes=size(20, 500))
        assert answer.status == 200
        assert host.predict("prints", megabytes=1).status == 200


def test_a_log_without_space_is_no_error_of_its_own() -> None:
    with start_host(["plain"], "--debug", "--log-file", "/dev/full") as host:
        for _ in range(20):
            assert host.predict("plain").status == 200
        assert "Traceback" not in host.log()


def test_a_record_is_written_at_once(tmp_path: Path) -> None:
    file = tmp_path / "host.log"
    with start_host(["plain"], "--debug", "--log-file", str(file)) as host:
        host.get("/healthz", headers={"User-Agent": "the last one"})
        # Nothing more happens: it does not wait for others.
        wait_until(lambda: "the last one" in file.read_text(), "it is written")


def test_the_page_of_its_own_starts_whose_output_nobody_reads(tmp_path: Path) -> None:
    port = free_port()
    command = Path(os.environ.get("DEEPAAS_RUN", sys.executable)).parent / "deepaas-ui"
    with pipe() as (_, writing):
        fill(writing)
        page = subprocess.Popen(
            [command, "--listen-port", str(port), "--api-url", f"http://127.0.0.1:{free_port()}"],
            stdout=writing,
            stderr=writing,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
        try:
            wait_until(lambda: _answers(port), "the page answers")
            page.send_signal(signal.SIGTERM)
            page.wait(20)
        finally:
            page.kill()
            page.wait()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError, socket.timeout):
        return request(port, "GET", "/", timeout=5).status > 0
    return False
