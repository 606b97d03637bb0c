"""Connections that bring nothing, take nothing or are too many give way to those that work."""

import contextlib
import select
import socket
import struct
from collections.abc import Iterator

import psutil
import pytest
from support.host import Host, start_host
from support.processes import is_reaper
from support.storm_size import Size
from support.waiting import wait_until

SHORT = (
    "--header-timeout=1",
    "--body-timeout=2",
    "--keep-alive-timeout=1",
    "--send-timeout=4",
)
LEAN = ("--no-ui", "--no-train-endpoint")
PREDICT = b"POST /v2/models/plain/predict/ HTTP/1.1\r\nHost: localhost\r\n"
HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    options = (*SHORT, *LEAN, "--debug")
    with start_host(["plain", "large", "gated"], *options, max_peak_mb=200) as host:
        yield host


@pytest.fixture(scope="module")
def small_host(size: Size) -> Iterator[Host]:
    """One that may have few descriptors, and still fewer at first."""
    most = size(256, 1024)
    with start_host(["plain"], *LEAN, open_files=(most - 100, most)) as host:
        yield host


def connect(host: Host, receive_bytes: int = 0) -> socket.socket:
    sock = socket.socket()
    if receive_bytes:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    sock.settimeout(30)
    sock.connect(("127.0.0.1", host.port))
    return sock


def silent(host: Host, count: int) -> list[socket.socket]:
    return [connect(host) for _ in range(count)]


