"""What cannot be read is the client's fault, behind the proxies too, and no path is told."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import socket
from typing import Any

import pytest
from support.host import Host

from .page import Stranger

pytestmark = pytest.mark.xdist_group("paged")

TRY_ME = "/try-me/every_argument/gradio_api"
PLACES = (
    f"{TRY_ME}/run/predict",
    f"{TRY_ME}/upload",
    "/tensorboard/data/plugin/scalars/scalars_multirun",
)


@pytest.fixture(scope="module")
def host(paged: Host) -> Host:
    return paged


@pytest.fixture(scope="module")
def page(host: Host) -> Stranger:
    return Stranger(f"{host.url}/try-me/every_argument", host)


def ask(host: Host, method: str, path: str, headers: str, body: bytes) -> int:
    """The status of the answer to what no client would send."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{host.port}\r\n{headers}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", host.port), timeout=60) as connection:
        connection.sendall(head.encode() + body)
        answer = http.client.HTTPResponse(connection, method=method)
        answer.begin()
        return answer.status


@pytest.mark.parametrize("path", PLACES)
def test_bodies_that_cannot_be_unpacked(host: Host, path: str) -> None:
    for packed in ("gzip", "deflate", "br", "zstd", "nothing-known"):
        headers = f"Content-Type: application/json\r\nContent-Encoding: {packed}"
        length = f"{headers}\r\nContent-Length: 5"
        assert 400 <= ask(host, "POST", path, length, b"xxxxx") < 500, packed
        chunked = f"{headers}\r\nTransfer-Encoding: chunked"
        assert 400 <= ask(host, "POST", path, chunked, b"5\r\nxxxxx\r\n0\r\n\r\n") < 500, packed


@pytest.mark.parametrize("path", PLACES)
def test_chunks_that_are_none(host: Host, path: str) -> None:
    for body in (b"zz\r\nabc\r\n", b"5\r\nabcdeXX5\r\n", b"-1\r\n\r\n", b"\r\n\r\n"):
        headers = "Content-Type: application/json\r\nTransfer-Encoding: chunked"
        assert 400 <= ask(host, "POST", path, headers, body) < 500, body


@pytest.mark.parametrize("path", [*PLACES, "/try-me/", "/tensorboard/", "/try-me/every_argument/"])
def test_methods_that_nobody_needs(host: Host, path: str) -> None:
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "NONSENSE"):
        assert 400 <= ask(host, method, path, "Content-Length: 0", b"") < 500, method


BAD_JSON = [
    *(b"", b"{", b"[]", b"null", b"5", b'"x"', b"\xff\xfe", b'{"data": 5}', b'{"data": null}'),
    *(b"{}", b'{"data": [], "session_hash": 5}', b'{"data": [], "session_hash": "../x"}'),
    *(b'{"data": [NaN]}', b'{"data": ["\\ud800"]}', b"[" * 100_000, b'{"data": [' + b"[" * 5000),
    b'{"data": ' + b"[" * 200 + b"]" * 200 + b"}",
    b'{"data": [], "fn_index": 99999999999999999999999999}',
    b'{"data": [], "fn_index": "x"}',
    b'{"data": [], "fn_index": 3, "trigger_id": {}}',
]


@pytest.mark.parametrize("place", ["run/predict", "call/predict", "queue/join", "cancel"])
def test_json_that_is_none(page: Stranger, place: str) -> None:
    for body in BAD_JSON:
        answer = page.post(place, body)
        assert 400 <= answer.status_code < 500, body[:40]
        says_what_is_wrong(answer.json())
    assert page.post(place, b"{}", "text/plain").status_code == 415


MANY = 1_000_000


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": [' + b"[]," * MANY + b"[]]}",
        b'{"data": [' + b"1," * MANY + b"1]}",
        b'{"data": [{' + b'"a":0,' * MANY + b'"a":0}]}',
        b'{"data": [' + b'"",' * MANY + b'""]}',
        b'{"data": [' + b'"\\"","\\\\",' * MANY + b'""]}',
        b'{"data": [], "event_data": [' + b"{}," * MANY + b"{}]}",
    ],
)
def test_a_call_of_very_many_values_costs_the_page_nothing(page: Stranger, body: bytes) -> None:
    assert page.host is not None
    (program,) = [one for one in page.host.family() if "deepaas.cmd.ui" in one.cmdline()]
    before = program.cpu_times()
    answer = page.post("queue/join", body)
    after = program.cpu_times()
    assert answer.status_code == 413
    says_what_is_wrong(answer.json())
    assert after.user - before.user < 0.3  # Most of it for taking megabytes.


