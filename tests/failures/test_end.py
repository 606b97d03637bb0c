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

CLIENTS_COUNT = 8


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


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "new connections"])
def test_sigterm_under_load_loses_no_call(keep_alive: bool) -> None:
    with start_host(["sleeps"], "--workers", "2") as host:
        load = Load(host, keep_alive=keep_alive)
        wait_until(lambda: len(load.answered()) > 40, "the load is on")
        host.watch.stop()
        signalled_at = time.monotonic()
        host.send(signal.SIGTERM)
        assert host.wait(20) == 0
        load.join()
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


def test_sigterm_serves_the_queue_and_refuses_new_connections() -> None:
    with start_host(["gated"]) as host:
        calls = [host.begin("gated", label=str(number), gate="open") for number in range(10)]
        wait_until(host.journal, "a call runs")
        host.settle()
        host.watch.stop()
        host.send(signal.SIGTERM)
        wait_until(host.is_closed, "the door is closed")
        with pytest.raises(ConnectionRefusedError):
            host.predict("gated", label="late")
        host.touch("open")
        assert [call.result().status for call in calls] == [200] * 10
        assert host.wait(10) == 0
        assert len(host.journal()) == 20


def test_an_upload_that_is_under_way_is_received_and_served() -> None:
    with start_host(["echo"]) as host:
        size = 20 * MB
        head, tail = client.frame_of(Upload(size))
        connection = HTTPConnection("127.0.0.1", host.port, timeout=20)
        connection.putrequest("POST", path_of("echo"))
        connection.putheader("Content-Type", f"multipart/form-data; boundary={client.BOUNDARY}")
        connection.putheader("Content-Length", str(len(head) + size + len(tail)))
        connection.endheaders(head + bytes(MB))
        wait_until(host.temporary_files, "the upload is being received")
        host.watch.stop()
        host.send(signal.SIGTERM)
        wait_until(host.is_closed, "the door is closed")
        for _ in range(19):
            connection.send(bytes(MB))
        connection.send(tail)
        answer = client.finish(connection, time.monotonic())
        assert answer.status == 200
        assert answer.json()["predictions"]["size"] == size
        assert host.wait(10) == 0


def test_nobody_who_comes_while_the_door_closes_is_left_waiting() -> None:
    """A connection that was accepted at the last moment is answered or closed, not forgotten."""
    with start_host(["gated"]) as host:
        running = host.begin("gated", label="running", gate="open")
        wait_until(host.journal, "a call runs")
        host.watch.stop()
        knocks = [host.threads.submit(_knock_until_closed, host) for _ in range(24)]
        host.settle()
        host.send(signal.SIGTERM)
        assert [knock.result(30) for knock in knocks] == [""] * len(knocks)
        host.touch("open")
        assert running.result().status == 200
        assert host.wait(10) == 0


def test_an_idle_connection_is_not_left_waiting() -> None:
    with start_host(["gated"]) as host:
        running = host.begin("gated", label="running", gate="open")
        wait_until(host.journal, "a call runs")
        silent = HTTPConnection("127.0.0.1", host.port, timeout=3)
        silent.connect()
        host.settle()
        host.watch.stop()
        host.send(signal.SIGTERM)
        wait_until(host.is_closed, "the door is closed")
        try:
            silent.request("GET", "/healthz")
            assert silent.getresponse().status == 200
        except (HTTPException, ConnectionError):
            pass  # told at once that nobody is there; a time-out would be an error
        silent.close()
        host.touch("open")
        assert running.result().status == 200
        assert host.wait(10) == 0


def test_a_large_result_is_sent_to_its_end() -> None:
    with start_host(["large"]) as host:
        connection = HTTPConnection("127.0.0.1", host.port, timeout=30)
        arguments = {"size_bytes": 100 * MB, "accept": "application/octet-stream"}
        connection.request("POST", path_of("large", arguments))
        response = connection.getresponse()
        host.watch.stop()
        host.send(signal.SIGTERM)
        answer = client.read(response, time.monotonic())
        assert answer.size == 100 * MB
        connection.close()
        assert host.wait(20) == 0


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(first: int) -> None:
    with start_host(["blocks"]) as host:
        call = host.begin("blocks", how="sleep")
        wait_until(host.journal, "the call runs")
        host.watch.stop()
        host.send(first)
        wait_until(host.is_closed, "the door is closed")
        assert host.process.poll() is None
        host.send(signal.SIGTERM)
        host.wait(20)  # --drain-timeout is a minute.
        _assert_told(call)


