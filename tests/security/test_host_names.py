"""By which names the host may be called: a page of another name may be one that leads here (DNS
rebinding), and then it is this host's own page for a browser."""

from __future__ import annotations

import json
import socket

import psutil
import pytest
from support import client
from support.host import Host, run_host, start_host
from support.waiting import wait_until

from deepaas.origins import Visitors
from security.foreign import MODEL, MODERN, send, traces

pytestmark = pytest.mark.xdist_group("strangers")

LEAN = ("--no-ui", "--no-train-endpoint")
PATHS = [
    ("GET", "/"),
    ("GET", "/api"),
    ("GET", "/v2/models/"),
    ("POST", f"/v2/models/{MODEL}/predict/?text=owned"),
    ("POST", f"/v2/models/{MODEL}/train/?text=owned"),
    ("POST", f"/cog/{MODEL}/predictions"),
    ("GET", f"/cog/{MODEL}/docs"),
    ("GET", f"/try-me/{MODEL}/"),
    ("POST", f"/try-me/{MODEL}/gradio_api/upload"),
    ("GET", "/tensorboard/"),
    ("GET", "/tensorboard/data/environment"),
    ("GET", "/healthz"),
    ("OPTIONS", "/v2/"),
    ("GET", "/nowhere"),
]
GOOD = [
    *("127.0.0.1", "127.0.0.1:{port}", "127.0.0.1:80", "127.9.8.7", "localhost", "LocalHost:1"),
    *("localhost.", "models.localhost:{port}", "[::1]", "[::1]:{port}", "[::ffff:127.0.0.1]"),
]
BAD = [
    *("evil.test", "evil.test:{port}", "localhost.evil.test", "127.0.0.1.evil.test"),
    *("127.0.0.1@evil.test", "evil.test@127.0.0.1", "127.0.0.1:{port}:1", "notlocalhost"),
    *("0.0.0.0:{port}", "192.0.2.1", "[::2]", "[::ffff:192.0.2.1]", "[::1", "2130706433"),
    *("127.0.0.1/evil", "127.0.0.1,evil.test", "127.0.0.1 evil.test", "\xe9vil.test"),
]


@pytest.fixture
def host(speaking: Host) -> Host:
    return speaking


