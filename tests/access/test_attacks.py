"""Ways around the check of keys, at a running host."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from support.waiting import wait_until

from deepaas.access.key_file import changing
from deepaas.access.keys import now
from deepaas.access.principal import Right

from .conftest import GIVEN, Closed, add_key
from .raw import answers, request

HEALTH = b'{"status":"ok"}'


@pytest.mark.parametrize(
    "target",
    [
        "//v2/models/",
        "/./v2/models/",
        "/healthz/../v2/models/",
        "/healthz/%2e%2e/v2/models/",
        "/healthz%2f..%2fv2/models/",
        "/healthz%00/v2/models/",
        "/healthz;/v2/models/",
        "/%68ealthz/",
        "/v2/models/?/healthz",
        "/v2/models/#/healthz",
        "/v2//models/",
        "/%76%32/models/",
        "/v2/models/plain/..;/",
        "/V2/MODELS/",
        "/static/swagger/..%2f..%2fpage.js",
        "/static/swagger/page.js",
        "/try-me/..%2fhealthz",
        "/try-me/assets/index.js",
        "/try-me/plain/gradio_api/file=/etc/passwd",
        "/tensorboard/../healthz",
        "/font-roboto/x.woff2",
        "http://127.0.0.1/v2/models/",
        "http://localhost/healthz/../v2/models/",
        "*",
        "healthz",
        "\\v2\\models\\",
        "/v2/models/\u00ff",
    ],
)
def test_a_path_that_looks_like_another(target: str, closed: Closed) -> None:
    for method in ("GET", "HEAD", "POST", "OPTIONS", "CONNECT"):
        for status, body in answers(
            closed.host.port, request(target, "Content-Length: 0", method=method)
        ):
            assert status in (400, 401, 404, 421) or body == HEALTH, (method, status, body)
            assert b"plain" not in body


@pytest.mark.parametrize(
    "headers",
    [
        ["X-Original-URL: /healthz"],
        ["X-Rewrite-URL: /healthz"],
        ["X-HTTP-Method-Override: HEAD"],
        ["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1"],
        ["X-Forwarded-User: all", "Remote-User: all", "X-Remote-User: all"],
        ["Authorization : Bearer {all}"],
        ["X_API_Key: {all}"],
        ["X-API-Key-: {all}"],
        ["Authorization: Bearer\t{all}x"],
        ["Authorization: Basic {all}"],
        ["Authorization: Bearer {all},"],
        ["Authorization: Bearer {all} {all}"],
        ["Authorization: Bearer {all}\x00"],
        ["Authorization: {all}"],
        ["Authorization: Bearer {upper}"],
        ["Proxy-Authorization: Bearer {all}"],
        ["Cookie: api_key={all}; key={all}; session={all}"],
        ["Authorization: Bearer {all}", "Authorization: Bearer {nothing}"],
        ["Authorization: Bearer {nothing}", "X-API-Key: {all}"],
        ["X-API-Key: {all}", "X-Api-Key: x"],
        ["Authorization: Bearer dk_\u00e4\u00ff\u00fe"],
        ["Authorization: Bearer dk_" + "0" * 8000],
        ["X-API-Key: " + "0" * 100_000],
        [
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ],
    ],
)
def test_a_header_that_looks_like_a_key(headers: Sequence[str], closed: Closed) -> None:
    sent = [
        one.format(**closed.keys, upper=closed.keys["all"].upper()) if "{" in one else one
        for one in headers
    ]
    for target in ("/v2/models/", "/try-me/plain/queue/join", "/v2/models/plain/train/x/events"):
        for version in ("1.0", "1.1"):
            for status, body in answers(closed.host.port, request(target, *sent, version=version)):
                assert status in (400, 401), (status, body)


@pytest.mark.parametrize("name", ["api_key", "apikey", "key", "token", "access_token", "X-API-Key"])
def test_a_key_in_the_query_or_a_form(name: str, closed: Closed) -> None:
    key = closed.keys["all"]
    assert closed.ask(f"/v2/models/?{name}={key}").status == 401
    sent = f"{name}={key}"
    head = request(
        "/v2/models/plain/predict/",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(sent)}",
        method="POST",
    )
    ((status, _),) = answers(closed.host.port, f"{head}\r\n\r\n{sent}")[:1]
    assert status == 401


def test_a_key_counts_for_one_request(closed: Closed) -> None:
    known = request("/v2/models/plain/", f"X-API-Key: {closed.keys['all']}")
    unknown, health = request("/v2/models/plain/"), request("/healthz")
    told = [
        status for status, _ in answers(closed.host.port, known, unknown, health, known, unknown)
    ]
    assert told == [200, 401, 200, 200, 401]


def test_a_body_is_not_read_for_strangers(closed: Closed) -> None:
    head = request("/v2/models/plain/predict/", "Content-Length: 99999999999", method="POST")
    ((status, _),) = answers(closed.host.port, head)
    assert status == 401
    assert closed.host.temporary_files() == [] or all(
        "uploads" not in str(path) for path in closed.host.temporary_files()
    )


def test_a_foreign_page_with_a_key_is_foreign(closed: Closed) -> None:
    headers = [f"X-API-Key: {closed.keys['all']}", "Origin: https://evil.test"]
    ((status, body),) = answers(closed.host.port, request("/v2/models/", *headers))
    assert (status, b"foreign_origin" in body) == (403, True)


def test_nothing_of_a_key_is_written(closed: Closed) -> None:
    for name in ("all", "given"):
        closed.ask("/v2/models/", name)
        closed.ask("/nowhere", name)
        closed.ask("/v2/models/plain/predict/?text=x", name, method="POST")
    for secret in (*(key[-32:] for key in closed.keys.values()), GIVEN):
        assert secret not in closed.host.log()
        assert secret.encode() not in closed.ask("/v2/debug/", "all").body


def replace(file: Path, content: bytes) -> None:
    """Without a moment in which the file is empty, which revokes all keys."""
    new = file.with_suffix(".new")
    new.write_bytes(content)
    new.replace(file)


def test_keys_are_followed(closed: Closed) -> None:
    """Created, revoked, rotated and expired while the host is running; a broken file in between."""
    host, file = closed.host, closed.file

    def status(key: str) -> int:
        return closed.ask("/v2/models/plain/", key).status

    key = add_key(file, "late", [Right.READ])
    wait_until(lambda: status(key) == 200, "a new key is accepted")

    before, since = file.read_bytes(), len(host.log())
    replace(file, b"{")
    host.wait_for_log(f"{file}: could not read keys", since)
    assert status(key) == 200
    file.unlink()
    host.wait_for_log("it does not exist", since)
    assert (status(key), status("")) == (200, 401)
    replace(file, before)

    with changing(file) as keys:
        keys[-1] = msgspec.structs.replace(keys[-1], revoked=now())
    wait_until(lambda: status(key) == 401, "a revoked key is refused")
    assert status("all") == 200
