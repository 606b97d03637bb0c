"""Requests of foreign web pages change nothing: in each door, on each page, in whatever way."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from support import client
from support.host import Host, start_host
from support.waiting import wait_until

from security.foreign import EVIL, FORM, MODEL, MODERN, OLD, send, traces

DOORS = [
    ("POST", f"/v2/models/{MODEL}/predict/?text=owned"),
    ("POST", f"/v2/models/{MODEL}/train/?text=owned"),
    ("DELETE", f"/v2/models/{MODEL}/train/0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"),
    ("POST", f"/cog/{MODEL}/predictions"),
    ("PUT", f"/cog/{MODEL}/predictions/owned"),
    ("POST", f"/cog/{MODEL}/predictions/owned/cancel"),
    ("POST", f"/cog/{MODEL}/trainings"),
    ("POST", f"/cog/{MODEL}/shutdown"),
    ("POST", f"/try-me/{MODEL}/gradio_api/queue/join"),
    ("POST", f"/try-me/{MODEL}/gradio_api/upload"),
    ("POST", "/tensorboard/data/plugin/hparams/session_groups"),
    ("POST", "/nowhere"),
]
"""Ways to change something, and a few that are none."""

OUR_OWN = [
    {},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:{port}"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://127.0.0.1:{port}"},
    {"Origin": "https://127.0.0.1:{port}"},
    {"Origin": "http://localhost:{port}", "Host": "LOCALHOST:{port}"},
    {"Origin": "http://[::1]:{port}", "Host": "[0:0:0:0:0:0:0:1]:{port}"},
    {"Origin": "https://localhost", "Host": "localhost"},
]
NOT_OURS = [
    MODERN,
    OLD,
    {**MODERN, "Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://127.0.0.1:{port}.evil.test"},
    {"Origin": "http://evil.test@127.0.0.1:{port}"},
    {"Origin": "http://127.0.0.1"},
]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host([MODEL], "--cog-shutdown") as host:
        yield host
        assert "Traceback" not in host.log()


@pytest.fixture(scope="module")
def friendly_host() -> Iterator[Host]:
    origins = ("--allowed-origin", "https://example.org", "--allowed-origin", "http://a.test:8080")
    with start_host([MODEL], *origins) as host:
        yield host


def filled(headers: dict[str, str], host: Host) -> dict[str, str]:
    return {name: value.format(port=host.port) for name, value in headers.items()}


def assert_refused(answer: client.Answer, path: str) -> None:
    assert answer.status == 403, answer.body
    said = answer.json()
    message = said["error" if path.startswith("/cog/") else "message"]
    assert "--allowed-origin" in message
    if path.startswith("/cog/"):
        assert said.keys() == {"error", "status"}
        assert said["status"] == "failed"
    else:
        assert said["code"] == 403
        assert said["error"] == "foreign_origin"
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("headers", [MODERN, OLD], ids=["modern", "old"])
def test_nothing_is_changed_in_any_door(
    host: Host, method: str, path: str, headers: dict[str, str]
) -> None:
    before = traces(host)
    answer = send(host, method, path, headers | FORM)
    assert_refused(answer, path)
    assert traces(host) == before
    assert "owned" not in host.log()


@pytest.mark.parametrize("headers", NOT_OURS, ids=json.dumps)
def test_what_is_foreign(host: Host, headers: dict[str, str]) -> None:
    path = f"/v2/models/{MODEL}/predict/"
    assert_refused(send(host, "POST", path, filled(headers, host)), path)


@pytest.mark.parametrize("headers", OUR_OWN, ids=json.dumps)
def test_what_is_our_own(host: Host, headers: dict[str, str]) -> None:
    answer = send(host, "POST", f"/v2/models/{MODEL}/predict/", filled(headers, host))
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("path", ["/try-me/", "/tensorboard/", f"/v2/models/{MODEL}/", "/"])
def test_a_foreign_page_shows_nothing_of_ours_in_itself_but_leads_to_it(
    host: Host, path: str
) -> None:
    """Even to ask starts the try-me page and TensorBoard."""
    foreign = {"Sec-Fetch-Site": "cross-site", "Accept": "*/*"}
    for mode, destination in (("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe")):
        picture = {**foreign, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}
        assert send(host, "GET", path, picture).status == 403
    if path not in ("/try-me/", "/tensorboard/"):  # They take seconds to start.
        link = {**foreign, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert send(host, "GET", path, link).status == 200


def test_the_handshake_of_a_websocket(host: Host) -> None:
    asks = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    for path in (f"/try-me/{MODEL}/gradio_api/queue/join", "/tensorboard/", "/"):
        answer = send(host, "GET", path, {**asks, **OLD})
        assert answer.status == 403


def test_a_preflight_of_a_foreign_page(host: Host) -> None:
    headers = {**MODERN, "Access-Control-Request-Method": "POST"}
    for _, path in DOORS:
        answer = send(host, "OPTIONS", path, headers)
        assert answer.status == 403
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_pages_of_an_allowed_origin(friendly_host: Host) -> None:
    for origin in ("https://example.org", "http://a.test:8080"):
        foreign = {**MODERN, "Origin": origin}
        for path in (f"/v2/models/{MODEL}/predict/", f"/cog/{MODEL}/predictions"):
            preflight = {
                **foreign,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type,prefer",
            }
            asked = send(friendly_host, "OPTIONS", path, preflight)
            assert asked.status == 204
            assert asked.headers["access-control-allow-origin"] == origin
            assert "POST" in asked.headers["access-control-allow-methods"]
            assert asked.headers["access-control-allow-headers"] == "content-type,prefer"
        answer = send(friendly_host, "POST", f"/v2/models/{MODEL}/predict/?text=ours", foreign)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-expose-headers"] == "*"
        assert answer.headers["vary"] == "Origin"
        wrong = send(friendly_host, "POST", f"/v2/models/{MODEL}/predict/?wrong=1", foreign)
        assert wrong.headers["access-control-allow-origin"] == origin


def test_an_allowed_origin_allows_no_other(friendly_host: Host) -> None:
    path = f"/v2/models/{MODEL}/predict/"
    for origin in (
        *(EVIL, "null", "http://example.org", "https://example.org:8443"),
        *("https://example.org.evil.test", "https://evil.test/https://example.org"),
    ):
        assert_refused(send(friendly_host, "POST", path, {**MODERN, "Origin": origin}), path)
    program = friendly_host.get("/v2/models/")
    assert program.headers["vary"] == "Origin"  # What a cache keeps is not for pages.


def test_whoever_wants_the_whole_web_is_told() -> None:
    with start_host([MODEL], "--allowed-origin", "*") as host:
        answer = send(host, "POST", f"/v2/models/{MODEL}/predict/", MODERN)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert "web pages of every origin may use this host" in host.log()


@contextmanager
def deepaas_ui(host: Host, folder: Path, *options: str) -> Iterator[int]:
    """The command; its port."""
    log = folder / "log"
    command = [sys.executable, "-m", "deepaas.cmd.ui", "--api-url", host.url, "--listen-port", "0"]
    with log.open("wb") as file:
        process = subprocess.Popen([*command, *options], stdout=file, stderr=file)
    try:
        wait_until(lambda: "listens at" in log.read_text(), "the page listens", 60)
        found = re.search(r"listens at http://127.0.0.1:(\d+)", log.read_text())
        assert found
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(20)


def test_the_page_by_itself(host: Host, tmp_path: Path) -> None:
    """`deepaas-ui` has the same doorkeeper."""
    options = ("--allowed-host", "ui.test", "--allowed-origin", "https://example.org")
    with deepaas_ui(host, tmp_path, *options) as port:

        def status(method: str, headers: dict[str, str]) -> tuple[int, str]:
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request(method, f"/{MODEL}/gradio_api/queue/join", b"{}", headers)
            answer = connection.getresponse()
            said = answer.read().decode()
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            connection.close()
            return answer.status, said

        for headers in (MODERN, OLD, {"Origin": "null"}):
            refused, said = status("POST", headers)
            assert refused == 403
            assert "--allowed-origin" in json.loads(said)["error"]
        rebound, said = status("GET", {"Host": "evil.test"})
        assert rebound == 421
        assert "--allowed-host" in json.loads(said)["error"]
        asks = {**MODERN, "Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
        assert status("OPTIONS", asks)[0] == 204
        for headers in ({}, {"Host": "ui.test"}, {"Origin": f"http://127.0.0.1:{port}"}):
            assert status("POST", headers)[0] not in (403, 421)
