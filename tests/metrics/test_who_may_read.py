"""`/metrics` is for programs on this machine, for keys, or at an address of its own."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from support import client
from support.host import Host, free_port, run_host, start_host

from deepaas.access.key_file import changing
from deepaas.access.keys import new_key
from deepaas.access.principal import Right

from .scraped import parsed

pytestmark = pytest.mark.xdist_group("metrics")


def ask(port: int, *lines: str, path: str = "/metrics", address: str = "127.0.0.1") -> int:
    """The status of a request with exactly these headers."""
    head = "\r\n".join([f"GET {path} HTTP/1.1", *lines, "Connection: close", "", ""])
    with socket.create_connection((address, port), timeout=20) as line:
        line.sendall(head.encode())
        return int(line.makefile("rb").readline().split()[1])


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]:5000", "127.9.8.7"]
)
def test_programs_on_this_machine(host: Host, name: str) -> None:
    assert ask(host.port, f"Host: {name}") == 200


@pytest.mark.parametrize(
    "header",
    [
        *("X-Forwarded-For: 127.0.0.1", "x-forwarded-for: 203.0.113.7", "X-Forwarded-For:"),
        *("X-Forwarded-Host: localhost", "X-Forwarded-Proto: http", "X-Real-IP: 127.0.0.1"),
        *("Forwarded: for=127.0.0.1", "Via: 1.1 proxy", "X-Forwarded-Anything: x"),
        *("Origin: http://localhost", "Origin: null", "Origin: http://evil.example"),
        *("Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"),
        *("Host: evil.example", "Host: 127.0.0.1.evil.example", "Host: 10.0.0.1", "Host: "),
        "Host: localhost@evil.example",
    ],
)
def test_proxies_and_web_pages_are_not_this_machine(host: Host, header: str) -> None:
    lines = [header] if header.startswith("Host") else ["Host: 127.0.0.1", header]
    assert ask(host.port, *lines) in (400, 403, 421)


def test_an_absolute_target_is_a_proxys(host: Host) -> None:
    assert ask(host.port, "Host: localhost", path="http://localhost/metrics") == 403


def network_address() -> str:
    """An address of this machine that is not a loopback one; without any, a loopback one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.7", 9))  # Nothing is sent.
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def test_clients_of_other_machines_need_a_key(tmp_path: Path) -> None:
    """Also if all names of this host, and all pages, are allowed."""
    keys = tmp_path / "keys.json"
    made = {}
    with changing(keys) as records:
        for name, rights, models in (
            ("scraper", [Right.METRICS], None),
            ("reader", [Right.READ, Right.PREDICT], None),
            ("some", [Right.METRICS], ["plain"]),
        ):
            made[name], record = new_key(name, rights, models=models)
            records.append(record)
    options = ("--allowed-origin", "*", "--allowed-host", "*", "--notrain-endpoint", "--no-ui")
    listen = ("--listen-ip", "0.0.0.0", "--keys-file", str(keys))  # The last one counts.
    with start_host(["plain"], *listen, *options) as host:
        own = network_address()
        proxy = ("X-Forwarded-For: 203.0.113.7",)

        def status(*lines: str) -> int:
            """From another machine, and through a proxy on this one: the same."""
            asked = {
                ask(host.port, f"Host: {own}", *lines, *more, address=address)
                for address, more in ((own, proxy), ("127.0.0.1", proxy), (own, ()))
                if more or own != "127.0.0.1"
            }
            (told,) = asked
            return told

        assert status() == 401
        assert status("X-API-Key: wrong") == 401
        assert status(f"X-API-Key: {made['scraper']}") == 200
        assert status(f"Authorization: Bearer {made['scraper']}") == 200
        assert status(f"X-API-Key: {made['reader']}") == 403
        assert status(f"X-API-Key: {made['some']}") == 403
        if own != "127.0.0.1":
            assert ask(host.port, "Host: localhost", address=own) == 401
        # A program on this machine needs none.
        answer = client.request(host.port, "GET", "/metrics")
        assert answer.status == 200
        told = parsed(answer.body.decode())
        assert told.value("deepaas_requests_total", route="/metrics", code="200", key="scraper") > 3
        assert told.value("deepaas_requests_total", code="403", key="reader") > 1
        assert told.value("deepaas_errors_total", error="not_permitted") > 3
        assert all(key not in answer.body.decode() for key in made.values())


def test_an_address_of_its_own() -> None:
    port = free_port()
    listen = f"127.0.0.1:{port}"
    options = ("--metrics-listen", listen, "--notrain-endpoint", "--no-ui")
    with start_host(["plain"], *options) as host:
        assert host.predict("plain").status == 200
        assert host.get("/metrics").status == 404
        answer = client.request(port, "GET", "/metrics")
        told = parsed(answer.body.decode())
        assert told.value("deepaas_requests_total", model="plain", code="200") == 1
        assert not told.samples("deepaas_requests_total", route="/metrics")
        assert ask(port, "Host: localhost", "X-Forwarded-For: 203.0.113.7") == 200
        assert ask(port, "Host: evil.example") == 421
        assert ask(port, "Host: localhost", "Origin: http://evil.example") == 403
        for path in ("/", "/v2/models/", "/healthz", "/metrics/", "/v2/models/plain/predict/"):
            assert ask(port, "Host: localhost", path=path) == 404
        assert client.request(port, "POST", "/metrics").status == 405
        refused = client.request(port, "GET", "/no", headers={"Accept": "application/json"})
        assert json.loads(refused.body)["code"] == 404
        host.wait_for_log(f"metrics: http://{listen}/metrics")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("9100", "metrics-listen is '9100': it must be ADDRESS:PORT, such as 127.0.0.1:9100"),
        ("127.0.0.1:99999", "it must be ADDRESS:PORT"),
        ("::1:9100", "it must be ADDRESS:PORT"),
        ("127.0.0.1:9100 doors=v2", "it must be ADDRESS:PORT"),
        ("unix:/run/metrics.sock", "it must be ADDRESS:PORT"),
        ("127.0.0.1:9100 tls=yes", "metrics-listen is '127.0.0.1:9100 tls=yes': this needs --tls-"),
        ("203.0.113.7:0", "could not listen on 203.0.113.7:0 for metrics"),
    ],
)
def test_a_wrong_address_is_told_at_the_start(given: str, expected: str) -> None:
    ended = run_host(["plain"], "--metrics-listen", given, "--notrain-endpoint")
    assert ended.returncode == 1
    assert expected in ended.output
    assert "Traceback" not in ended.output
