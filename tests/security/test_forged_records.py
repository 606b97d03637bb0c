"""Nothing that models and clients say looks like a record of the log."""

import re
import socket
from collections.abc import Iterator

import pytest
from support.host import Host, start_host
from support.waiting import wait_until

FORGED = "2026-01-01 00:00:00,000 CRITICAL deepaas: forged"
RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: ")
BREAKS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1b[2K\x1b[1G"]
DANGEROUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    options = ("--debug", "--debug-endpoint", "--no-ui", "--no-train-endpoint")
    with start_host(["says", "prints"], *options) as host:
        yield host


def told(host: Host, mark: str) -> list[str]:
    """The log and what the debug endpoint shows of it, both with the mark, as lines."""
    wait_until(lambda: mark in host.log(), "it is in the log")
    shown = host.get("/v2/debug/").body.decode()
    return [*host.log().split("\n"), *shown.split("\n")]


def assert_nothing_forged(host: Host, mark: str) -> None:
    lines = told(host, mark)
    assert any("forged" in line for line in lines)
    for line in lines:
        assert not line.startswith("2026-01-01"), line
        assert not DANGEROUS.search(line), repr(line)


@pytest.mark.parametrize("line_break", BREAKS)
def test_an_exception_of_a_model_forges_nothing(host: Host, line_break: str) -> None:
    mark = f"mark-{BREAKS.index(line_break)}"
    answer = host.predict("says", text=f"{mark}{line_break}{FORGED}")
    assert answer.status == 500
    assert_nothing_forged(host, mark)


@pytest.mark.parametrize("line_break", BREAKS)
def test_what_a_model_prints_forges_nothing(host: Host, line_break: str) -> None:
    mark = f"print-{BREAKS.index(line_break)}"
    host.predict("prints", text=f"{mark}{line_break}{FORGED}")
    wait_until(lambda: f"{FORGED} from C" in host.log(), "it is printed")
    lines = told(host, "from C")
    for line in lines:
        assert not line.startswith("2026-01-01"), line
        assert not DANGEROUS.search(line), repr(line)


@pytest.mark.parametrize(
    "line_break", [b"%0A", b"%0D", b"%E2%80%A8", b"%1B%5B2K", b"%FF", b"%C2%85"]
)
def test_a_path_forges_nothing(host: Host, line_break: bytes) -> None:
    mark = line_break.decode().strip("%")
    path = b"/v2/models/%s-%s%s/" % (
        mark.encode(),
        line_break,
        FORGED.replace(" ", "%20").encode(),
    )
    ask(host, b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n")
    assert_nothing_forged(host, mark)


@pytest.mark.parametrize("odd", [b"\x85", b"\xe2\x80\xa8", b"\xc2\x9b2K", b"\t", b"\xff"])
def test_a_header_is_not_logged(host: Host, odd: bytes) -> None:
    mark = f"agent-{odd.hex()}"
    agent = b"User-Agent: by the agent%s%s\r\n" % (odd, FORGED.encode())
    ask(host, b"GET /%s HTTP/1.1\r\nHost: localhost\r\n" % mark.encode() + agent)
    assert "by the agent" not in "".join(told(host, mark))


def ask(host: Host, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as sock:
        sock.sendall(head + b"Connection: close\r\nContent-Length: 0\r\n\r\n")
        while sock.recv(65536):
            pass


def test_a_traceback_stays_readable(host: Host) -> None:
    host.predict("says", text="traced")
    wait_until(lambda: "ValueError: traced" in host.log(), "it is in the log")
    lines = host.log().split("\n")
    last = max(number for number, line in enumerate(lines) if "ValueError: traced" in line)
    first = max(number for number in range(last) if lines[number].startswith("20"))
    assert RECORD.match(lines[first])
    assert "  Traceback (most recent call last):" in lines[first : last + 1]