def test_drain_timeout() -> None:
    with start_host(["blocks"], "--drain-timeout", "1") as host:
        call = host.begin("blocks", how="sleep")
        wait_until(host.journal, "the call runs")
        start = time.monotonic()
        assert host.stop() == 0
        assert 0.9 < time.monotonic() - start < 30  # The call would go on for an hour.
        _assert_told(call)


@pytest.mark.parametrize("to_all", [False, True], ids=["host", "group"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_quiet_run(number: int, to_all: bool) -> None:
    """A terminal's Ctrl-C and `timeout` signal the whole group; packages' tests look for ERROR."""
    with start_host(["plain"]) as host:
        assert host.predict("plain").status == 200
        host.watch.stop()
        if to_all:
            os.killpg(host.process.pid, number)
        else:
            host.send(number)
        assert host.wait(10) == 0
        log = host.log()
        for word in ("ERROR", "Error", "Traceback", "WARNING", "Warning", "Exception"):
            assert word not in log


def test_signals_to_every_process_lose_no_call() -> None:
    """systemd and init wrappers signal the workers too."""
    with start_host(["gated"]) as host:
        calls = [host.begin("gated", label=str(number), gate="open") for number in range(3)]
        wait_until(host.journal, "a call runs")
        host.settle()
        host.watch.stop()
        for process in host.family():
            process.send_signal(signal.SIGTERM)
        host.touch("open")
        assert [call.result().status for call in calls] == [200] * 3
        assert host.wait(10) == 0


def test_sigterm_while_models_load() -> None:
    with start_host(["loads_slowly", "warm_blocks"], wait=False) as host:
        assert host.stop(seconds=10) == 0
        assert "Traceback" not in host.log()


def test_idle_connections_do_not_hold_up_the_end() -> None:
    with start_host(["plain"]) as host:
        idle = [HTTPConnection("127.0.0.1", host.port, timeout=30) for _ in range(5)]
        for connection in idle:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        start = time.monotonic()
        assert host.stop() == 0
        assert time.monotonic() - start < 20  # Their clients wait for 30 s.
        for connection in idle:
            connection.close()


@pytest.mark.parametrize("how", ["nothing", "subprocess", "session", "fork", "deaf_fork", "shell"])
def test_kill_9_leaves_no_process(how: str) -> None:
    with start_host(["spawns", "blocks"], "--workers", "2") as host:
        host.begin("spawns", how=how, block=True)
        host.begin("blocks", how="regex")
        host.begin("blocks", how="stubborn")
        wait_until(lambda: len(host.journal()) == 3, "all calls run")
        _kill_9(host)


@pytest.mark.parametrize("model", ["loads_slowly", "warm_blocks"])
def test_kill_9_while_a_model_loads(model: str) -> None:
    with start_host([model], wait=False) as host:
        wait_until(lambda: len(host.family()) > 1, "the worker is there")
        _kill_9(host)


def test_the_next_start_removes_what_a_killed_host_left() -> None:
    with start_host(["gated"]) as first:
        first.begin("gated", label="a", gate="never", upload=Upload(5 * MB))
        wait_until(lambda: "start a" in first.journal(), "the call runs")
        assert first.temporary_files()
        _kill_9(first, empty=False)
        with start_host(["gated"], tmp=first.tmp) as second:
            assert second.predict("gated", label="b", upload=Upload(5 * MB)).status == 200
            wait_until(lambda: not second.temporary_files(), "the old upload is gone")


def test_a_start_leaves_the_files_of_other_hosts_alone() -> None:
    with start_host(["gated"]) as first:
        call = first.begin("gated", label="a", gate="open", upload=Upload(5 * MB))
        wait_until(lambda: "start a" in first.journal(), "the call runs")
        files = first.temporary_files()
        with start_host(["plain"], tmp=first.tmp) as second:
            assert second.predict("plain").status == 200
            assert set(files) <= set(first.temporary_files())
        assert set(files) <= set(first.temporary_files())
        first.touch("open")
        assert call.result().status == 200


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
