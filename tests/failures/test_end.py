"""The end of a host: no call is lost, no process is left, no file is left."""

import os
import shutil
import signal
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, RemoteDisconnected

import pytest
from support import client, processes
from support.client import Answer, Upload, path_of
from support.content import MB
from support.host import Host, start_host
from support.shape import assert_failure
from support.waiting import wait_until

CLIENTS_COUNT = 4


@dataclass
class Attempt:
    """One request of a client under load; `outcome` is an answer or what went wrong."""

    sent_at: float
    outcome: Answer | Exception | None = None


class Load:
    """Clients that ask without a pause until they cannot connect any more."""

    def __init__(self, host: Host, *, keep_alive: bool) -> None:
        self.attempts: list[Attempt] = []
        self._host = host
        self._keep_alive = keep_alive
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS_COUNT)]
        for thread in self._threads:
            thread.start()

    def answered(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if isinstance(attempt.outcome, Answer)]

    def join(self) -> None:
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _run(self) -> None:
        connection = self._new()
        while True:
            if not self._keep_alive:
                connection.close()
                connection = self._new()
            try:
                if connection.sock is None:
                    connection.connect()
            except OSError:
                return  # nobody listens any more
            if not self._ask(connection):
                return

    def _ask(self, connection: HTTPConnection) -> bool:
        attempt = Attempt(time.monotonic())
        self.attempts.append(attempt)
        text = f"{threading.get_ident()}-{attempt.sent_at}"
        try:
            connection.request("POST", path_of("sleeps", {"seconds": 0.05, "text": text}))
            attempt.sent_at = time.monotonic()
            answer = client.read(connection.getresponse(), attempt.sent_at)
            attempt.outcome = answer
            assert answer.status == 200, answer.body
            assert answer.json()["predictions"]["text"] == text
        except Exception as error:
            attempt.outcome = error
            return False
        return True

    def _new(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self._host.port, timeout=30)


def test_sigterm_under_load_loses_no_call() -> None:
    """Neither on connections that are kept nor on new ones."""
    with start_host(["sleeps"], "--workers", "2") as host:
        loads = [Load(host, keep_alive=keep_alive) for keep_alive in (True, False)]
        for load in loads:
            wait_until(lambda one=load: len(one.answered()) > 20, "the load is on")  # type: ignore[misc]
        host.watch.stop()
        signalled_at = time.monotonic()
        host.send(signal.SIGTERM)
        assert host.wait(20) == 0
        for load in loads:
            load.join()
            _assert_none_lost(load, signalled_at)
        _assert_quiet(host)


def _assert_none_lost(load: Load, signalled_at: float) -> None:
    for attempt in load.attempts:
        if attempt.sent_at < signalled_at:
            assert isinstance(attempt.outcome, Answer), attempt
        elif not isinstance(attempt.outcome, Answer):
            # It knocked when the door was being closed, and was told so at once.
            assert isinstance(attempt.outcome, RemoteDisconnected | ConnectionError), attempt
    assert any(
        a.sent_at < signalled_at < a.sent_at + a.outcome.seconds
        for a in load.answered()
        if isinstance(a.outcome, Answer)
    ), "no call was under way"


def test_sigterm_serves_the_queue_and_leaves_nobody_waiting() -> None:
    """New connections are refused; one accepted at the last moment is answered or closed.

    systemd and init wrappers signal the workers too.
    """
    with start_host(["gated"]) as host:
        calls = [host.begin("gated", label=str(number), gate="open") for number in range(10)]
        wait_until(host.journal, "a call runs")
        kept = [HTTPConnection("127.0.0.1", host.port, timeout=30) for _ in range(5)]
        for connection in kept:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        silent = HTTPConnection("127.0.0.1", host.port, timeout=10)
        silent.connect()
        host.settle()
        host.watch.stop()
        knocks = [host.threads.submit(_knock_until_closed, host) for _ in range(24)]
        host.settle()
        processes.send_to_all(host.family(), signal.SIGTERM)
        assert [knock.result(30) for knock in knocks] == [""] * len(knocks)
        assert host.is_closed()
        with pytest.raises(ConnectionRefusedError):
            host.predict("gated", label="late")
        try:
            silent.request("GET", "/healthz")
            assert silent.getresponse().status == 200
        except (HTTPException, ConnectionError):
            pass  # told at once that nobody is there; a time-out would be an error
        silent.close()
        host.touch("open")
        assert [call.result().status for call in calls] == [200] * 10
        # It does not wait for those who keep a connection: they do so for 30 s.
        assert host.wait(20) == 0
        assert len(host.journal()) == 20
        for connection in kept:
            connection.close()
        _assert_quiet(host)


def test_what_is_under_way_is_received_and_sent_to_its_end() -> None:
    """An upload and a large result; with Ctrl-C, and of one process only."""
    with start_host(["echo", "large"]) as host:
        large = HTTPConnection("127.0.0.1", host.port, timeout=30)
        arguments = {"size_bytes": 50 * MB, "accept": "application/octet-stream"}
        large.request("POST", path_of("large", arguments))
        response = large.getresponse()

        size = 20 * MB
        head, tail = client.frame_of(Upload(size))
        upload = HTTPConnection("127.0.0.1", host.port, timeout=20)
        upload.putrequest("POST", path_of("echo"))
        upload.putheader("Content-Type", f"multipart/form-data; boundary={client.BOUNDARY}")
        upload.putheader("Content-Length", str(len(head) + size + len(tail)))
        upload.endheaders(head + bytes(MB))
        wait_until(lambda: _receives(host), "the upload is being received")

        host.watch.stop()
        host.send(signal.SIGINT)
        wait_until(host.is_closed, "the door is closed")
        for _ in range(19):
            upload.send(bytes(MB))
        upload.send(tail)
        answer = client.finish(upload, time.monotonic())
        assert answer.status == 200
        assert answer.json()["predictions"]["size"] == size
        assert client.read(response, time.monotonic()).size == 50 * MB
        large.close()
        assert host.wait(20) == 0
        _assert_quiet(host)


