"""The reverse proxy between a real client and a real upstream."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from yarl import URL

from deepaas.web.health import Drain
from deepaas.web.proxy import Proxy
from deepaas.web.serving import serving

PATIENCE_SECONDS = 90
MB = 1024 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[..., Awaitable[str]]


@pytest_asyncio.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Serves a handler behind a proxy and gives the proxy's URL, whose path goes on as it is."""
    runners: list[web.AppRunner] = []
    proxies: list[Proxy] = []

    async def run(app: web.Application) -> web.AppRunner:
        runner = web.AppRunner(app, handler_cancellation=True, auto_decompress=False)
        runners.append(runner)
        await runner.setup()
        return runner

    async def listen(runner: web.AppRunner) -> str:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def start(upstream: Handler | str, *, unix: bool = False, **options: Any) -> str:
        if isinstance(upstream, str):
            address = upstream
        else:
            app = web.Application(client_max_size=0)
            app.router.add_route("*", "/{path:.*}", upstream)
            runner = await run(app)
            if unix:
                options["unix_socket"] = tmp_path / "socket"
                await web.UnixSite(runner, tmp_path / "socket").start()
                address = "http://upstream"
            else:
                address = await listen(runner)
        proxy = Proxy(address, name="Upstream", **options)
        proxies.append(proxy)

        async def forward(request: web.Request) -> web.StreamResponse:
            return await proxy.forward(request, request.rel_url.raw_path)

        front = web.Application(middlewares=[serving(Drain())])
        front.router.add_route("*", "/{path:.*}", forward)
        return await listen(await run(front))

    yield start
    for proxy in proxies:
        await proxy.close()
    for runner in runners:
        await runner.cleanup()


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    ) as session:
        yield session


async def echo(request: web.Request) -> web.Response:
    """Answers with what has come."""
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "headers": [[name.lower(), value] for name, value in request.headers.items()],
            "body": (await request.read()).decode(errors="replace"),
        }
    )


def headers_of(seen: dict[str, Any]) -> dict[str, str]:
    return dict(seen["headers"])


@pytest.mark.parametrize("unix", [False, True])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_what_is_asked_arrives(
    serve: Serve, session: aiohttp.ClientSession, method: str, unix: bool
) -> None:
    base = await serve(echo, unix=unix)
    path = "/a%2Fb//c/../%7Ed/é%20?x=%2B+&x=&é&a=b?c&%zz"
    url = URL(base + path.replace("é", "%c3%A9"), encoded=True)
    body = {} if method in ("GET", "OPTIONS") else {"data": b"body"}
    async with session.request(method, url, headers={"X-Own": "é"}, **body) as answer:
        seen = await answer.json()
    assert seen["method"] == method
    assert seen["path"] == path.replace("é", "%c3%A9")
    assert seen["body"] == ("body" if body else "")
    assert headers_of(seen)["x-own"] == "é"


async def test_headers_of_requests(serve: Serve, session: aiohttp.ClientSession) -> None:
    base = await serve(echo)
    given = {
        "Connection": "keep-alive, X-Only-Here",
        "X-Only-Here": "1",
        "Keep-Alive": "timeout=5",
        "TE": "trailers",
        "Proxy-Authorization": "secret",
        "Authorization": "secret",
        "Cookie": "secret=1",
        "X-API-Key": "secret",
        "Accept-Encoding": "br;q=0.5",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "host=evil.example",
        "X-Gradio-Server": "http://evil.example",
        "X-Stays": "1",
    }
    async with session.get(base, headers=given, skip_auto_headers=["User-Agent"]) as answer:
        seen = headers_of(await answer.json())
    assert "secret" not in str(seen)
    assert not {"x-only-here", "keep-alive", "te", "user-agent", "content-type"} & seen.keys()
    assert seen["accept-encoding"] == "br;q=0.5"
    assert seen["x-stays"] == "1"
    # Not one word of a direct client's.
    assert not [name for name, value in seen.items() if "evil" in f"{name}{value}"]
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert f"http://{seen['x-forwarded-host']}" == base
    assert seen["host"] != seen["x-forwarded-host"]


