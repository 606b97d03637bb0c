"""Every route of the running host needs a key with a right, also one that is added later."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from deepaas.access.principal import Right

from .conftest import Closed

OPEN = {
    *("/healthz", "/readyz", "/health", "/oip/v2/health/live", "/oip/v2/health/ready"),
    *("/login", "/logout"),
}
ECHO_GET, ECHO_POST = ("GET", "/echo/"), ("POST", "/echo/{model}")

ALLOWED = [
    ("GET", "/", Right.READ),
    ("GET", "/v2/models/", Right.READ),
    ("GET", "/v2/models/plain/", Right.READ),
    ("POST", "/v2/models/plain/predict/?text=hi", Right.PREDICT),
    ("GET", "/v2/models/plain/queue", Right.PREDICT),
    ("GET", "/v2/models/trains/train/", Right.TRAIN),
    ("GET", "/v2/debug/", Right.MANAGE),
    ("GET", "/swagger.json", Right.READ),
    ("GET", "/openapi/cog.json", Right.READ),
    ("GET", "/api", Right.READ),
    ("GET", "/doors.json", Right.READ),
    ("GET", "/cog/plain/health-check", Right.READ),
    ("GET", "/cog/plain/predictions", Right.PREDICT),
    ("GET", "/oip/v2/models/stats", Right.READ),
    ("GET", "/oip/v2/models/plain/ready", Right.READ),
    ("GET", "/echo/", Right.READ),
    ("POST", "/echo/plain", Right.MANAGE),
]


def filled(template: str) -> str:
    """A path that the template of a route matches."""
    if template.startswith("/font-roboto/"):
        return "/font-roboto/x.woff2"
    return re.sub(r"\{\w+\}", "x", re.sub(r"\{(name|model)\}", "plain", template))


def test_the_routes_are_there(closed: Closed) -> None:
    assert len(closed.routes) > 100
    assert {ECHO_GET, ECHO_POST, ("POST", "/try-me/{tail}")} <= set(closed.routes)


def test_without_a_key_only_health_answers(closed: Closed) -> None:
    wrong = {}
    for method, template in closed.routes:
        for key in ("", "dk_unknown0_" + "0" * 32):
            answer = closed.ask(filled(template), key, method=method)
            asks = answer.headers.get("WWW-Authenticate", "").startswith("Bearer ")
            if (answer.status == 401, asks) != (template not in OPEN,) * 2:
                wrong[method, template] = answer.status
    assert wrong == {}


def test_a_key_without_rights_may_do_nothing(closed: Closed) -> None:
    """So every route needs some right."""
    answers = {
        (method, template): closed.ask(filled(template), "nothing", method=method).status
        for method, template in closed.routes
        if template not in OPEN
    }
    assert set(answers.values()) == {403}, answers


def test_each_route_needs_one_right(closed: Closed) -> None:
    """Only the requests are sent that are refused: others would start trainings and pages."""
    needed: dict[tuple[str, str], str] = {}
    for method, template in closed.routes:
        if template not in OPEN:
            answer = closed.ask(filled(template), "nothing", method=method)
            scope = re.search(r'scope="(\w+)"', answer.headers["WWW-Authenticate"])
            assert scope is not None
            needed[method, template] = scope[1]
    wrong = [
        (*route, right)
        for route, right in needed.items()
        for other in Right
        if other != right and closed.ask(filled(route[1]), other, method=route[0]).status != 403
    ]
    assert wrong == []
    assert (needed[ECHO_GET], needed[ECHO_POST]) == ("read", "manage")


@pytest.mark.parametrize(("method", "path", "right"), ALLOWED)
def test_the_right_is_enough(method: str, path: str, right: Right, closed: Closed) -> None:
    for key in (right, "all", "given"):
        assert closed.ask(path, key, method=method).status == 200, key


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PATCH", "PROPFIND", "HEAD", "DELETE"])
def test_other_methods(method: str, closed: Closed) -> None:
    for path in ("/", "/v2/models/plain/predict/", "/nowhere", "/try-me/plain/", "/echo/x"):
        assert closed.ask(path, method=method).status == 401, path


def test_the_shape_is_that_of_the_door(closed: Closed) -> None:
    for key, error in (("", "unauthenticated"), ("nothing", "not_permitted")):
        v2 = closed.ask("/v2/models/plain/", key).json()
        assert set(v2) == {"code", "message", "error"} and v2["error"] == error
        assert set(closed.ask("/cog/plain/", key).json()) == {"error", "status"}
        assert set(closed.ask("/deepinv/plain", key).json()) == {"error", "code"}
        assert set(closed.ask("/oip/v2/models/plain", key).json()) == {"error"}
        assert closed.ask("/echo/", key).json()["why"] == error
    refused = closed.ask("/v2/models/plain/", "metrics")
    assert "'read'" in refused.json()["message"]
    assert 'scope="read"' in refused.headers["WWW-Authenticate"]


def test_a_browser_is_led_to_the_login_page(closed: Closed) -> None:
    for path in ("/", "/try-me/plain/", "/tensorboard/", "/api"):
        answer = closed.ask(path, Accept="text/html")
        assert answer.status == 303
        assert answer.headers["Location"] == f"/login?next={quote(path, safe='')}"
    # One whose key lacks a right is told so: another login would not help.
    answer = closed.ask("/api", "metrics", Accept="text/html")
    assert (answer.status, b"<html" in answer.body) == (403, True)


def test_limits_of_a_key_count_without_others(closed: Closed) -> None:
    path = "/v2/models/plain/predict/?text=hi"
    told = [closed.ask(path, "limited", method="POST").status for _ in range(3)]
    assert told == [200, 200, 429]
    assert closed.ask(path, "predict", method="POST").status == 200


LISTS = [
    "/",
    "/v2/models/",
    "/swagger.json",
    "/openapi.json",
    "/openapi/v2.json",
    "/openapi/cog.json",
    "/openapi/oip.json",
    "/doors.json",
    "/oip/v2/models/stats",
    "/readyz",
]


@pytest.mark.parametrize("path", LISTS)
def test_lists_have_the_models_of_the_key(path: str, closed: Closed) -> None:
    accept = "text/html" if path == "/" else "application/json"
    everything = closed.ask(path, "read", Accept=accept).body.decode()
    assert "trains" in everything
    some = closed.ask(path, "plain-read", Accept=accept)
    assert some.status == 200
    assert "plain" in some.body.decode() and "trains" not in some.body.decode()
    assert closed.ask(path, "read", Accept=accept).body.decode().count("trains") >= 1


def test_health_tells_strangers_no_names(closed: Closed) -> None:
    told = closed.ask("/readyz").json()
    assert (told["ready"], told["models"]) == (True, {})


@pytest.mark.parametrize(
    "path",
    [
        "/v2/models/{}/",
        "/v2/models/{}",
        "/v2/models/{}/train/",
        "/cog/{}/",
        "/cog/{}/docs",
        "/deepinv/{}",
        "/oip/v2/models/{}",
        "/oip/v2/models/{}/ready",
        "/echo/{}",
    ],
)
def test_whether_another_model_exists_is_not_told(path: str, closed: Closed) -> None:
    """A model of others and one that nobody has: the same answer, for each kind of key."""
    for key in ("", "plain-read", "plain-train", "plain-predict", "plain-manage", "metrics"):
        for method in ("GET", "POST", "HEAD"):
            told = []
            for name in ("echo", "nobody", "%65cho"):
                answer = closed.ask(path.format(name), key, method=method)
                where = answer.headers.get("Location", "")
                texts = (answer.body.decode(), where)
                told.append((answer.status, *(re.sub("echo|nobody", "NAME", t) for t in texts)))
            assert told[0] == told[1] == told[2], (key, method)
            assert told[0][0] in (308, 401, 403, 404, 405)


def test_a_key_for_one_model(closed: Closed) -> None:
    assert closed.ask("/v2/models/plain/", "plain-read").status == 200
    assert closed.ask("/v2/models/pl%61in/", "plain-read").status == 200
    assert closed.ask("/cog/plain/predictions", "plain-predict").status == 200
    # These are about all models.
    assert closed.ask("/v2/debug/", "plain-manage").status == 403
    assert closed.ask("/cog/plain/shutdown", "plain-manage", method="POST").status == 403
    assert closed.ask("/tensorboard/", "plain-train").status == 403
    assert json.loads(closed.ask("/v2/models/", "plain-read").body)["models"][0]["name"] == "plain"
