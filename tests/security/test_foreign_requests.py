"""Requests of foreign web pages change nothing: in each door, on each page, in whatever way."""

from __future__ import annotations

import json

import pytest
from support import client
from support.host import Host

from security.foreign import EVIL, FORM, MODEL, MODERN, OLD, send, traces

pytestmark = pytest.mark.xdist_group("strangers")

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


@pytest.fixture
def host(speaking: Host) -> Host:
    return speaking


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
    logged = len(host.log())
    answer = send(host, method, path, headers | FORM)
    assert_refused(answer, path)
    assert traces(host) == before
    assert "owned" not in host.log()[logged:]


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


def test_pages_of_an_allowed_origin(friendly: Host) -> None:
    for origin in ("https://example.org", "http://a.test:8080"):
        foreign = {**MODERN, "Origin": origin}
        for path in (f"/v2/models/{MODEL}/predict/", f"/cog/{MODEL}/predictions"):
            preflight = {
                **foreign,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type,prefer",
            }
            asked = send(friendly, "OPTIONS", path, preflight)
            assert asked.status == 204
            assert asked.headers["access-control-allow-origin"] == origin
            assert "POST" in asked.headers["access-control-allow-methods"]
            assert asked.headers["access-control-allow-headers"] == "content-type,prefer"
        answer = send(friendly, "POST", f"/v2/models/{MODEL}/predict/?text=ours", foreign)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-expose-headers"].startswith("*, ")
        assert answer.headers["vary"] == "Origin"
        wrong = send(friendly, "POST", f"/v2/models/{MODEL}/predict/?wrong=1", foreign)
        assert wrong.headers["access-control-allow-origin"] == origin


def test_an_allowed_origin_allows_no_other(friendly: Host) -> None:
    path = f"/v2/models/{MODEL}/predict/"
    for origin in (
        *(EVIL, "null", "http://example.org", "https://example.org:8443"),
        *("https://example.org.evil.test", "https://evil.test/https://example.org"),
    ):
        assert_refused(send(friendly, "POST", path, {**MODERN, "Origin": origin}), path)
    program = friendly.get("/v2/models/")
    assert program.headers["vary"] == "Origin"  # What a cache keeps is not for pages.
