"""The try-me page behind the host's port: its start, its end, and what is said without it."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from deepaas.errors import ExtraMissing, UpstreamFailed
from deepaas.web import health, in_time, try_me
from deepaas.web.health import Drain
from deepaas.web.serving import serving
from deepaas.workers.try_me import TryMe

PREFIX = "/base"
HTML = {"Accept": "text/html,*/*;q=0.8"}
PATIENCE_SECONDS = 90

Serve = Callable[..., Awaitable[str]]


class Page:
    """Stands for the process: starts when it is told to, with this outcome."""

    def __init__(self, outcome: Exception | None = None) -> None:
        self.listens = False
        self.starts_count = 0
        self.may_start = asyncio.Event()
        self._outcome = outcome

    async def stop(self) -> None:
        self.listens = False

    async def address(self) -> str:
        self.starts_count += 1
        await self.may_start.wait()
        if self._outcome is not None:
            raise self._outcome
        self.listens = True
        return "there"


@pytest_asyncio.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Serves a page as the host does, and what is behind it; gives the URL of the host."""
    runners: list[web.AppRunner] = []

    async def run(app: web.Application) -> web.AppRunner:
        runner = web.AppRunner(app, handler_cancellation=True, auto_decompress=False)
        runners.append(runner)
        await runner.setup()
        return runner

    async def start(
        page: Page | None,
        behind: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None,
        *,
        drain: Drain | None = None,
        client_max_size: int = 0,
    ) -> str:
        socket = tmp_path / "socket"
        if behind is not None:
            upstream = web.Application(client_max_size=0)
            upstream.router.add_route("*", "/{path:.*}", behind)
            await web.UnixSite(await run(upstream), socket).start()
        drain = drain or Drain()
        app = web.Application(middlewares=[serving(drain)])
        app[health.DRAIN] = drain
        if page is None:
            try_me.setup_disabled(app, prefix=PREFIX)
        else:
            try_me.setup(
                app, prefix=PREFIX, page=page, socket=socket, client_max_size=client_max_size
            )
        runner = await run(app)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}{PREFIX}/try-me/"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield session


def page_of(outcome: Exception | None = None) -> Page:
    page = Page(outcome)
    page.may_start.set()
    return page