def raw(port: int, text: str) -> bytes:
    """The answer to a request, written as it is."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(text.encode("latin-1"))
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def status(port: int, text: str) -> int:
    return int(raw(port, text).split(b" ", 2)[1])


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_name_that_leads_here_is_not_ours(host: Host, method: str, path: str) -> None:
    before = traces(host)
    answer = send(host, method, path, {"Host": f"evil.test:{host.port}"})
    assert answer.status == 421
    said = answer.json()
    assert "--allowed-host evil.test" in (
        said["error"] if path.startswith("/cog/") else said["message"]
    )
    assert traces(host) == before


@pytest.mark.parametrize("name", GOOD)
def test_names_of_this_machine(host: Host, name: str) -> None:
    asks = f"GET /healthz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    assert status(host.port, asks.format(port=host.port)) == 200


@pytest.mark.parametrize("name", BAD)
def test_names_that_only_look_like_it(host: Host, name: str) -> None:
    asks = f"GET /healthz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    assert status(host.port, asks.format(port=host.port)) in (400, 421)


def test_requests_that_name_the_host_otherwise(host: Host) -> None:
    close = "Connection: close\r\n\r\n"
    ours, evil = f"127.0.0.1:{host.port}", "evil.test"
    assert status(host.port, "GET /healthz HTTP/1.0\r\n\r\n") == 200
    for target, named, expected in (
        (f"http://{ours}/healthz", ours, 200),
        (f"http://{evil}/healthz", ours, 421),
        (f"http://{ours}/healthz", evil, 421),
        (f"http://user@{evil}/healthz", ours, 421),
    ):
        assert status(host.port, f"GET {target} HTTP/1.1\r\nHost: {named}\r\n{close}") == expected
    twice = f"GET /healthz HTTP/1.1\r\nHost: {ours}\r\nHost: {evil}\r\n{close}"
    assert status(host.port, twice) in (400, 421)


def test_no_companion_answers_past_the_host(host: Host) -> None:
    """TensorBoard has a port of its own, where a browser on this machine finds it, too."""
    wait_until(lambda: host.get("/tensorboard/data/runs").status == 200, "TensorBoard runs")
    wait_until(lambda: host.get(f"/try-me/{MODEL}/config").status == 200, "the page runs")
    ports = {
        connection.laddr.port
        for process in host.family()
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port != host.port
    }
    assert ports
    for port in ports:
        for path in ("/", "/data/runs", "/tensorboard/", "/tensorboard/data/runs"):
            for name in ("evil.test", f"127.0.0.1:{port}"):
                answer = client.request(port, "GET", path, headers={"Host": name})
                assert answer.status == 404, (port, path)


def test_a_person_is_told_on_a_page(host: Host) -> None:
    answer = send(host, "GET", "/", {"Host": "<b>evil", "Accept": "text/html"})
    assert answer.status == 421
    assert answer.headers["content-type"].startswith("text/html")
    assert b"--allowed-host" in answer.body
    assert b"<b>" not in answer.body


def test_names_that_are_allowed(friendly: Host) -> None:
    for name, expected in {
        "models.example.org": 200,
        "MODELS.example.org.:1234": 200,
        "only.example.org:8443": 200,
        "only.example.org": 421,
        "a.example.net": 200,
        "a.b.example.net:80": 200,
        "example.net": 421,
        "badexample.net": 421,
        "example.org": 421,
        "localhost": 200,
    }.items():
        assert send(friendly, "GET", "/healthz", {"Host": name}).status == expected, name


def test_a_host_for_all_takes_any_name_and_says_so() -> None:
    with start_host([MODEL], "--listen-ip", "0.0.0.0", *LEAN) as host:
        assert send(host, "GET", "/healthz", {"Host": "models.example.org"}).status == 200
        host.wait_for_log("all host names are accepted")
        host.wait_for_log("anybody who can reach http")
        # A page of another origin is one all the same.
        foreign = {"Host": "models.example.org", "Origin": "http://evil.test"}
        assert send(host, "POST", f"/v2/models/{MODEL}/predict/", foreign).status == 403
        own = {"Host": "models.example.org", "Origin": "https://models.example.org"}
        assert send(host, "POST", f"/v2/models/{MODEL}/predict/", own).status == 200


def test_a_host_for_all_may_be_told_its_names_and_take_pages_of_the_whole_web() -> None:
    """Whoever wants the latter is told."""
    options = ("--listen-ip=0.0.0.0", "--allowed-host=a.example.org", "--allowed-origin=*", *LEAN)
    with start_host([MODEL], *options) as host:
        assert "all host names are accepted" not in host.log()
        for name, expected in {
            "a.example.org": 200,
            "evil.test": 421,
            f"127.0.0.1:{host.port}": 200,
        }.items():
            assert send(host, "GET", "/healthz", {"Host": name}).status == expected, name
        answer = send(host, "POST", f"/v2/models/{MODEL}/predict/", MODERN)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        host.wait_for_log("web pages of all origins can use this host")


def test_what_cannot_be_a_name_is_refused_at_the_start() -> None:
    for option, value in (
        ("--allowed-host", "https://example.org"),
        ("--allowed-host", "a b"),
        ("--allowed-host", "*.example.org"),
        ("--allowed-origin", "example.org"),
        ("--allowed-origin", "https://example.org/path"),
        ("--allowed-origin", "null"),
    ):
        kind = option.removeprefix("--").replace("-", "_") + "s"
        with pytest.raises(ValueError) as refused:
            Visitors("127.0.0.1", **{kind: [value]})
        assert json.dumps(value).strip('"') in str(refused.value)
        assert option.removeprefix("--") in str(refused.value)
    ended = run_host([MODEL], option, value)
    assert ended.returncode == 1
    assert str(refused.value) in ended.output