def rest_of(sock: socket.socket) -> bytes:
    """All that comes until the host closes the connection."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while data := sock.recv(65536):
            found += data
    return found


def is_open(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLRDHUP)
    return not any(event & (select.POLLRDHUP | select.POLLHUP) for _, event in poll.poll(0))


def descriptors(host: Host) -> int:
    return psutil.Process(host.process.pid).num_fds()


def own_limit(host: Host) -> tuple[int, int]:
    return psutil.Process(host.process.pid).rlimit(psutil.RLIMIT_NOFILE)


def assert_calm(host: Host) -> None:
    assert "Traceback" not in host.log()
    assert len(host.log().splitlines()) < 60, "the log is flooded"


def close(socks: list[socket.socket]) -> None:
    for sock in socks:
        sock.close()


# --- too many ---


@pytest.mark.parametrize("large", [1020, 2000])
def test_silent_connections_leave_room_for_others(small_host: Host, size: Size, large: int) -> None:
    storm = silent(small_host, size(large // 5, large))
    assert small_host.get("/healthz").status == 200
    assert small_host.predict("plain").status == 200
    assert descriptors(small_host) < own_limit(small_host)[1]
    # What is left of them is as good as ever.
    left = [sock for sock in storm if is_open(sock)]
    assert left, "all had to go"
    left[-1].sendall(HEALTHZ + b"Connection: close\r\n\r\n")
    assert rest_of(left[-1]).startswith(b"HTTP/1.1 200")
    close(storm)
    assert_calm(small_host)


def test_who_works_stays_when_the_descriptors_run_out(size: Size) -> None:
    """More connections are allowed than there are descriptors: accepting them fails."""
    count = size(200, 2000)
    allowed = size(100, 1024)
    options = ("--max-connections", "100000", *LEAN)
    with start_host(["gated"], *options, open_files=(allowed, allowed)) as host:
        working = host.begin("gated", label="a", gate="a")
        wait_until(host.journal, "the call has begun")
        storm = silent(host, count)
        assert host.get("/healthz").status == 200
        # Behind thousands that came before, a new one waits for more seconds than the watch does.
        host.watch.complaints.clear()
        host.touch("a")
        assert working.result(30).status == 200
        host.wait_for_log("could not be accepted: Too many open files")
        close(storm)
        wait_until(lambda: host.get("/readyz").status == 200, "all is as before")
        assert_calm(host)


def test_when_nobody_waits_new_ones_are_told_so() -> None:
    with start_host(["gated"], "--max-connections", "6", *LEAN) as host:
        begun = [host.begin("gated", label="a", gate="a") for _ in range(3)]
        wait_until(host.journal, "a call has begun")
        held: list[socket.socket] = []

        def is_told() -> bool:
            # Those that had not yet begun their request gave way to the next.
            held.append(connect(host))
            with contextlib.suppress(OSError):
                held[-1].sendall(PREDICT + b"Content-Length: 5\r\n\r\n")
            return "a connection was refused" in host.log()

        wait_until(is_told, "it is told")
        host.touch("a")
        assert {future.result(30).status for future in begun} == {200}
        close(held)
        assert_calm(host)
        host.watch.complaints.clear()  # It was refused, too: that is what is tested.


def test_one_address_cannot_take_all() -> None:
    options = ("--max-connections-per-address", "5", *LEAN)
    with start_host(["plain"], *options) as host:
        storm = silent(host, 30)
        assert host.predict("plain").status == 200
        assert sum(map(is_open, storm)) <= 5
        other = socket.create_connection(("127.0.0.1", host.port), source_address=("127.0.0.2", 0))
        other.sendall(HEALTHZ + b"\r\n")
        assert other.recv(100).startswith(b"HTTP/1.1 200")
        close([*storm, other])


def test_a_request_without_a_descriptor_for_its_file_is_told_so() -> None:
    allowed = 110
    options = ("--max-connections=1000", *LEAN)
    with start_host(["gated", "echo"], *options, open_files=(allowed, allowed)) as host:
        host.watch.stop()  # It would want new connections.
        begun = [connect(host) for _ in range(6)]
        for sock in begun:
            sock.sendall(UPLOAD_HEAD)
        host.settle()
        # They have a request, and do not give way; more than can be accepted, which take whatever
        # gets free.
        held = silent(host, allowed + 10)
        for sock in held:
            with contextlib.suppress(ConnectionError):  # Some wait too long, and are closed.
                sock.sendall(b"POST /v2/models/gated/predict/?label=a&gate=a HTTP/1.1\r\n")
                sock.sendall(b"Host: localhost\r\nContent-Length: 0\r\n\r\n")
        wait_until(lambda: "could not be accepted" in host.log(), "there are no descriptors")
        for sock in begun:
            sock.sendall(FORM)
        answers = [rest_of(sock) for sock in begun]
        refused = [answer for answer in answers if not answer.startswith(b"HTTP/1.1 200")]
        assert refused, "all have found one"
        for answer in refused:
            assert answer.startswith(b"HTTP/1.1 503"), answer
            assert b'"error":"host_exhausted"' in answer
        host.touch("a")
        close([*held, *begun])
        wait_until(lambda: host.get("/readyz").status == 200, "all is as before")
        host.wait_for_log("no file descriptor was left")
        assert_calm(host)


FORM = (
    b"--b\r\nContent-Disposition: form-data; name=data; filename=f\r\n"
    b"Content-Type: application/octet-stream\r\n\r\nx\r\n--b--\r\n"
)
UPLOAD_HEAD = (
    b"POST /v2/models/echo/predict/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
    b"Connection: close\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n" % len(FORM)
)


def test_models_get_the_limit_that_a_plain_interpreter_gets(small_host: Host, size: Size) -> None:
    most = size(256, 1024)
    limits = {
        process.pid: process.rlimit(psutil.RLIMIT_NOFILE)
        for process in small_host.family()
        if "deepaas.runtime" in process.cmdline() and not is_reaper(process)
    }
    assert set(limits.values()) == {(most - 100, most)}
    assert own_limit(small_host) == (most, most)


# --- too slow ---


def test_who_sends_nothing_is_closed(host: Host) -> None:
    assert rest_of(connect(host)) == b""


def test_a_head_that_trickles_is_told_so(host: Host) -> None:
    sock = connect(host)
    sock.settimeout(0.2)
    answer = b""
    with contextlib.suppress(ConnectionError):
        for byte in HEALTHZ + b"X-Filler: " + b"y" * 1000:
            sock.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                answer = sock.recv(65536)
                break
    assert answer.startswith(b"HTTP/1.1 408"), answer
    assert b'"error":"request_timed_out"' in answer


def test_a_second_head_that_trickles_is_closed(host: Host) -> None:
    """On a connection that has been good before; a beginning in the same packet counts."""
    sock = connect(host)
    sock.sendall(HEALTHZ + b"\r\n" + HEALTHZ)
    assert rest_of(sock).startswith(b"HTTP/1.1 200")


def test_an_idle_connection_is_closed_and_a_stream_is_not(host: Host) -> None:
    """A stream whose client takes all that comes may be silent."""
    stream = connect(host)
    stream.sendall(
        b"POST /v2/models/gated/predict/?label=still&gate=still HTTP/1.1\r\nHost: localhost\r\n"
        b"Accept: text/event-stream\r\nContent-Length: 0\r\n\r\n"
    )
    for _ in range(3):
        idle = connect(host)
        idle.sendall(HEALTHZ + b"\r\n")
        assert rest_of(idle).startswith(b"HTTP/1.1 200")
    assert is_open(stream)
    host.touch("still")
    assert rest_until(stream, b"event: end").startswith(b"HTTP/1.1 200")
    stream.close()


def rest_until(sock: socket.socket, end: bytes) -> bytes:
    found = b""
    while end not in found:
        data = sock.recv(65536)
        assert data, found
        found += data
    return found


def test_a_body_that_does_not_come_is_told_so(host: Host) -> None:
    """By each kind of route; all at once, as each is waited for."""
    begun = {}
    for line in (
        "POST /v2/models/plain/predict/",
        "POST /cog/plain/predictions",
        "PUT /cog/plain/predictions/an-id",
    ):
        begun[line] = connect(host)
        begun[line].sendall(
            f"{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n".encode()
            + b'Content-Type: application/json\r\n\r\n{"input'
        )
    for line, sock in begun.items():
        answer = rest_of(sock)
        assert answer.startswith(b"HTTP/1.1 408"), (line, answer)
        assert b"made no progress" in answer, line


def test_a_body_that_trickles_is_told_so(host: Host) -> None:
    sock = connect(host)
    sock.sendall(PREDICT + b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    sock.settimeout(0.2)
    answer = b""
    with contextlib.suppress(ConnectionError):
        while not answer:
            sock.sendall(b" ")
            with contextlib.suppress(TimeoutError):
                answer = sock.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408"), answer


def test_a_slow_body_that_makes_progress_arrives(host: Host) -> None:
    """It takes longer than the limit, which counts from each KiB on."""
    pieces = 16
    body = b"{" + b" " * (pieces * 1100 - 2) + b"}"
    sock = connect(host)
    head = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    sock.sendall(PREDICT + head % len(body))
    for begin in range(0, len(body), 1100):
        # Another connection that is closed for being silent is the clock.
        if begin % 4400 == 0:
            rest_of(connect(host))
        sock.sendall(body[begin : begin + 1100])
    assert rest_until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
    sock.close()


def test_who_does_not_read_is_left(host: Host) -> None:
    """Each way in which a long answer is sent; their bytes do not stay in memory."""
    before = psutil.Process(host.process.pid).memory_info().rss
    socks = []
    for kind in ("bytes", "named", "json"):
        sock = connect(host, receive_bytes=4096)
        mime = "application/json" if kind == "json" else "application/octet-stream"
        query = f"size_bytes=20000000&kind={kind}&accept={mime}"
        sock.sendall(
            f"POST /v2/models/large/predict/?{query} HTTP/1.1\r\n".encode()
            + f"Host: localhost\r\nAccept: {mime}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        socks.append(sock)
    told = "the client did not read the response"
    wait_until(lambda: host.log().count(told) >= len(socks), "they are closed")
    assert psutil.Process(host.process.pid).memory_info().rss - before < 40e6
    close(socks)


def test_who_reads_slowly_gets_all(host: Host) -> None:
    sock = connect(host, receive_bytes=65536)
    sock.sendall(
        b"POST /v2/models/large/predict/?size_bytes=5000000&kind=json HTTP/1.1\r\n"
        b"Host: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    size = 0
    for _ in range(3):
        rest_of(connect(host))  # A second or two.
        size += len(sock.recv(65536))
    size += len(rest_of(sock))
    assert size > 5_000_000
    sock.close()


def test_a_connection_that_is_broken_off_leaves_nothing(host: Host) -> None:
    socks = silent(host, 20)
    for sock in socks:
        sock.sendall(PREDICT + b"Content-Length: 1000\r\n\r\nx")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    before = descriptors(host)
    wait_until(lambda: descriptors(host) <= before, "they are forgotten")
    assert "Traceback" not in host.log()
