"""What only this host can, and what happens to a client beside the calls."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.host import Host, start_host
from support.waiting import wait_until

from deepaas.client import Busy, Client, ClientError, HostError, Progress, asynchronous

THREAD = "deepaas-client"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(("echo", "gated", "large", "plain", "trains"), "--queue-size", "1") as host:
        yield host


@pytest.fixture(scope="module")
def client(host: Host) -> Iterator[Client]:
    with Client(host.url, timeout=60) as client:
        yield client


def run(program: str, host: Host, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script with a client `c` of the host."""
    head = f"from deepaas.client import *\nc = Client({host.url!r})\n"
    return subprocess.run(
        [sys.executable, "-c", head + program],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_a_training_is_followed(client: Client, host: Host, tmp_path: Path) -> None:
    training = client.train("trains", how="steps", text="followed", count=2)
    lines, seen = training.log(follow=True), training.watch()
    host.touch("followed-0")
    assert next(lines) == "step 0"
    assert next(s.progress for s in seen if s.progress) == Progress(1, 2, "step 0")
    host.touch("followed-1")
    assert list(lines) == ["step 1"]
    assert [(s.state, s.progress) for s in seen][-1] == ("done", Progress(2, 2, "step 1"))
    assert list(training.refresh().log()) == ["step 0", "step 1"]
    assert list(training.log(follow=True)) == ["step 0", "step 1"]
    assert training.metrics() == {"loss": [(0, 1.0), (1, 0.5)]}
    (events,) = training.files()
    written = training.download(events, tmp_path)
    assert written == tmp_path / events.path
    assert written.stat().st_size == events.size
    with pytest.raises(ClientError, match="no file 'none'"):
        training.download("none", tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_queue(client: Client, host: Host) -> None:
    with ThreadPoolExecutor() as threads, Client(host.url, retries=0) as hasty:
        calls = [threads.submit(client.predict, "gated", label="1", gate="go")]
        wait_until(lambda: "start 1" in host.journal(), "the first call runs")
        calls += [threads.submit(client.predict, "gated", label="2", gate="go")]
        wait_until(lambda: host.readiness("gated")["queued_count"] == 1, "the second one waits")
        with pytest.raises(Busy, match="the queue of model 'gated' is full: 1 ") as caught:
            hasty.predict("gated", label="3")
        assert (caught.value.status, caught.value.retry_after) == (503, 1.0)
        calls += [threads.submit(client.predict, "gated", label="4")]  # comes back by itself
        host.touch("go")
        assert [call.result()["predictions"]["label"] for call in calls] == ["1", "2", "4"]


def test_a_time_limit_and_a_priority_in_the_queue(client: Client, host: Host) -> None:
    with (
        ThreadPoolExecutor() as threads,
        Client(host.url, retries=0, priority=9, queue_timeout=0.05) as hasty,
    ):
        call = threads.submit(client.predict, "gated", label="waited for", gate="in time")
        wait_until(lambda: "start waited for" in host.journal(), "the first call runs")
        with pytest.raises(Busy, match=r"waited 0.05 s in the queue of model 'gated'") as caught:
            hasty.predict("gated", label="late")
        assert (caught.value.code, caught.value.retry_after) == ("queue_timeout", 1.0)
        host.touch("in time")
        assert call.result()["predictions"]["label"] == "waited for"
        assert hasty.predict("gated", label="later")["predictions"]["label"] == "later"
    assert "start late" not in host.journal()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"priority": 0}, "priority: 0 is not a whole number"),
        ({"priority": 2.0}, "priority: 2.0 is not a whole number"),
        ({"queue_timeout": 0}, "queue_timeout: 0 is not a number of seconds"),
        ({"queue_timeout": float("nan")}, "queue_timeout: nan is not"),
    ],
)
def test_turns_that_no_host_accepts(host: Host, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        Client(host.url, **options)


def test_more_than_fits_into_memory(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asynchronous, "MAX_ANSWER_BYTES", 2**20)
    given = {"size_bytes": 3 * 2**20, "accept": "application/octet-stream"}
    with pytest.raises(HostError, match="larger than 1 MiB: write it to a file"):
        client.predict("large", arguments=given)
    saved = client.predict("large", arguments=given, save_to=tmp_path / "large")
    assert saved.stat().st_size == 3 * 2**20


def test_many_threads_share_a_client(client: Client) -> None:
    def call(number: int) -> None:
        data = str(number).encode() * 100_000
        told = client.predict("echo", data=data)["predictions"]
        assert told["sha256"] == hashlib.sha256(data).hexdigest()

    # No more than may wait.
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(call, range(20)))


async def test_within_a_running_loop(client: Client) -> None:
    """As in a notebook."""
    assert client.predict("plain")["predictions"] == {"text": "hello"}


def test_closing_ends_the_thread(host: Host) -> None:
    def count() -> int:
        return [thread.name for thread in threading.enumerate()].count(THREAD)

    before = count()
    client = Client(host.url)
    client.health()
    assert count() == before + 1
    client.close()
    client.close()
    assert count() == before
    with pytest.raises(ClientError, match="this client is closed"):
        client.health()
    Client(host.url).health()
    assert count() == before  # The last reference was dropped.


def test_a_client_that_is_forgotten(host: Host) -> None:
    ended = run("training = c.train('trains')\nprint(training.wait().state)", host)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


def test_after_a_fork(host: Host) -> None:
    program = """
import os
c.health()
if os.fork() == 0:
    try:
        c.health()
    except ClientError as error:
        print(error, flush=True)
else:
    os.wait()
    print(c.health()["ready"])
"""
    ended = run(program, host)
    told, ready = ended.stdout.splitlines()
    assert "create a new one in this process" in told
    assert (ready, ended.returncode, ended.stderr) == ("True", 0, "")


def test_ctrl_c_withdraws_the_call(host: Host, client: Client) -> None:
    head = f"from deepaas.client import *\nc = Client({host.url!r})\n"
    call = "c.predict('gated', label='withdrawn', gate='never')"
    with subprocess.Popen(
        [sys.executable, "-c", head + call], stderr=subprocess.PIPE, text=True
    ) as program:
        wait_until(lambda: "start withdrawn" in host.journal(), "the call runs")
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=30)
    assert said.rstrip().endswith("KeyboardInterrupt")
    # The worker is free again.
    assert client.predict("gated", label="next")["predictions"]["label"] == "next"
    assert "end withdrawn" not in host.journal()


@pytest.fixture
def certified(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody trusts, and its key."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=IP:127.0.0.1"]
    make += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    return certificate, key


async def test_over_https(host: Host, certified: tuple[Path, Path]) -> None:
    certificate, key = certified
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", host.port)

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                target.write(data)
            target.close()

        await asyncio.gather(
            copy(reader, inner_writer), copy(inner_reader, writer), return_exceptions=True
        )

    server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=context)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        program = (
            f"try:\n    print(Client({url!r}).predict('plain')['status'])\n"
            "except ClientError as error:\n    print(error)"
        )
        trusting = await asyncio.to_thread(run, program, host, SSL_CERT_FILE=str(certificate))
        assert trusting.stdout == "OK\n"
        wary = await asyncio.to_thread(run, program, host)
        assert f"The certificate of {url} is not trusted" in wary.stdout
        assert "SSL_CERT_FILE" in wary.stdout
