"""The check of each request, with a way to prove who one is that only this test has."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict

from deepaas.access.needs import Reach, needs, open_to_all
from deepaas.access.principal import ALL_RIGHTS, Principal, Right
from deepaas.errors import Unauthenticated
from deepaas.web.access import Identity, check_access, principal_of, readable
from deepaas.web.facts import FACTS, FactFinder
from deepaas.web.health import Drain
from deepaas.web.serving import serving

PRINCIPALS = {
    "all": Principal("root", ALL_RIGHTS),
    "reads-a": Principal("reader", frozenset((Right.READ,)), frozenset(("a",))),
    "none": Principal("none", frozenset()),
}


class Known:
    """Tokens that stand in a dict."""

    def authenticate(self, _request: web.Request, token: str) -> Identity:
        return PRINCIPALS.get(token)


class Slow:
    """It must ask somebody about tokens that begin with `slow-`."""

    def authenticate(self, _request: web.Request, token: str) -> Identity | Awaitable[Identity]:
        return self._ask(token) if token.startswith("slow-") else None

    async def _ask(self, token: str) -> Identity:
        await asyncio.sleep(0)
        if token == "slow-wrong":
            raise Unauthenticated.unknown()
        return PRINCIPALS.get(token.removeprefix("slow-"))


class Model:
    def __init__(self, name: str) -> None:
        self.name = name


MODELS = [Model("a"), Model("b")]


async def _name(request: web.Request) -> web.Response:
    principal = principal_of(request)
    assert principal is not None
    return web.Response(text=principal.name or "nobody")


@needs(Right.READ, Reach.SEEN, document=True)
async def _seen(request: web.Request) -> web.Response:
    return web.Response(text=" ".join(model.name for model in readable(request, MODELS)))


@needs(Right.READ)
async def _one(request: web.Request) -> web.Response:
    return await _name(request)


@needs(Right.READ, Reach.ALL)
async def _whole(request: web.Request) -> web.Response:
    return await _name(request)


@open_to_all
async def _open(request: web.Request) -> web.Response:
    return await _name(request)


def _app(**options: Any) -> web.Application:
    check = check_access([Slow(), Known()], **options)
    app = web.Application(middlewares=[serving(Drain()), check])
    app[FACTS] = FactFinder({"a", "b"})
    app.router.add_get("/seen", _seen)
    app.router.add_get("/one/{name}", _one)
    app.router.add_get("/whole/{name}", _whole)
    app.router.add_get("/open", _open)
    app.router.add_get("/undeclared/{name}", _name)
    app.router.add_post("/undeclared/{name}", _name)
    return app


Asked = tuple[int, str]


async def ask(
    path: str,
    *tokens: str,
    method: str = "GET",
    headers: Sequence[tuple[str, str]] = (),
    public_docs: bool = False,
) -> Asked:
    sent = [("Authorization", f"Bearer {token}") for token in tokens]
    app = _app(public_docs=public_docs)
    async with (
        TestClient(TestServer(app)) as client,
        client.request(method, path, headers=CIMultiDict([*sent, *headers])) as answer,
    ):
        told = answer.headers.get("WWW-Authenticate", "")
        assert bool(told) == (answer.status in (401, 403))
        return answer.status, await answer.text()


@pytest.mark.parametrize("path", ["/one/a", "/one/c", "/seen", "/whole/a", "/no/such/path"])
@pytest.mark.parametrize("tokens", [(), ("wrong",), ("slow-wrong",), ("slow-unknown",)])
async def test_without_a_valid_key_every_path_answers_alike(
    path: str, tokens: Sequence[str]
) -> None:
    status, text = await ask(path, *tokens)
    assert status == 401
    assert ("not valid" in text) == bool(tokens)


@pytest.mark.parametrize("token", ["all", "slow-all"])
async def test_a_key_for_everything(token: str) -> None:
    for path in ("/one/a", "/one/c", "/whole/a", "/undeclared/a", "/open"):
        assert await ask(path, token) == (200, "root"), path
    assert await ask("/undeclared/a", token, method="POST") == (200, "root")
    assert await ask("/seen", token) == (200, "a b")
    assert (await ask("/no/such/path", token))[0] == 404


async def test_a_key_for_one_model() -> None:
    assert await ask("/one/a", "reads-a") == (200, "reader")
    assert await ask("/seen", "reads-a") == (200, "a")
    assert await ask("/undeclared/a", "reads-a") == (200, "reader")
    assert (await ask("/whole/a", "reads-a"))[0] == 403
    assert (await ask("/undeclared/a", "reads-a", method="POST"))[0] == 403


async def test_whether_a_model_exists_is_not_told() -> None:
    status, served = await ask("/one/b", "reads-a")
    assert status == 403
    assert (status, served.replace("'b'", "'c'")) == await ask("/one/c", "reads-a")


async def test_a_key_without_rights() -> None:
    for path in ("/one/a", "/one/c", "/seen", "/whole/a"):
        status, text = await ask(path, "none")
        assert (status, "the right 'read'" in text) == (403, True)


@pytest.mark.parametrize("tokens", [(), ("wrong",), ("slow-wrong",), ("all", "none")])
async def test_an_open_route_takes_any_key_or_none(tokens: Sequence[str]) -> None:
    assert await ask("/open", *tokens) == (200, "nobody")


@pytest.mark.parametrize("tokens", [(), ("wrong",), ("reads-a",)])
async def test_public_documents_are_the_same_for_everybody(tokens: Sequence[str]) -> None:
    assert await ask("/seen", *tokens, public_docs=True) == (200, "a b")
    assert (await ask("/one/b", *tokens, public_docs=True))[0] in (401, 403)


async def test_both_headers() -> None:
    assert await ask("/one/a", headers=[("X-API-Key", "all")]) == (200, "root")
    assert await ask("/one/a", "all", "all", headers=[("X-API-Key", "all")]) == (200, "root")
    status, text = await ask("/one/a", "all", headers=[("X-API-Key", "none")])
    assert (status, "several keys" in text) == (400, True)
    assert (await ask("/one/a", "all", "none"))[0] == 400


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("bearer all", 200),
        ("BEARER   all ", 200),
        ("all", 401),
        ("Bearerall", 401),
        ("Bearer", 401),
        ("Bearer all, Bearer all", 401),
        ("Basic all", 401),
        ("Bearer \u00e4ll", 401),
        (f"Bearer {'x' * 8000}", 401),
    ],
)
async def test_the_scheme_must_be_bearer(value: str, status: int) -> None:
    assert (await ask("/one/a", headers=[("Authorization", value)]))[0] == status


async def test_a_key_in_the_query_is_not_taken() -> None:
    for name in ("api_key", "key", "access_token", "X-API-Key"):
        assert (await ask(f"/one/a?{name}=all"))[0] == 401


async def test_a_browser_is_told_with_a_page() -> None:
    status, text = await ask("/one/a", headers=[("Accept", "text/html")])
    assert (status, "<html" in text) == (401, True)
    status, text = await ask("/one/a", "none", headers=[("Accept", "text/html")])
    assert (status, "<html" in text) == (403, True)
