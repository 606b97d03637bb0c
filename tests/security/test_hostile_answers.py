"""What a model says is shown, and never runs in the host's origin."""

from __future__ import annotations

import pytest
from support import client
from support.host import Host

from security.foreign import MODEL

pytestmark = pytest.mark.xdist_group("strangers")

EXECUTED = ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml"]
SHOWN = ["application/json", "text/plain", "image/png"]
PAGES = ["/", "/api", f"/cog/{MODEL}/docs"]


@pytest.fixture
def host(speaking: Host) -> Host:
    return speaking


def answer(host: Host, media_type: str) -> client.Answer:
    path = f"/v2/models/{MODEL}/predict/"
    return client.request(host.port, "POST", path, headers={"Accept": media_type})


def assert_kept_apart(answer: client.Answer) -> None:
    """JSON needs no more than that nobody guesses what it is."""
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.headers["content-type"].startswith("application/json"):
        return
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("media_type", EXECUTED)
def test_what_browsers_execute_is_saved(host: Host, media_type: str) -> None:
    got = answer(host, media_type)
    assert got.status == 200
    assert got.headers["content-type"] == media_type
    assert got.headers["content-disposition"] == "attachment"
    assert_kept_apart(got)


@pytest.mark.parametrize("media_type", SHOWN)
def test_what_they_only_show_is_not(host: Host, media_type: str) -> None:
    got = answer(host, media_type)
    assert got.status == 200
    assert "content-disposition" not in got.headers
    assert_kept_apart(got)


def test_files_logs_and_listings_of_a_training(host: Host, training: str) -> None:
    for path in ("", "/logs", "/metrics", "/files/", "/files/page.html", "/files/drawing.svg"):
        got = host.get(training + path)
        assert got.status == 200, path
        assert_kept_apart(got)
        if "." in path:
            assert got.headers["content-disposition"].startswith("attachment")


def test_whatever_else_is_answered(host: Host) -> None:
    for path in (
        *(
            "/v2/",
            "/v2/models/",
            "/swagger.json",
            "/openapi.json",
            "/healthz",
            "/readyz",
            "/nowhere",
        ),
        *(f"/cog/{MODEL}/", f"/cog/{MODEL}/openapi.json", f"/cog/{MODEL}/predictions"),
        f"/cog/{MODEL}/health-check",
    ):
        assert_kept_apart(host.get(path))


def test_json_is_in_no_foreign_frame(host: Host) -> None:
    """It says so to who shows it: programs do not need it."""
    for path in ("/v2/models/", "/healthz", f"/cog/{MODEL}/predictions", "/tensorboard/data/runs"):
        got = client.request(host.port, "GET", path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert got.headers["content-type"].startswith("application/json"), path
        assert got.headers["content-security-policy"] == "frame-ancestors 'self'", path
        assert "content-security-policy" not in host.get(path).headers, path


def test_our_own_pages_run_only_what_is_theirs(host: Host) -> None:
    for path in PAGES:
        got = client.request(host.port, "GET", path, headers={"Accept": "text/html"})
        assert got.status == 200
        policy = got.headers["content-security-policy"]
        assert "frame-ancestors 'self'" in policy
        assert "unsafe" not in policy.partition("style-src")[0]
        assert got.headers["x-frame-options"] == "SAMEORIGIN"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "referrer-policy" in got.headers
