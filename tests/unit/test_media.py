"""Which media type an Accept header gets."""

from __future__ import annotations

import pytest

from deepaas.runtime.media import negotiate

OFFERED = ["application/json", "image/png", "image/jpeg", "text/plain"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("image/png", "image/png"),
        ("IMAGE/PNG", "image/png"),
        ("image/png;level=1", "image/png"),
        ("*/*", "application/json"),
        ("image/*", "image/png"),
        ("text/*", "text/plain"),
        ("text/html, image/png", "image/png"),
        ("image/png, application/json", "image/png"),
        ("image/png;q=0.5, application/json", "application/json"),
        ("image/png;q=0.5, text/plain;q=0.8", "text/plain"),
        ("image/png; q=0.5 , text/plain ; Q=0.8", "text/plain"),
        ("*/*, image/jpeg", "image/jpeg"),
        ("image/*, image/jpeg", "image/jpeg"),
        ("*/*;q=0.1, image/*;q=0.2", "image/png"),
        ("image/png;q=0, */*;q=0.1", "application/json"),
        # Firefox's and Chromium's, curl's, requests'.
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "image/png"),
        # None will do: the header itself, for the validator to refuse.
        ("video/mp4", "video/mp4"),
        ("image/png;q=0", "image/png;q=0"),
        ("image/png;q=high", "image/png;q=high"),
        ("video/*, audio/*", "video/*, audio/*"),
        ("", ""),
        ("nonsense", "nonsense"),
        (",,;", ",,;"),
    ],
)
def test_negotiate(header: str, expected: str) -> None:
    assert negotiate(header, OFFERED) == expected


@pytest.mark.parametrize(
    ("header", "offered", "expected"),
    [
        ("*/*", ["*/*", "image/png"], "*/*"),
        ("*/*", ["image/png", "*/*"], "*/*"),
        ("image/png", ["image/*"], "image/*"),
        ("image/png", ["image/*", "image/png"], "image/png"),
        ("text/plain", ["*/*"], "text/plain"),
        ("*/*", [], "*/*"),
        ("image/*", ["image/*"], "image/*"),
        ("Image/PNG", ["image/PNG"], "image/PNG"),
    ],
)
def test_ranges_may_be_offered(header: str, offered: list[str], expected: str) -> None:
    assert negotiate(header, offered) == expected