def _receives(host: Host) -> bool:
    return any("uploads" in path.parts for path in host.temporary_files())


def test_a_second_signal_ends_at_once() -> None:
    with start_host(["blocks"]) as host:
        call = host.begin("blocks", how="sleep")
        wait_until(host.journal, "the call runs")
        host.watch.stop()
        host.send(signal.SIGINT)
        wait_until(host.is_closed, "the door is closed")
        assert host.process.poll() is None
        host.send(signal.SIGTERM)
        host.wait(20)  # --drain-timeout is a minute.
        _assert_told(call)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_to_the_group_lose_no_call(number: int) -> None:
    """`timeout` and a terminal's Ctrl-C signal the workers too."""
    with start_host(["gated"]) as host:
        calls = [host.begin("gated", label=str(number), gate="open") for number in range(3)]
        wait_until(host.journal, "a call runs")
        host.settle()
        host.watch.stop()
        os.killpg(host.process.pid, number)
        host.touch("open")
        assert [call.result().status for call in calls] == [200] * 3
        assert host.wait(10) == 0
        _assert_quiet(host)


def test_sigterm_while_models_load() -> None:
    with start_host(["loads_slowly", "warm_blocks"], wait=False) as host:
        assert host.stop(seconds=10) == 0
        assert "Traceback" not in host.log()


def test_kill_9_leaves_no_process() -> None:
    """Whatever a model had started, and whatever it was doing."""
    with start_host(["spawns", "blocks"], "--workers", "2") as host:
        for how in ("subprocess", "session", "fork", "deaf_fork", "shell"):
            assert host.predict("spawns", how=how).status == 200
        host.begin("spawns", how="nothing", block=True)
        host.begin("blocks", how="regex")
        host.begin("blocks", how="stubborn")
        wait_until(lambda: len(host.journal()) == 3, "all calls run")
        _kill_9(host)


def test_kill_9_while_models_load() -> None:
    models = ["loads_slowly", "warm_blocks"]
    with start_host(models, wait=False) as host:
        wait_until(lambda: _loading_count(host) >= len(models), "the workers are there")
        _kill_9(host)


def _loading_count(host: Host) -> int:
    """How many processes there are in which models are being loaded."""
    lines = [process.cmdline() for process in host.family()]
    return len([line for line in lines if "deepaas.runtime" in line])


def test_a_start_removes_what_killed_hosts_left_and_nothing_else() -> None:
    with start_host(["gated"]) as first:
        first.begin("gated", label="a", gate="never", upload=Upload(5 * MB))
        wait_until(lambda: "start a" in first.journal(), "the call runs")
        left = set(first.temporary_files())
        assert left
        with start_host(["gated"], tmp=first.tmp) as second:
            # The first one still has them.
            assert left <= set(first.temporary_files())
            call = second.begin("gated", label="b", gate="open", upload=Upload(5 * MB))
            wait_until(lambda: "start b" in second.journal(), "the call runs")
            own = set(second.temporary_files()) - left
            assert own
            _kill_9(first, empty=False)
            with start_host(["plain"], tmp=first.tmp) as third:
                wait_until(lambda: not left & set(third.temporary_files()), "they are gone")
                assert third.predict("plain").status == 200
                assert own <= set(second.temporary_files())
            assert own <= set(second.temporary_files())
            second.touch("open")
            assert call.result().status == 200
            wait_until(lambda: not second.temporary_files(), "nothing is left")


def _assert_quiet(host: Host) -> None:
    """Packages' own tests look for such words in what a host prints."""
    log = host.log()
    for word in ("ERROR", "Error", "Traceback", "WARNING", "Warning", "Exception"):
        assert word not in log


def _knock_until_closed(host: Host) -> str:
    """Ask on new connections until they are refused; what went wrong, if anything."""
    while True:
        try:
            answer = host.get("/healthz", timeout=4)
        except ConnectionRefusedError:
            return ""
        except TimeoutError:
            return "no answer"
        except (HTTPException, OSError):
            continue  # closed at once
        if answer.status != 200:
            return f"/healthz answered {answer.status}"


def _kill_9(host: Host, *, empty: bool = True) -> None:
    host.watch.stop()
    host.send(signal.SIGKILL)
    host.wait(5)
    try:
        wait_until(lambda: not host.family(), "all processes have gone", 5)
    except AssertionError:
        left = processes.describe(host.family())
        raise AssertionError(f"processes are left: {left}") from None
    if empty:
        # Nobody was there to remove them; the next start does, which another test holds.
        shutil.rmtree(host.tmp)
        host.tmp.mkdir()


def _assert_told(call: object) -> None:
    """Its client has been told, or has at least seen the connection go."""
    try:
        answer = call.result(10)  # type: ignore[attr-defined]
    except (OSError, HTTPException):
        return
    assert answer.status in (500, 503, 504)
    assert_failure(answer, answer.status)
