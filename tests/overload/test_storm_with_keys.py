"""Slow connections and unread streams at once, where keys are required and calls are limited."""

import contextlib
import socket
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.host import Host, start_host
from support.storm_size import Size

from deepaas.access.key_file import changing
from deepaas.access.keys import new_key
from deepaas.access.principal import ALL_RIGHTS

from .unread import printed_run, settled_kb, streams

SLOW_KILOBYTES_EACH = 40
UNREAD_KILOBYTES_EACH = 200
OF_ALL_KILOBYTES = 4 * 1024
MORE_KILOBYTES = 6 * 1024
"""How much the memory may still grow while the storm goes on and others are served."""
LIMITS = {
    "storm": "1000000/hour, 5000 at once, 1 GB/hour",
    "greedy": "1000000/hour, 2 at once",
    "other": "1000000/hour, 8 at once",
}
PATIENT = ("--header-timeout=600", "--body-timeout=600", "--send-timeout=600")
PREDICT = "/v2/models/trains/predict/"


@dataclass(frozen=True)
class Limited:
    host: Host
    headers: dict[str, bytes]
    """With the key of each name."""

    def median_seconds(self, count: int) -> float:
        """How long a prediction takes somebody who has nothing to do with the storm."""
        key = self.headers["other"].decode().partition(": ")[2].strip()
        told = [self.host.predict("trains", headers={"X-API-Key": key}) for _ in range(count)]
        assert {one.status for one in told} == {200}
        return statistics.median(one.seconds for one in told)

    def slow_head(self) -> socket.socket:
        """One that has shown its key and goes on with its headers, byte by byte."""
        return self._begun(self.headers["storm"] + b"X-Slow: ")

    def slow_body(self, name: str = "storm") -> socket.socket:
        return self._begun(
            self.headers[name] + b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
        )

    def _begun(self, rest: bytes) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.host.port), timeout=30)
        sock.sendall(f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\n".encode() + rest)
        return sock


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Limited]:
    file, headers = Path(tmp_path_factory.mktemp("limited"), "keys.json"), {}
    with changing(file) as records:
        for name, limits in LIMITS.items():
            key, record = new_key(name, ALL_RIGHTS, limits=limits)
            headers[name] = f"X-API-Key: {key}\r\n".encode()
            records.append(record)
    options = (
        f"--keys-file={file}",
        "--limit-per-address=1000000/hour, 5000 at once, 10 GB/hour",
        "--limit-per-model=1000000/hour, 5000 at once",
    )
    with start_host(["trains"], *options, *PATIENT, "--no-ui", max_peak_mb=500) as host:
        yield Limited(host, headers)
        assert "Traceback" not in host.log()


def go_on(slow: Sequence[socket.socket]) -> None:
    for sock in slow:
        sock.sendall(b" ")


def test_others_are_served_as_before_and_the_memory_is_flat(limited: Limited, size: Size) -> None:
    host, calls_count = limited.host, size(30, 200)
    slow_count, unread_count = size(200, 2000), size(100, 1000)
    path = printed_run(host, limited.headers["storm"])
    before_seconds = limited.median_seconds(calls_count)
    before_kb = settled_kb(host)
    with contextlib.ExitStack() as storm:
        slow = [
            storm.enter_context(limited.slow_body() if number % 2 else limited.slow_head())
            for number in range(slow_count)
        ]
        go_on(slow)
        with_slow_kb = settled_kb(host)
        for what in ("logs", "events"):
            key = limited.headers["storm"]
            for sock in streams(host, f"{path}/{what}", unread_count // 2, key):
                storm.enter_context(sock)
        with_all_kb = settled_kb(host)
        during = []
        for _ in range(3):
            go_on(slow)
            during.append(limited.median_seconds(calls_count))
        at_last_kb = settled_kb(host)
        go_on(slow)  # None of them was left.
    print(
        f"{slow_count} slow: {(with_slow_kb - before_kb) / slow_count:.1f} KB each; "
        f"{unread_count} unread: {(with_all_kb - with_slow_kb) / unread_count:.1f} KB each; "
        f"then {at_last_kb - with_all_kb} KB; a call {before_seconds * 1000:.1f} ms before, "
        f"{[round(one * 1000, 1) for one in during]} ms during the storm"
    )
    assert with_slow_kb - before_kb < SLOW_KILOBYTES_EACH * slow_count + OF_ALL_KILOBYTES
    assert with_all_kb - with_slow_kb < UNREAD_KILOBYTES_EACH * unread_count + OF_ALL_KILOBYTES
    assert at_last_kb - with_all_kb < MORE_KILOBYTES
    # The best of three: other programs run on this machine too.
    assert min(during) < 2 * before_seconds + 0.01


def test_who_takes_all_its_calls_at_once_takes_none_of_others(limited: Limited) -> None:
    held = [limited.slow_body("greedy") for _ in range(2)]
    for sock in (limited.slow_body("greedy") for _ in range(20)):
        with sock:
            assert sock.recv(65536).startswith(b"HTTP/1.1 429")
    limited.median_seconds(3)
    for sock in held:
        sock.close()
