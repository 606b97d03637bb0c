"""A host with limits. Each test has addresses of its own, which a trusted proxy gives it."""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from support import client
from support.client import Upload
from support.host import Host, run_host, start_host
from support.waiting import wait_until

CALLS, AT_ONCE, BYTES = 5, 2, 1_000_000

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    options = (
        "--trusted-proxy=127.0.0.1",
        f"--limit-per-address={CALLS}/hour, {AT_ONCE} at once, 1 MB/hour",
        "--limit-per-model=plain = 3/hour",
        "--workers=4",
        "--no-ui",
    )
    with start_host(["gated", "plain", "oip_pair"], *options) as started:
        yield started


@pytest.fixture
def address() -> str:
    return f"192.0.2.{next(_numbers)}"


def call(host: Host, address: str, path: str = "", method: str = "POST") -> client.Answer:
    path = path or client.path_of("gated", {"label": "a"})
    return client.request(host.port, method, path, headers={"X-Forwarded-For": address})


def use_up(host: Host, address: str) -> None:
    assert {call(host, address).status for _ in range(CALLS)} == {200}


def test_what_is_left_is_told_until_nothing_is(host: Host, address: str) -> None:
    for left in reversed(range(CALLS)):
        answer = call(host, address)
        assert answer.status == 200
        assert answer.headers["ratelimit-policy"] == (
            f'"address-calls-per-3600s";q={CALLS};w=3600, '
            f'"address-calls-at-once";q={AT_ONCE};qu="concurrent-requests", '
            f'"address-bytes-per-3600s";q={BYTES};qu="content-bytes";w=3600'
        )
        seconds = 720 * (CALLS - left if left else 1)
        assert answer.headers["ratelimit"].startswith(
            f'"address-calls-per-3600s";r={left};t={seconds}, "address-calls-at-once";r={AT_ONCE}'
        )
    refused = call(host, address)
    assert refused.status == 429
    assert refused.json() == {
        "code": 429,
        "message": f"the limit of this address is reached: {CALLS} calls in one hour",
        "error": "limit_exceeded",
    }
    assert refused.headers["retry-after"] == "720"
    assert refused.headers["ratelimit"] == '"address-calls-per-3600s";r=0;t=720'
    host.wait_for_log("a call was refused: the limit of this address is reached")


def test_others_are_served(host: Host, address: str) -> None:
    use_up(host, address)
    assert call(host, address).status == 429
    assert call(host, f"{address[:-1]}255").status == 200


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("/v2/models/gated/train/?label=a", "message"),
        ("/cog/gated/predictions", "error"),
        ("/oip/v2/models/oip_pair/infer", "error"),
    ],
)
def test_each_door_says_it_its_own_way(host: Host, address: str, path: str, member: str) -> None:
    use_up(host, address)
    refused = call(host, address, path)
    assert refused.status == 429
    assert "the limit of this address is reached" in str(refused.json()[member])
    assert refused.headers["retry-after"] == "720"


def test_only_calls_count(host: Host, address: str) -> None:
    use_up(host, address)
    for path in ("/", "/healthz", "/readyz", "/swagger.json", "/openapi.json", "/v2/models/"):
        answer = call(host, address, path, "GET")
        assert answer.status == 200 and "ratelimit" not in answer.headers, path
    assert call(host, address, "/v2/nowhere").status == 404
    assert call(host, address, "/healthz").status == 405


def test_an_ipv6_client_has_one_count(host: Host) -> None:
    for number in range(CALLS):
        assert call(host, f"2001:db8:0:1::{number}").status == 200
    assert call(host, "2001:db8:0:1:ffff::1").status == 429
    assert call(host, "2001:db8:0:2::1").status == 200


def test_all_callers_of_a_model_together(host: Host) -> None:
    path = client.path_of("plain", {"number": 1})
    answers = [call(host, f"198.51.100.{number}", path) for number in range(4)]
    assert [answer.status for answer in answers[3:]] == [429]
    assert "the limit of this model is reached: 3 calls in one hour" in answers[3].json()["message"]
    assert '"model-calls-per-3600s";r=2' in answers[0].headers["ratelimit"]


def begin(host: Host, address: str, gate: str) -> HTTPConnection:
    label = f"{gate}-{address}-{next(_numbers)}"
    path = client.path_of("gated", {"label": label, "gate": gate})
    connection = client.send(host.port, path, headers={"X-Forwarded-For": address})
    wait_until(lambda: f"start {label}" in host.journal(), "the call has begun")
    return connection