async def test_without_the_package_for_programs(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    page = page_of(ExtraMissing("The try-me page", "ui"))
    async with session.get(await serve(page)) as answer:
        assert answer.status == 501
        assert await answer.json() == {
            "code": 501,
            "message": "The try-me page is not installed here: pip install 'deepaas[ui]'",
            "error": "extra_missing",
        }


async def test_without_the_package_for_people(serve: Serve, session: aiohttp.ClientSession) -> None:
    page = page_of(ExtraMissing("The try-me page", "ui"))
    async with session.get(await serve(page), headers=HTML) as answer:
        assert (answer.status, answer.content_type) == (501, "text/html")
        text = await answer.text()
    assert "<p>The try-me page is not installed here.</p>" in text
    assert "<pre>pip install &#x27;deepaas[ui]&#x27;</pre>" in text


async def test_switched_off(serve: Serve, session: aiohttp.ClientSession) -> None:
    url = await serve(None)
    async with session.post(url + "model/") as answer:
        assert answer.status == 403
        assert (await answer.json())["error"] == "disabled"
    async with session.get(url, headers=HTML) as answer:
        assert (answer.status, answer.content_type) == (403, "text/html")
        assert "The try-me page is disabled on this host." in await answer.text()


async def test_the_folder_has_a_slash(serve: Serve, session: aiohttp.ClientSession) -> None:
    url = (await serve(None)).rstrip("/") + "?a=b"
    async with session.get(url, allow_redirects=False) as answer:
        assert answer.status == 302
        # Relative to /base/try-me, whatever a proxy before the host calls that.
        assert answer.headers["Location"] == "./try-me/?a=b"


async def hello(request: web.Request) -> web.Response:
    return web.Response(text=f"hello {request.path}")


async def test_visitors_see_that_the_page_is_being_started(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    page = Page()
    url = await serve(page, hello)
    asking = asyncio.ensure_future(session.get(url + "gradio_api/info"))
    for _ in range(2):
        async with session.get(url, headers=HTML) as answer:
            assert (answer.status, answer.content_type) == (202, "text/html")
            assert answer.headers["Cache-Control"] == "no-store"
            text = await answer.text()
            assert 'http-equiv="refresh"' in text and "Starting…" in text
    # Who asks again sees the page as soon as it is there.
    again = asyncio.ensure_future(session.get(url, headers=HTML))
    page.may_start.set()
    assert await (await again).text() == f"hello {PREFIX}/try-me/"
    # A program has waited.
    assert await (await asking).text() == f"hello {PREFIX}/try-me/gradio_api/info"


async def test_a_start_that_fails_is_told_and_tried_again(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    page = page_of(UpstreamFailed("The try-me page exited with code 1: <no>"))
    url = await serve(page)
    for starts_count in (1, 2):
        async with session.get(url, headers=HTML) as answer:
            assert (answer.status, answer.content_type) == (502, "text/html")
            text = await answer.text()
        assert "&lt;no&gt;" in text and "refresh" not in text
        assert page.starts_count == starts_count


async def test_the_first_question_is_answered_in_time(
    serve: Serve, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gradio_client gives up when nothing comes for 5 s."""

    async def behind(_request: web.Request) -> web.Response:
        status = 200 if page.starts_count == 1 else 500
        return web.json_response({"version": "1"}, status=status, headers={"Retry-After": "3"})

    monkeypatch.setattr(in_time, "STEP_SECONDS", 0.05)
    page = Page()
    url = await serve(page, behind)
    async with session.get(url + "model/config") as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        for _ in range(3):  # While the page is being started.
            assert await answer.content.readexactly(1) == b" "
        page.may_start.set()
        assert await answer.json() == {"version": "1"}
    # What does not take long is told as it is.
    async with session.get(url + "model/config") as answer:
        assert (answer.status, await answer.text()) == (500, '{"version": "1"}')
        assert answer.headers["Retry-After"] == "3"
    # Too late for another status: what is broken off is no answer.
    page.may_start.clear()
    async with session.get(url + "model/config") as answer:
        assert await answer.content.readexactly(1) == b" "
        page.may_start.set()
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_uploads_have_the_limit_of_the_host(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    url = await serve(page_of(), hello, client_max_size=1000)
    async with session.post(url, data=b"x" * 1000) as answer:
        assert answer.status == 200
    async with session.post(url, data=b"x" * 100_000) as answer:
        assert (answer.status, (await answer.json())["error"]) == (413, "too_large")


async def test_streams_end_with_the_last_request(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """A stream tells the visitor of a call that still runs, so it lasts as long as that."""
    drain, answered = Drain(), asyncio.Event()

    async def behind(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/call"):
            await answered.wait()
            return web.Response(text="result")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        await asyncio.Event().wait()
        return response

    url = await serve(page_of(), behind, drain=drain)
    async with session.get(url + "stream") as stream:
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert await stream.content.readline() == b"data: 1\n"
        call = asyncio.ensure_future(session.get(url + "call"))
        drain.began = True
        finished = asyncio.ensure_future(drain.finished())
        await asyncio.sleep(3 * health.QUIET_SECONDS)
        assert not finished.done()
        answered.set()
        assert await (await call).text() == "result"
        await asyncio.wait_for(finished, PATIENCE_SECONDS)
        # An end in good order, not a broken connection.
        assert await stream.content.read() == b"\n"


async def test_streams_end_when_the_host_has_no_more_patience(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    drain = Drain()

    async def behind(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await asyncio.Event().wait()
        return response

    url = await serve(page_of(), behind, drain=drain)
    async with session.get(url) as stream:
        finished = asyncio.ensure_future(drain.finished())
        await asyncio.sleep(0)
        finished.cancel()
        assert await stream.content.read() == b""


async def test_a_folder_whose_name_is_too_long_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    page = TryMe(folder, "", "/try-me", 0, "mark:")
    server = await asyncio.start_unix_server(lambda _reader, writer: writer.close(), page.socket)
    assert (folder / "socket").is_socket()
    reader, writer = await asyncio.open_unix_connection(page.socket)
    assert await reader.read() == b""
    writer.close()
    server.close()


async def test_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ExtraMissing):
        await TryMe(tmp_path / "page", "", "/try-me", 0, "mark:").address()