async def test_credentials_when_the_upstream_is_to_have_them(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    base = await serve(echo, hidden=())
    given = {"Authorization": "Bearer x", "Cookie": "a=1"}
    async with session.get(base, headers=given) as answer:
        seen = headers_of(await answer.json())
    assert (seen["authorization"], seen["cookie"]) == ("Bearer x", "a=1")
    assert seen["x-forwarded-proto"] == "http"


async def test_headers_of_answers(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def answer_with_much(_request: web.Request) -> web.Response:
        response = web.Response(status=418, reason="Tea", body=b"x", content_type="image/tea")
        response.headers.update({"X-Own": "é", "Keep-Alive": "1", "X-Hop": "1"})
        response.headers["Connection"] = "X-Hop"
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    async with session.get(await serve(answer_with_much)) as answer:
        assert (answer.status, answer.reason, await answer.read()) == (418, "Tea", b"x")
        assert answer.headers["X-Own"] == "é"
        assert answer.headers["Content-Type"] == "image/tea"
        assert answer.headers["Content-Length"] == "1"
        assert not {"Keep-Alive", "X-Hop"} & answer.headers.keys()
        assert len(answer.headers.getall("Set-Cookie")) == 2


async def test_bodies_are_not_unpacked(serve: Serve, session: aiohttp.ClientSession) -> None:
    packed = gzip.compress(b"text " * 1000)

    async def answer_packed(_request: web.Request) -> web.Response:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with session.get(await serve(answer_packed)) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Length"] == str(len(packed))
        assert await answer.read() == packed


async def test_a_packed_request(serve: Serve, session: aiohttp.ClientSession) -> None:
    """It is unpacked on its way, so it must not say any more that it is packed."""
    base = await serve(echo)
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    async with session.post(base, data=gzip.compress(b"text"), headers=headers) as answer:
        seen = await answer.json()
    assert seen["body"] == "text"
    assert "content-encoding" not in headers_of(seen)


@pytest.mark.parametrize("status", [204, 301, 304, 404, 503])
async def test_statuses_are_passed_on(
    serve: Serve, session: aiohttp.ClientSession, status: int
) -> None:
    async def answer_so(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/elsewhere?a=%2F"})

    async with session.get(await serve(answer_so), allow_redirects=False) as answer:
        assert answer.status == status
        assert answer.headers["Location"] == "/elsewhere?a=%2F"
        assert await answer.read() == b""


async def test_head(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def answer_long(_request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 1000)

    base = await serve(answer_long)
    for _ in range(2):  # The connection is fit for another request afterwards.
        async with session.head(base) as answer:
            assert answer.headers["Content-Length"] == "1000"
    async with session.get(base) as answer:
        assert len(await answer.read()) == 1000


async def test_large_bodies_both_ways(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def back(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        async for chunk in request.content.iter_any():
            await response.write(chunk)
        return response

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * MB

    async with session.post(await serve(back), data=chunks()) as answer:
        assert len(await answer.read()) == 64 * MB


async def test_streams_arrive_at_once(serve: Serve, session: aiohttp.ClientSession) -> None:
    go_on = asyncio.Queue[bytes]()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while piece := await go_on.get():
            await response.write(piece)
        return response

    # The answer is here before the first piece of its body is.
    async with session.get(await serve(stream)) as answer:
        assert answer.content_type == "text/event-stream"
        for piece in (b"data: 1\n\n", b"data: 2\n\n"):
            go_on.put_nowait(piece)
            assert await answer.content.readexactly(len(piece)) == piece
        go_on.put_nowait(b"")
        assert await answer.content.read() == b""


@pytest.mark.parametrize("when", ["before the answer", "in the answer", "in a flood"])
async def test_a_client_that_leaves(
    serve: Serve, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def wait(request: web.Request) -> web.StreamResponse:
        try:
            response = web.StreamResponse()
            if when != "before the answer":
                await response.prepare(request)
            begun.set()
            while when == "in a flood":
                await response.write(b"x" * MB)
            await asyncio.Event().wait()
            return response
        except (asyncio.CancelledError, ConnectionError):
            cancelled.set()
            raise

    asking = asyncio.ensure_future(session.get(await serve(wait)))
    await asyncio.wait_for(begun.wait(), PATIENCE_SECONDS)
    if when != "before the answer":
        (await asking).close()
    asking.cancel()
    await asyncio.wait_for(cancelled.wait(), PATIENCE_SECONDS)
    ours = [record for record in caplog.records if record.name.startswith("deepaas")]
    assert not [record for record in ours if record.levelno >= logging.WARNING]


async def test_an_upstream_that_is_not_there(
    serve: Serve, session: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    async with session.get(await serve(f"http://127.0.0.1:{unused_tcp_port}")) as answer:
        assert answer.status == 502
        assert await answer.json() == {
            "code": 502,
            "message": "Upstream does not respond",
            "error": "upstream_failed",
        }


async def test_an_upstream_that_hangs_up(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.abort()
        return web.Response()

    async with session.get(await serve(hang_up)) as answer:
        assert answer.status == 502


@pytest.mark.parametrize("length", [None, 1000])
async def test_an_upstream_that_breaks_off(
    serve: Serve, session: aiohttp.ClientSession, length: int | None
) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = length
        await response.prepare(request)
        await response.write(b"x" * 100)
        assert request.transport
        request.transport.close()
        await asyncio.Event().wait()
        return response

    async with session.get(await serve(break_off)) as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_an_answer_before_the_whole_request_has_come(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=413)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * MB

    async with session.post(await serve(refuse), data=endless()) as answer:
        assert answer.status == 413
