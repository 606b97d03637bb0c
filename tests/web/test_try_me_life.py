"""The process of the try-me page: when it starts, when it ends, and what is left of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import web
from gradio_client import Client
from support import prepared, processes
from support.client import request as ask
from support.host import Host, start_host
from support.waiting import wait_until

from deepaas.web import health, try_me
from deepaas.web.health import Drain
from deepaas.workers.try_me import TryMe

PREFIX = "/base"
HTML = {"Accept": "text/html,*/*;q=0.8"}
PATIENCE_SECONDS = 90
START_SECONDS = 60


@pytest.fixture
def host() -> Iterator[Host]:
    with start_host(["gated"]) as host:
        yield host


def page_processes(host: Host) -> list[psutil.Process]:
    return [process for process in host.family() if "deepaas.cmd.ui" in process.cmdline()]


def page_answers(host: Host, model: str = "gated") -> bool:
    return ask(host.port, "GET", f"/try-me/{model}/config", timeout=START_SECONDS).status == 200


def test_the_life_of_the_page(host: Host) -> None:
    assert host.get("/").status == 200
    assert not page_processes(host), "programs do not want to see it"
    landing = host.get("/", headers=HTML).body
    assert b'href="/try-me/"' in landing and b'href="/try-me/gated/"' in landing
    wait_until(lambda: page_processes(host), "it starts: who is here may want to try the model")

    # The first visitor of all may be a program, which does not wait for long.
    Client(f"{host.url}/try-me/gated/", verbose=False).close()
    [process] = page_processes(host)
    assert all(str(path).startswith(str(host.tmp)) for path in host.temporary_files())

    process.send_signal(signal.SIGKILL)
    wait_until(lambda: page_answers(host), "it has been started anew", START_SECONDS)
    [other] = page_processes(host)
    assert other.pid != process.pid

    stream = stream_of(host)
    client = Client(f"{host.url}/try-me/gated/", verbose=False)
    called = client.submit("mine", str(host.home / "open"), None, api_name="/predict")
    # Told by the stream, on which the result will come.
    wait_until(lambda: called.status().code.name == "PROCESSING", "the visitor knows")
    wait_until(lambda: host.journal() == ["start mine"], "the call has begun")
    host.watch.stop()
    host.send(signal.SIGTERM)
    wait_until(host.is_closed, "it does not listen any more")
    host.touch("open")
    assert "mine" in str(called.result(PATIENCE_SECONDS)), "what was begun is finished"
    start = time.monotonic()
    assert host.wait(PATIENCE_SECONDS) == 0
    assert time.monotonic() - start < PATIENCE_SECONDS / 2
    # An end in good order: a broken connection would raise IncompleteRead.
    assert stream.read() == b"\n"
    # Leaving the fixture: no process and no file is left.


@pytest.mark.slow
async def test_the_page_ends_when_nobody_has_it_open(host: Host, tmp_path: Path) -> None:
    """The real page, behind routes that have less patience than those of the host."""
    page = TryMe(tmp_path / "page", PREFIX, try_me.PATH, 0, "mark:")
    page.api_url = host.url
    app = web.Application()
    app[health.DRAIN] = Drain()
    expect_visitor = try_me.setup(
        app, prefix=PREFIX, page=page, socket=page.socket, client_max_size=0, idle_seconds=1.0
    )
    runner = web.AppRunner(app, handler_cancellation=True, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}{PREFIX}/try-me/gated/"
    try:
        # Whoever was expected may not come.
        expect_visitor()
        await asyncio.to_thread(wait_until, lambda: _pages_of(tmp_path), "it is started")
        await asyncio.to_thread(
            wait_until, lambda: not _pages_of(tmp_path), "nobody came", START_SECONDS
        )
        # The next visitor has it again.
        client = await asyncio.to_thread(Client, url, verbose=False)
        # Longer than that nothing happens, but for the heartbeat of the visitor.
        await asyncio.sleep(2.5)
        assert page.listens
        answer = await asyncio.to_thread(client.predict, "again", api_name="/predict")
        assert "again" in str(answer)
        client.close()
        await asyncio.to_thread(wait_until, lambda: not page.listens, "it ends", START_SECONDS)
        await asyncio.to_thread(wait_until, lambda: not _pages_of(tmp_path), "it has ended")
    finally:
        await runner.cleanup()
        await page.stop()


def test_on_a_terminal_it_starts_when_the_models_are_ready(tmp_path: Path) -> None:
    (tmp_path / "api.py").write_text("def predict(): return 1\n")
    reading, terminal = pty.openpty()
    host = subprocess.Popen(
        [prepared.PROGRAM, ".", "--listen-port=0", "--notrain-endpoint"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    try:
        said = ""
        while "The try-me page is ready" not in said:
            said += os.read(reading, 65536).decode(errors="replace")
        assert "] ready" in said.partition("The try-me page is ready")[0]
    finally:
        host.terminate()
        threading.Thread(target=_drain, args=(reading,)).start()
        assert host.wait(PATIENCE_SECONDS) == 0


def _drain(reading: int) -> None:
    """What is not read would stop the host; an error comes when it has ended."""
    with contextlib.suppress(OSError):
        while os.read(reading, 65536):
            pass
    os.close(reading)


def _pages_of(folder: Path) -> list[str]:
    """The ids of processes with a path in this folder on their command line."""
    wanted = os.fsencode(folder)
    # Not psutil, which takes longer: this is asked again and again.
    return [pid for pid in filter(str.isdigit, os.listdir("/proc")) if wanted in _line_of(pid)]  # noqa: PTH208


def _line_of(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_no_visitor_no_memory_and_nothing_survives_a_killed_host() -> None:
    megabytes = []
    for options in ([], ["--no-ui"]):
        with start_host(["echo"], *options) as host:
            # The libraries for trainings come in while the host starts, and count in both.
            assert host.get("/v2/models/echo/train/").json() == []
            megabytes.append(processes.resident_mb(host.process.pid))
            assert not page_processes(host)
            if options:
                assert b"/try-me/" not in host.get("/", headers=HTML).body
                assert host.get("/try-me/").status == 403
            else:
                assert b"/try-me/" in host.get("/", headers=HTML).body
                assert page_answers(host, "echo")
                assert page_processes(host)
                host.kill_9()
                assert not page_processes(host)
    assert megabytes[0] - megabytes[1] < 10


def stream_of(host: Host) -> Any:
    """Gradio's heartbeat, which never ends by itself; its beginning has come."""
    connection = HTTPConnection("127.0.0.1", host.port, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/try-me/gated/gradio_api/heartbeat/some-session")
    response = connection.getresponse()
    assert response.readline() == b"data: ALIVE\n"
    return response