def test_a_long_text_is_one_value(page: Stranger) -> None:
    values = page.values(page.function("predict"), text='a, [b], \\ " ' * 50_000)
    answer = page.post("run/predict", {"data": values})
    assert answer.status_code == 200, answer.text[:300]


def test_names_of_files_that_no_disk_has(page: Stranger) -> None:
    for folder in ("assets", "static", "svelte"):
        for name in ("n" * 5000, "\u00e9" * 200, "x/" * 3000, "%00", "../../etc/passwd"):
            answer = page.client.get(f"{page.url}/{folder}/{name}")
            assert answer.status_code in (403, 404), answer.text[:300]


def says_what_is_wrong(answer: dict[str, Any]) -> None:
    assert answer["error"] and isinstance(answer["error"], str)
    assert not re.search(r"<\w+.* at 0x|Traceback|object at|\.py", json.dumps(answer)), answer


NONSENSE: list[Any] = [None, "x", 5, -1e300, True, [], ["x"], [[1]], {}, {"value": 1}, {"path": 5}]


@pytest.mark.parametrize("model", ["every_argument", "trains"])
def test_values_that_do_not_fit(host: Host, model: str) -> None:
    page = Stranger(f"{host.url}/try-me/{model}", host)
    for function in page.functions():
        if not function["inputs"] or function["api_name"] == "_begin":
            continue
        for given in NONSENSE:
            fitting = page.values(function)
            count = len(fitting)
            everywhere, first, last = [given] * count, [given, *fitting[1:]], [*fitting[:-1], given]
            for values in (everywhere, first, last) if count > 1 else (everywhere,):
                body = {"data": values, "fn_index": function["id"], "session_hash": "nonsense"}
                answer = page.post("run/x", body)
                assert answer.status_code < 500, (function["api_name"], given, answer.text)
                if answer.status_code >= 400:
                    says_what_is_wrong(answer.json())
        wrong = page.post("run/x", {"data": [1] * 99, "fn_index": function["id"]})
        assert wrong.status_code == 422


BOUNDARY = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="files"'
FORMS = [
    ("multipart/form-data", b""),
    (BOUNDARY, b"garbage"),
    (BOUNDARY, PART + b"\r\n\r\nabc\r\n--x--\r\n"),
    (BOUNDARY, PART + b'; filename=".."\r\n\r\nabc\r\n--x--\r\n'),
    (BOUNDARY, PART + b'; filename="' + b"n" * 9000 + b'"\r\n\r\nabc\r\n--x--\r\n'),
    (BOUNDARY, b"--x\r\nNonsense\r\n\r\nabc\r\n--x--\r\n"),
    (f"{BOUNDARY}; charset=none", PART + b"\r\n\r\nabc\r\n--x--\r\n"),
    ("text/plain", b"x"),
    ("application/json", b'["/etc/passwd"]'),
]


@pytest.mark.parametrize("form,query", list(itertools.product(FORMS, ("", "?upload_id=q"))))
def test_forms_that_are_none(page: Stranger, form: tuple[str, bytes], query: str) -> None:
    answer = page.post(f"upload{query}", form[1], form[0])
    assert 400 <= answer.status_code < 500, answer.text


def test_events_of_nobody(page: Stranger) -> None:
    for path in ("queue/data?session_hash=nobody", "call/predict/nobody", "queue/data"):
        assert page.get(path).status_code < 500
    assert page.get("queue/data?session_hash=../x").status_code == 404
    assert page.get("upload_progress?upload_id=nobody").status_code == 404


@pytest.mark.parametrize("path", ["environment", "logdir", "runs", "plugins_listing", "nothing"])
def test_tensorboard_tells_no_path(host: Host, path: str) -> None:
    answer = host.get(f"/tensorboard/data/{path}")
    assert answer.status in (200, 404)
    for ours in (str(host.home), str(host.tmp)):
        assert ours.encode() not in answer.body


def test_the_log_has_no_traceback_of_the_page(page: Stranger, host: Host) -> None:
    """The last of this module: what all of them have left there."""
    assert page.client.get(f"{page.url}/config").status_code == 200
    lines = [line for line in host.log().splitlines() if "The try-me page: " in line]
    assert not [line for line in lines if "Traceback" in line or "Error" in line], lines[-60:]
