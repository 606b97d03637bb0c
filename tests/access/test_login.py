"""The login page without a browser: foreign pages, forged cookies and headers, proxies."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import pytest
from support.host import Host, start_host

KEY = "a-key-of-the-operator"
HTML = {"Accept": "text/html"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PREDICT = "/v2/models/plain/predict/"

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    key = Path(tmp_path_factory.mktemp("key"), "key")
    key.write_text(KEY)
    key.chmod(0o600)
    options = (
        f"--api-key-file={key}",
        "--trusted-proxy=127.0.0.1",
        "--allowed-origin=*",
        "--limit-per-address=1000/minute",
        "--no-train-endpoint",
        "--no-ui",
    )
    with start_host(["plain"], *options) as started:
        yield started
        assert KEY not in started.log()
        assert "Traceback" not in started.log()


def ask(
    host: Host, method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", host.port, timeout=30)
    connection.request(method, path, body or None, headers or {})
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def log_in(host: Host, key: str = KEY, after: str = "", **headers: str) -> HTTPResponse:
    body = urlencode({"key": key, "next": after})
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(host, "POST", "/login", {**HTML, **FORM, **sent}, body)


@pytest.fixture(scope="module")
def cookie(host: Host) -> str:
    answer = log_in(host)
    assert answer.status == 303
    given = answer.headers["Set-Cookie"]
    assert given.startswith(f"deepaas-{host.port}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=28800"} <= set(given.split("; "))
    return given.partition(";")[0]


def test_programs_and_browsers_without_a_key(host: Host) -> None:
    assert ask(host, "GET", "/").status == 401
    led = ask(host, "GET", "/v2/models/?a=b", HTML)
    assert led.status == 303
    assert led.headers["Location"] == "/login?next=%2Fv2%2Fmodels%2F%3Fa%3Db"
    # No page leads a form there: its content would be lost.
    assert ask(host, "POST", PREDICT, HTML).status == 401


@pytest.mark.parametrize(
    ("after", "location"),
    [
        ("/try-me/plain/?x=1", "/try-me/plain/?x=1"),
        ("", "/"),
        ("//evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("\\\\evil.test", "/"),
        ("https://evil.test/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.test", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("/é", "/"),
        (" /a", "/"),
    ],
)
def test_it_leads_to_no_other_site(host: Host, after: str, location: str) -> None:
    answer = log_in(host, after=after)
    assert (answer.status, answer.headers["Location"]) == (303, location)
    assert len(answer.headers.get_all("Set-Cookie", [])) == 1
    page = ask(host, "GET", f"/login?{urlencode({'next': after})}", HTML)
    assert f'name="next" value="{location}"' in page.text  # type: ignore[attr-defined]


OWN = "http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {"Sec-Fetch-Site": "same-origin", "Origin": OWN}, 200),
        ("POST", {"Origin": OWN}, 200),
        ("POST", {}, 401),
        ("POST", {"Origin": "http://evil.test"}, 401),
        ("POST", {"Origin": "null"}, 401),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.test"}, 401),
        ("POST", {"Sec-Fetch-Site": "same-site", "Origin": OWN}, 401),
        ("POST", {"Sec-Fetch-Site": "none"}, 401),
        ("GET", {}, 200),
        ("GET", {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, 401),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, 401),
        ("GET", {"Origin": "http://evil.test"}, 401),
    ],
)
def test_a_cookie_only_counts_for_pages_of_this_host(
    host: Host, cookie: str, method: str, headers: dict[str, str], status: int
) -> None:
    """Even if the pages of all origins may call it with keys, as here."""
    path = PREDICT if method == "POST" else "/v2/models/"
    sent = {name: value.format(port=host.port) for name, value in headers.items()}
    assert ask(host, method, path, {**sent, "Cookie": cookie}).status == status


def test_forged_cookies(host: Host, cookie: str) -> None:
    name, _, value = cookie.partition("=")
    body, _, mac = value.partition(".")
    for forged in ("", "x", f"{body}.", f"{body}.{mac[:-2]}AA", f"x{body}.{mac}", mac):
        assert ask(host, "GET", "/v2/models/", {"Cookie": f"{name}={forged}"}).status == 401
    # A cookie never helps a wrong key.
    headers = {"Cookie": cookie, "Authorization": "Bearer wrong"}
    assert ask(host, "GET", "/v2/models/", headers).status == 401


def test_nobody_speaks_on_behalf_of_others(host: Host, cookie: str) -> None:
    for forged in ("", "x", cookie.partition("=")[2], "W10.W10"):
        headers = {"X-DEEPaaS-On-Behalf": forged}
        assert ask(host, "GET", "/v2/models/", headers).status == 401
        assert ask(host, "POST", PREDICT, headers).status == 401


def test_a_foreign_page_logs_nobody_in_or_out(host: Host, cookie: str) -> None:
    answer = log_in(host, Origin="http://evil.test", Sec_Fetch_Site="cross-site")
    assert answer.status == 403 and answer.headers["Set-Cookie"] is None
    headers = {"Cookie": cookie, "Origin": "http://evil.test"}
    assert ask(host, "POST", "/logout", headers).status == 403
    assert ask(host, "GET", "/logout", {"Cookie": cookie}).status == 405
    assert ask(host, "GET", "/v2/models/", {"Cookie": cookie}).status == 200


def test_behind_a_proxy_with_tls(host: Host) -> None:
    given = log_in(host, X_Forwarded_Proto="https", X_Forwarded_Host="models.example.org").headers[
        "Set-Cookie"
    ]
    assert given.startswith("__Host-deepaas=") and "Secure" in given.split("; ")
    assert "Path=/" in given.split("; ") and "Domain" not in given


def test_an_address_cannot_try_many_keys(host: Host) -> None:
    address = {"X_Forwarded_For": f"192.0.2.{next(_numbers)}"}
    for _ in range(10):
        assert log_in(host, "wrong", **address).status == 401
    refused = log_in(host, **address)
    assert refused.status == 429 and "Too many wrong keys" in refused.text  # type: ignore[attr-defined]
    assert 1 <= int(refused.headers["Retry-After"]) <= 7
    program = log_in(host, Accept="*/*", **address)
    assert program.headers["Content-Type"] == "application/problem+json"
    assert '"violated-policies":["login-calls-per-60s"]' in program.text  # type: ignore[attr-defined]
    assert log_in(host, X_Forwarded_For="192.0.2.200").status == 303


def test_odd_forms(host: Host) -> None:
    for headers, body, status in (
        (FORM, "key=" + "x" * 20_000, 413),
        ({"Content-Type": "application/json"}, "{}", 415),
        (FORM, "%ff%fe=%00&key=%00", 401),
        (FORM, "&" * 10_000, 401),
        (FORM, "", 401),
    ):
        address = {"X-Forwarded-For": f"192.0.2.{next(_numbers)}"}
        assert ask(host, "POST", "/login", {**HTML, **headers, **address}, body).status == status
