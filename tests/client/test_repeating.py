"""What is sent again, and what never is; and what a client believes of a broken host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deepaas.client import AsyncClient, Client, ClientError, ConnectionFailed, HostError, TimedOut
from deepaas.client.api import Api
from deepaas.client.calls import ClientCall
from deepaas.client.errors import Busy, ModelFailed, NotSent, Unauthorized
from deepaas.client.failures import pause_seconds

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def busy(code: str, retry_after: float | None) -> Busy:
    error = Busy("busy", 503, code=code)
    error.retry_after = retry_after
    return error


@pytest.mark.parametrize(
    ("error", "post_seconds", "get_seconds"),
    [
        (NotSent("refused"), 0.25, 0.25),
        (ConnectionFailed("was lost"), None, 0.25),
        (TimedOut("too long"), None, None),
        (busy("queue_full", 1.0), 1.0, 1.0),
        (busy("queue_full", 60.0), None, None),
        (busy("model_unavailable", 1.0), None, 1.0),
        (busy("", None), None, 0.25),
        (HostError("bad gateway", 502), None, 0.25),
        (HostError("not found", 404), None, None),
        (ModelFailed("no", 500), None, None),
        (Unauthorized("no", 401), None, None),
    ],
)
def test_pauses(error: ClientError, post_seconds: float | None, get_seconds: float | None) -> None:
    assert pause_seconds(error, 0, safe=False) == post_seconds
    assert pause_seconds(error, 0, safe=True) == get_seconds


def test_pauses_grow() -> None:
    assert [pause_seconds(NotSent("refused"), n, safe=False) for n in range(3)] == [0.25, 0.5, 1.0]


class Broken:
    """Answers each request as it is told, and counts them."""

    def __init__(self, answer: Callable[[int], bytes]) -> None:
        self.requests: list[bytes] = []
        self._answer = answer

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self._answer(len(self.requests)))
        writer.close()


async def test_a_get_is_sent_again_when_the_connection_breaks() -> None:
    broken = Broken(lambda number: OK if number > 2 else b"")
    async with broken.listening() as url, Api(url, retries=2) as api:
        assert await api.get_json("/v2/models/") == {}
    assert len(broken.requests) == 3


async def test_a_post_whose_fate_is_unknown_is_not() -> None:
    broken = Broken(lambda _: b"")
    async with broken.listening() as url, Api(url, retries=5) as api:
        with pytest.raises(ConnectionFailed, match="was lost"):
            await api.send(ClientCall("/v2/models/m/predict/"))
    assert len(broken.requests) == 1


async def test_a_body_that_is_cut_off() -> None:
    broken = Broken(lambda _: OK.replace(b"Length: 2", b"Length: 20"))
    async with broken.listening() as url, Api(url, retries=0) as api:
        with pytest.raises(ConnectionFailed):
            await api.send(ClientCall("/v2/models/m/predict/"))


@pytest.mark.parametrize(
    "page",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>Another server</h1>",
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<h1>Not here</h1>",
        OK.replace(b"{}", b"[]"),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000,
    ],
)
async def test_another_server(page: bytes) -> None:
    broken = Broken(lambda _: page)
    async with broken.listening() as url, AsyncClient(url) as client:
        with pytest.raises(HostError, match=r"swagger\.json"):
            await client.models()


async def test_a_page_of_a_proxy() -> None:
    page = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\n\r\n" + b"<p>" * 10**6
    broken = Broken(lambda _: page)
    async with broken.listening() as url, AsyncClient(url, api_key="my key") as client:
        with pytest.raises(Unauthorized, match=r"^401 Unauthorized$"):
            await client.models()
    assert b"\r\nAuthorization: Bearer my key\r\n" in broken.requests[0]


async def test_a_proxy_is_for_hosts_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    proxy, host = Broken(lambda _: OK), Broken(lambda _: OK)
    async with proxy.listening() as proxy_url, host.listening() as url:
        monkeypatch.setenv("http_proxy", proxy_url)
        key = {"Authorization": "Bearer my key"}
        async with Api("http://host.invalid", headers=key) as far, Api(url) as near:
            await far.get_json("/v2/")
            await near.get_json("/v2/")
    assert [r.split(b"\r\n")[0] for r in proxy.requests] == [
        b"GET http://host.invalid/v2/ HTTP/1.1"
    ]
    assert b"\r\nAuthorization: Bearer my key\r\n" in proxy.requests[0]
    assert len(host.requests) == 1


async def test_a_redirect_of_a_post_is_told() -> None:
    page = b"HTTP/1.1 308 Permanent Redirect\r\nLocation: https://elsewhere/\r\n\r\n"
    async with Broken(lambda _: page).listening() as url, Api(url) as api:
        with pytest.raises(HostError, match="has moved to https://elsewhere/"):
            await api.send(ClientCall("/v2/models/m/predict/"))


async def test_a_host_that_is_silent() -> None:
    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with AsyncClient(url, timeout=0.2) as client:
            with pytest.raises(TimedOut, match="timed out"):
                await client.models()


@pytest.mark.parametrize("url", ["127.0.0.1:5000", "ftp://host", "http://", "http://h:x", ""])
def test_not_a_url(url: str) -> None:
    with pytest.raises(ClientError, match="not a valid URL of a host"):
        Client(url)
