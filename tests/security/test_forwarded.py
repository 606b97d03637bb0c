"""Who may say by which name a host was called: the proxies that its operator trusts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from support import client
from support.host import Host, start_host

from deepaas.config import load
from deepaas.errors import ConfigError
from deepaas.web import forwarded
from deepaas.web.forwarded import TrustedProxies
from deepaas.web.health import Drain
from deepaas.web.serving import serving
from security import foreign

pytestmark = pytest.mark.xdist_group("paged")

EVIL = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "666",
    "Forwarded": "for=6.6.6.6;host=evil.example;proto=https",
    "X-Real-IP": "6.6.6.6",
    "X-Gradio-Server": "http://evil.example",
}

HTML = {"Accept": "text/html,*/*"}

Told = dict[str, str]
Ask = Callable[..., Awaitable[tuple[int, Told]]]


def test_no_page_of_a_host_believes_a_direct_client(paged: Host) -> None:
    own = f"127.0.0.1:{paged.port}"
    page = "/try-me/every_argument"
    for path in ("/", f"{page}/", f"{page}/config", "/swagger.json"):
        headers = EVIL | (HTML if path == "/" else {})
        answer = client.request(paged.port, "GET", path, headers=headers)
        text = answer.body.decode()
        assert answer.status == 200 and "evil" not in text and "https://127" not in text, path
        assert path == "/swagger.json" or own in text, path
    assert paged.log().count("--trusted-proxy 127.0.0.1") == 1
    bad = client.request(paged.port, "GET", f"{page}/config", headers={"Host": "a/b"})
    assert (bad.status, bad.json()["error"]) == (421, "unknown_host")


def test_a_host_without_options_keeps_others_out(paged: Host) -> None:
    """As those with some do, see `test_host_names.py` and `test_foreign_requests.py`."""
    for name in ("evil.test", f"evil.test:{paged.port}", "192.0.2.1"):
        assert foreign.send(paged, "GET", "/healthz", {"Host": name}).status == 421
    for headers in (foreign.MODERN, foreign.OLD):
        path = "/v2/models/every_argument/predict/?text=owned"
        assert foreign.send(paged, "POST", path, headers).status == 403


def test_a_host_believes_its_proxy() -> None:
    options = ("--trusted-proxy=10.0.0.0/8", "--trusted-proxy=127.0.0.1", "--no-train-endpoint")
    with start_host(["plain"], *options) as host:
        page = client.request(host.port, "GET", "/", headers=EVIL | HTML).body.decode()
        assert "https://evil.example" in page
        config = client.request(host.port, "GET", "/try-me/plain/config", headers=EVIL).json()
        assert config["root"] == "https://evil.example/try-me/plain"
        bad = {"X-Forwarded-Host": "a b/c", **HTML}
        assert client.request(host.port, "GET", "/", headers=bad).status == 400
        # Its web pages are those of the name that the proxy tells, and of no other.
        told = {"X-Forwarded-Host": "models.example.org"}
        own = told | {"Origin": "https://models.example.org"}
        path = "/v2/models/plain/predict/"
        assert client.request(host.port, "POST", path, headers=own).status == 200
        for origin in ("https://evil.example", f"http://127.0.0.1:{host.port}"):
            foreign = told | {"Origin": origin}
            assert client.request(host.port, "POST", path, headers=foreign).status == 403
        rebound = own | {"Host": "evil.example"}
        assert client.request(host.port, "POST", path, headers=rebound).status == 421


@pytest_asyncio.fixture
async def ask() -> AsyncIterator[Ask]:
    """Asks an application that trusts some networks what it believes."""
    runners: list[web.AppRunner] = []

    async def answer(request: web.Request) -> web.Response:
        told = {
            "host": forwarded.public_host(request),
            "scheme": forwarded.public_scheme(request),
            "client": forwarded.client_address(request),
        }
        return web.json_response(told)

    async def get(headers: list[tuple[str, str]], *networks: str) -> tuple[int, Told]:
        app = web.Application(middlewares=[serving(Drain())])
        app.router.add_get("/", answer)
        forwarded.setup(app, networks)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as found:
            return found.status, await found.json()

    yield get
    for runner in runners:
        await runner.cleanup()


async def test_what_a_proxy_says_last_counts(ask: Ask) -> None:
    """All before it may be the client's own."""
    headers = [
        ("X-Forwarded-Host", "evil.example, other.example"),
        ("X-Forwarded-Host", "public.example:8443"),
        ("X-Forwarded-Proto", "http, HTTPS"),
        ("X-Forwarded-For", "6.6.6.6"),
        ("X-Forwarded-For", "192.0.2.7, 10.1.2.3"),
    ]
    told = {"host": "public.example:8443", "scheme": "https", "client": "192.0.2.7"}
    assert await ask(headers, "127.0.0.0/8", "10.0.0.0/8") == (200, told)
    told["client"] = "10.1.2.3"
    assert await ask(headers, "127.0.0.1") == (200, told)


async def test_a_proxy_that_is_another(ask: Ask) -> None:
    status, told = await ask(list(EVIL.items()), "10.0.0.0/8", "::1")
    assert (status, told["scheme"], told["client"]) == (200, "http", "127.0.0.1")
    assert told["host"].startswith("127.0.0.1:")


async def test_nonsense_of_a_proxy(ask: Ask) -> None:
    status, told = await ask([("X-Forwarded-Proto", "javascript")], "127.0.0.1")
    assert (status, told["scheme"]) == (200, "http")
    status, told = await ask([("X-Forwarded-For", "<script>, unknown")], "127.0.0.1")
    assert (status, told["client"]) == (200, "127.0.0.1")
    assert (await ask([("X-Forwarded-Host", "<script>")], "127.0.0.1"))[0] == 400


def test_addresses() -> None:
    proxies = TrustedProxies(["192.0.2.1", "10.0.0.0/8", "fd00::/8"])
    for peer in ("192.0.2.1", "10.9.9.9", "::ffff:10.0.0.1", "fd00::1", "fd00::1%eth0"):
        assert proxies.trusts(peer), peer
    for other in ("192.0.2.2", "11.0.0.1", "::1", "", None, "10.0.0.1, 192.0.2.1", "unknown"):
        assert not proxies.trusts(other), other


def test_an_option_that_is_no_network() -> None:
    with pytest.raises(ConfigError, match="is not an IP address, a network or 'unix'"):
        load(["--trusted-proxy=example.org"], {}, [])
    assert load(["--trusted-proxy=10.1.2.3/8"], {}, []).trusted_proxy == ("10.0.0.0/8",)