def test_calls_at_once_are_given_back_however_they_end(address: str) -> None:
    # Asking whether it is given back is a call, too.
    limit = f"--limit-per-address=9999/hour, {AT_ONCE} at once"
    options = ("--trusted-proxy=127.0.0.1", limit, "--workers=4", "--no-ui")
    with start_host(["gated"], *options) as host:
        assert_given_back(host, address)


def assert_given_back(host: Host, address: str) -> None:
    gate = f"gate-{address}"
    finished, abandoned = begin(host, address, gate), begin(host, address, "never")
    refused = call(host, address)
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert "2 at once" in refused.json()["message"]
    assert refused.headers["ratelimit"] == '"address-calls-at-once";r=0;t=1'
    host.touch(gate)
    assert client.finish(finished, 0).status == 200
    assert 'at-once";r=1' in call(host, address).headers["ratelimit"]
    abandoned.close()
    unfinished = send(host, address, "Content-Length: 500000", b'{"label": ')
    unfinished.close()
    wait_until(lambda: 'at-once";r=2' in call(host, address).headers["ratelimit"], "all ended")


def send(host: Host, address: str, length: str, body: bytes = b"") -> socket.socket:
    """Send the head of a call and the beginning of its body."""
    sock = socket.create_connection(("127.0.0.1", host.port), timeout=30)
    head = (
        "POST /v2/models/gated/predict/ HTTP/1.1",
        "Host: localhost",
        f"X-Forwarded-For: {address}",
        "Content-Type: application/json",
        length,
    )
    sock.sendall("\r\n".join((*head, "", "")).encode() + body)
    return sock


def answer_of(sock: socket.socket) -> str:
    with sock, sock.makefile("rb") as file:
        return file.read(4096).decode(errors="replace")


def test_an_upload_is_refused_before_its_body_is_read(host: Host, address: str) -> None:
    assert (
        host.predict(
            "gated", label="a", upload=Upload(600_000), headers={"X-Forwarded-For": address}
        ).status
        == 200
    )
    answer = answer_of(send(host, address, "Content-Length: 500000"))
    assert answer.startswith("HTTP/1.1 429 ")
    assert "1 MB in one hour" in answer and "Connection: close" in answer
    # As much as is missing flows back in this time.
    assert "Retry-After: 36" in answer
    # What has been refused was not counted.
    assert (
        client.request(
            host.port,
            "POST",
            client.path_of("gated", {"label": "a"}),
            upload=Upload(300_000),
            headers={"X-Forwarded-For": address},
        ).status
        == 200
    )


def test_a_body_that_can_never_pass_is_not_told_to_try_again(host: Host, address: str) -> None:
    answer = answer_of(send(host, address, "Content-Length: 1000001"))
    assert answer.startswith("HTTP/1.1 413 ") and "Retry-After" not in answer


def test_a_body_of_unknown_length_is_cut(host: Host, address: str) -> None:
    sock = send(host, address, "Transfer-Encoding: chunked")
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with contextlib.suppress(ConnectionError):
        for _ in range(100):
            sock.sendall(piece)
            if select.select([sock], [], [], 0.02)[0]:
                break
        else:
            raise AssertionError("6.5 MB of at most 1 MB were taken")
    answer = answer_of(sock)
    assert answer.startswith("HTTP/1.1 429 ") and "1 MB in one hour" in answer


def test_only_what_has_been_received_counts(host: Host, address: str) -> None:
    send(host, address, "Content-Length: 900000", b"0123456789").close()

    def left() -> int:
        answer = client.request(
            host.port,
            "POST",
            client.path_of("gated", {"label": "a"}),
            headers={"X-Forwarded-For": address},
        )
        if answer.status == 429:
            return 0
        return int(answer.headers["ratelimit"].rpartition("r=")[2].partition(";")[0])

    wait_until(lambda: left() >= BYTES - 10, "the rest is given back")


def test_a_wrong_limit_ends_the_start() -> None:
    ended = run_host(["plain"], "--limit-per-address=100/fortnight")
    assert ended.returncode == 1
    assert "limit-per-address is '100/fortnight'" in ended.output
    assert "Traceback" not in ended.output
