"""An application in a real browser, of an allowed origin, and a host with keys and limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import client
from support.host import Host, start_host

from security.conftest import Stranger
from security.foreign import MODEL

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("strangers"),
]

KEY = "a-key-for-an-application"
PATH = f"/v2/models/{MODEL}/predict/"
CALLS = 3

CALL = """async ([url, options]) => {
    const told = ['x-request-id', 'ratelimit', 'ratelimit-policy', 'retry-after',
                  'www-authenticate', 'location', 'content-disposition'];
    try {
        const answer = await fetch(url, options);
        const headers = {};
        for (const name of told) headers[name] = answer.headers.get(name);
        return {status: answer.status, headers, text: await answer.text()};
    } catch (error) { return {error: String(error)}; }
}"""


@pytest.fixture(scope="module")
def guarded(site_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    key = Path(tmp_path_factory.mktemp("keys")) / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    options = (
        f"--allowed-origin=http://friend.test:{site_port}",
        f"--api-key-file={key}",
        f"--limit-per-address={CALLS}/hour",
        *("--no-ui", "--no-train-endpoint"),
    )
    with start_host([MODEL], *options) as host:
        yield host


def options(key: str = "", **more: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Prefer": "wait", "Accept": "application/json"}
    headers["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return {"method": "POST", "headers": headers, "body": "{}", **more}


async def test_an_application_of_an_allowed_origin(guarded: Host, stranger: Stranger) -> None:
    page = await stranger.show("", site=stranger.friend)
    url = guarded.url + PATH
    refused = await page.evaluate(CALL, [url, options()])
    assert refused["status"] == 401 and "a key is required" in refused["text"]
    assert "Bearer" in refused["headers"]["www-authenticate"]
    for left, extra in enumerate(({}, {"credentials": "include"}, {"credentials": "include"})):
        answer = await page.evaluate(CALL, [url, options(KEY, **extra)])
        assert answer["status"] == 200, answer
        assert f"r={CALLS - 1 - left}" in answer["headers"]["ratelimit"]
        assert answer["headers"]["ratelimit-policy"] and answer["headers"]["x-request-id"]
    for extra in ({}, {"credentials": "include"}):
        refused = await page.evaluate(CALL, [url, options(KEY, **extra)])
        assert refused["status"] == 429 and "limit" in refused["text"]
        assert refused["headers"]["retry-after"] == "1200"
    missing = await page.evaluate(
        CALL, [f"{guarded.url}/v2/models/no/", {"headers": options(KEY)["headers"]}]
    )
    assert missing["status"] == 404


async def test_another_origin_reads_nothing(guarded: Host, stranger: Stranger) -> None:
    page = await stranger.show("")
    for key in ("", KEY):
        answer = await page.evaluate(CALL, [guarded.url + PATH, options(key)])
        assert "Failed to fetch" in answer["error"]


async def test_a_preflight_needs_no_key(guarded: Host, stranger: Stranger) -> None:
    asks = {
        "Origin": stranger.friend,
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization, x-api-key, an-argument-of-an-author",
        "Access-Control-Request-Private-Network": "true",
    }
    told = client.request(guarded.port, "OPTIONS", PATH, headers=dict(asks))
    assert told.status == 204
    assert told.headers["access-control-allow-origin"] == stranger.friend
    assert told.headers["access-control-allow-credentials"] == "true"
    assert told.headers["access-control-allow-private-network"] == "true"
    assert told.headers["access-control-allow-headers"] == asks["Access-Control-Request-Headers"]
    assert "DELETE" in told.headers["access-control-allow-methods"]
    assert int(told.headers["access-control-max-age"]) > 0
    assert "Origin" in told.headers["vary"]
    del asks["Access-Control-Request-Private-Network"]
    asks["Origin"] = stranger.url
    refused = client.request(guarded.port, "OPTIONS", PATH, headers=dict(asks))
    assert refused.status == 403
    assert not [name for name in refused.headers if name.startswith("access-control-")]
