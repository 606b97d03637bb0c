"""Whoever refuses a request below Cog's paths does it in its shape: router, origins, limits."""

from __future__ import annotations

import json

import pytest
from support import client
from support.host import Host


def ask(host: Host, method: str, path: str, **headers: str) -> tuple[int, dict[str, object]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.request(host.port, method, path, headers=named)
    assert answer.headers["content-type"].startswith("application/json")
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    "method,path,headers,status",
    [
        ("GET", "/cog/answers/nowhere", {}, 404),
        ("GET", "/cog/no_such_model/health-check", {}, 404),
        ("DELETE", "/cog/answers/predictions", {}, 405),
        ("POST", "/cog/answers/predictions", {"Origin": "https://evil.test"}, 403),
        ("POST", "/cog/answers/predictions", {"Host": "evil.test"}, 421),
        ("POST", "/cog/answers/shutdown", {}, 403),
        ("POST", "/cog/answers/predictions", {"Expect": "the-spanish-inquisition"}, 417),
    ],
)
def test_refusals_have_the_shape_of_the_door(
    host: Host, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    got, body = ask(host, method, path, **headers)
    assert got == status
    assert body["status"] == "failed" and body["error"]
    assert "code" not in body


@pytest.mark.parametrize("path", ["/nowhere", "/cogs/answers", "/v2/models/none/predict/"])
def test_elsewhere_they_have_that_of_deepaas(host: Host, path: str) -> None:
    got, body = ask(host, "POST", path)
    assert got == body["code"] == 404


def test_what_a_router_says_of_methods_is_kept(host: Host) -> None:
    answer = client.request(host.port, "DELETE", "/cog/answers/predictions")
    assert set(answer.headers["allow"].split(",")) == {"GET", "HEAD", "POST"}
