"""The server of the page between a browser and a host: here a stand-in that says what it is told.

The real hosts are in tests/web/test_try_me_life.py and tests/browser.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from aiohttp import web
from gradio_client import Client
from support.host import Host, start_host
from support.waiting import wait_until

from deepaas.client.api import Api
from deepaas.ui import server

ROOT = "/base/try-me"
PATIENCE_SECONDS = 60


class Models:
    """What the stand-in serves.

    Attributes:
        arguments: of predict by model; None while the model is being loaded.
        metadata: by model.
        reachable: whether it answers at all.
    """

    def __init__(self) -> None:
        self.arguments: dict[str, list[str] | None] = {}
        self.metadata: dict[str, dict[str, Any]] = {}
        self.reachable = True

    async def swagger(self, _request: web.Request) -> web.Response:
        if not self.reachable:
            raise web.HTTPServiceUnavailable
        paths = {
            f"/v2/models/{name}/predict/": {
                "post": {
                    "parameters": [
                        {"name": argument, "type": "string", "in": "query"}
                        for argument in arguments
                    ],
                    "x-implemented": True,
                    "responses": {},
                }
            }
            for name, arguments in self.arguments.items()
            if arguments is not None
        }
        return web.json_response({"paths": paths, "definitions": {}})

    async def listed(self, _request: web.Request) -> web.Response:
        entries = [
            {
                "id": name,
                "name": name,
                "links": [{"rel": "self", "href": f"/v2/models/{name}"}],
                **({} if arguments is not None else {"error": f"{name} is being <loaded>"}),
                **self.metadata.get(name, {}),
            }
            for name, arguments in self.arguments.items()
        ]
        return web.json_response({"models": entries})


Visit = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def models() -> Models:
    return Models()


@pytest_asyncio.fixture
async def visit(models: Models, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Visit]:
    """GETs a path below the root."""
    monkeypatch.setattr(server, "KNOWN_SECONDS", 0)
    host = web.Application()
    host.router.add_get("/swagger.json", models.swagger)
    host.router.add_get("/v2/models/", models.listed)
    runner = web.AppRunner(host)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api = Api(f"http://127.0.0.1:{runner.addresses[0][1]}")
    app = server.build(api, ROOT, believes=lambda peer: peer == "192.0.2.1")
    async with app.router.lifespan_context(app):

        async def get(path: str, peer: str = "127.0.0.1", **options: Any) -> httpx.Response:
            transport = httpx.ASGITransport(app, client=(peer, 1))
            base_url = "http://page.example"
            async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
                return await client.get(f"{ROOT}{path}", **options)

        yield get
    await runner.cleanup()


async def test_one_model_is_the_whole_page(models: Models, visit: Visit) -> None:
    models.arguments = {"a b": ["text"]}
    answer = await visit("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "./a%20b/")


async def test_programs_find_the_only_model(models: Models, visit: Visit) -> None:
    models.arguments = {"a b": ["text"]}
    told = [(await visit(f"{below}/config")).json() for below in ("", "/a%20b")]
    assert told[0]["dependencies"] == told[1]["dependencies"] != []
    info = (await visit("/gradio_api/info")).json()
    assert [one["parameter_name"] for one in info["named_endpoints"]["/predict"]["parameters"]] == [
        "text"
    ]


async def test_programs_are_told_which_models_there_are(models: Models, visit: Visit) -> None:
    models.arguments = {"one": ["text"], "a b": []}
    assert (await visit("/config")).json()["dependencies"] == []
    answer = await visit("/gradio_api/info", headers={"X-Forwarded-Host": "evil.example"})
    told = f"http://page.example{ROOT}"
    assert answer.status_code == 404
    assert answer.text.endswith(f": {told}/one/, {told}/a%20b/")


async def test_several_models(models: Models, visit: Visit) -> None:
    models.arguments = {"one": ["text"], "two": [], "three": None}
    models.metadata["one"] = {
        "title": "The <first>",
        "description": "What it does. " * 100,
        "author": ["A", "B"],
        "license": "MIT",
        "version": "1.0",
        "url": "https://example.org/one",
    }
    answer = await visit("/")
    assert answer.status_code == 200
    assert "script" not in answer.headers["Content-Security-Policy"]
    text = answer.text
    assert re.findall(r'class="try" href="(.*?)"', text) == ["./one/", "./two/"]
    for words in (
        "3 models",
        "The &lt;first&gt;",
        "A, B",
        "MIT",
        "1.0",
        'href="https://example.org/one"',
    ):
        assert words in text
    assert "three is being &lt;loaded&gt;" in text
    assert "http-equiv" not in text


async def test_a_way_back_where_there_are_several(models: Models, visit: Visit) -> None:
    models.arguments = {"one": ["text"]}
    assert "All models" not in (await visit("/one/")).text
    models.arguments["two"] = []
    assert "All models" in (await visit("/one/")).text


async def test_pages_that_nobody_uses_do_nothing(models: Models, visit: Visit) -> None:
    models.arguments = {"one": ["text"], "two": ["text"]}
    for path in ("/one/", "/two/"):
        assert (await visit(path)).status_code == 200
    woken_count, begin = _woken_count(), time.monotonic()
    await asyncio.sleep(1)
    # A busy machine wakes nobody more often.
    assert _woken_count() - woken_count < 200 * (time.monotonic() - begin)


def _woken_count() -> int:
    """So often this thread has waited for something."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


async def test_no_model(visit: Visit) -> None:
    assert "This host does not serve any models." in (await visit("/")).text


async def test_the_html_of_a_page(models: Models, visit: Visit) -> None:
    models.arguments = {"one": ["text"]}
    models.metadata["one"] = {"title": "<One>", "description": "It **reads** <b>"}
    answer = await visit("/one/", headers={"Accept-Encoding": "br, gzip"})
    assert answer.status_code == 200
    assert "<head><title>&lt;One&gt; – DEEPaaS</title>" in answer.text
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == answer.num_bytes_downloaded
    plain = await visit("/one/", headers={"Accept-Encoding": "identity"})
    assert plain.content == answer.content
    assert int(plain.headers["Content-Length"]) == len(plain.content)
    # What is to be read comes before all that takes time to come.
    head, _, rest = answer.text.partition("<p>It <strong>reads</strong> &lt;b&gt;</p>")
    assert "<script" not in head and "gradio_config" in rest
    # Browsers do not look for an icon at the root.
    icon, *_ = re.findall(r'<link rel="icon" href="([^"]+)"', answer.text)
    assert icon.startswith("data:")
    # Nor for what they need to install it as a program.
    assert 'rel="manifest"' not in answer.text


async def test_a_page_knows_its_own_address(models: Models, visit: Visit) -> None:
    models.arguments = {"a b": ["text"]}
    headers = {"X-Forwarded-Host": "x, public.example:8443", "X-Forwarded-Proto": "https"}
    config = (await visit("/a%20b/config", headers=headers, peer="192.0.2.1")).json()
    assert config["root"] == f"https://public.example:8443{ROOT}/a%20b"
    # Of whoever is no proxy nothing is believed, by whatever name.
    headers |= {"X-Gradio-Server": "http://evil.example", "Forwarded": "host=evil.example"}
    config = (await visit("/a%20b/config", headers=headers)).json()
    assert config["root"] == f"http://page.example{ROOT}/a%20b"
    assert (await visit("/a%20b/gradio_api/info")).status_code == 200


@pytest.mark.parametrize("name", ["a b", "é", "a.b-c_d", "{x}"])
async def test_names(models: Models, visit: Visit, name: str) -> None:
    models.arguments = {"other": []}
    models.arguments[quote(name)] = []  # As it stands in the paths of the document.
    models.metadata[quote(name)] = {"id": name}
    assert (await visit(f"/{quote(name)}/")).status_code == 200
    answer = await visit(f"/{quote(name)}")
    assert (answer.status_code, answer.headers["Location"]) == (307, f"./{quote(name)}/")


async def test_unknown_model(models: Models, visit: Visit) -> None:
    models.arguments = {"one": ["text"]}
    for path in ("/<two>/", "/<two>/assets/index.js"):
        answer = await visit(path)
        assert answer.status_code == 404
        assert "&lt;two&gt;" in answer.text and "refresh" not in answer.text


async def test_a_model_that_is_loaded_later(models: Models, visit: Visit) -> None:
    models.arguments = {"one": None}
    answer = await visit("/one/")
    assert answer.status_code == 503
    assert "one is being &lt;loaded&gt;" in answer.text
    assert 'http-equiv="refresh"' in answer.text
    models.arguments = {"one": ["text"]}
    assert (await visit("/one/")).status_code == 200


async def test_a_host_that_is_away(models: Models, visit: Visit) -> None:
    models.arguments = {"one": ["text"]}
    models.reachable = False
    for path in ("/", "/one/"):
        answer = await visit(path)
        assert answer.status_code == 502
        assert "Could not connect to the host" in answer.text
    models.reachable = True
    assert (await visit("/one/")).status_code == 200
    models.reachable = False  # A page that is there can say so by itself.
    assert (await visit("/one/")).status_code == 200


async def test_a_page_is_made_anew_when_its_model_has_changed(models: Models, visit: Visit) -> None:
    models.arguments = {"one": ["first"], "two": ["text"]}

    async def made(name: str) -> Any:
        return (await visit(f"/{name}/gradio_api/app_id")).json()["app_id"]

    async def page(name: str) -> str:
        return (await visit(f"/{name}/")).text

    assert "first" in await page("one") and await page("two")
    before = {name: await made(name) for name in ("one", "two")}
    await page("one")
    assert await made("one") == before["one"]
    models.arguments["one"] = ["second"]
    assert "second" in await page("one")
    assert await made("one") != before["one"]
    assert await made("two") == before["two"]


async def test_a_page_that_cannot_be_made(
    models: Models, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise RuntimeError("no")

    models.arguments = {"one": ["text"]}
    with monkeypatch.context() as patch:
        patch.setattr(server, "build_page", fail)
        answer = await visit("/one/")
    assert answer.status_code == 500
    assert "Could not create this page" in answer.text
    assert (await visit("/one/")).status_code == 200


async def test_other_sites_get_nothing(models: Models, visit: Visit) -> None:
    models.arguments = {"one": ["text"]}
    answer = await visit("/one/config", headers={"Origin": "https://other.example"})
    assert not [name for name in answer.headers if name.startswith("access-control-allow-origin")]
    for url in ("file=http://other.example/x", "file=https://other.example/x", "proxy=http://x/"):
        assert (await visit(f"/one/gradio_api/{url}")).status_code == 404


@contextmanager
def command(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "TMPDIR": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-m", "deepaas.cmd.ui", *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def test_the_command(tmp_path: Path) -> None:
    with command(tmp_path, "--api-url=http://127.0.0.1:9", "--listen-port=0") as process:
        assert process.stdout
        line = process.stdout.readline()
        found = re.fullmatch(r"deepaas-ui listens at (http://127\.0\.0\.1:\d+/)\n", line)
        assert found, line + process.stdout.read()
        answer = httpx.get(found[1], timeout=PATIENCE_SECONDS)
        assert answer.status_code == 502
        assert "Could not connect to the host" in answer.text
        end(process, signal.SIGINT)
    assert not list(tmp_path.iterdir())


def test_the_command_on_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    (tmp_path / "tmp").mkdir()
    with command(tmp_path / "tmp", f"--unix-socket={path}") as process:
        assert process.stdout
        assert process.stdout.readline() == f"deepaas-ui listens at unix:{path}\n"
        assert path.stat().st_mode & 0o077 == 0, "it is for this user alone"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
        end(process, signal.SIGTERM)
    assert not list((tmp_path / "tmp").iterdir())


def test_the_command_ends_with_visitors(tmp_path: Path, host: Host) -> None:
    """Their streams are for ever: that is nothing to complain of."""
    with command(tmp_path, f"--api-url={host.url}", "--listen-port=0") as process:
        assert process.stdout
        url = process.stdout.readline().split()[-1]
        client = Client(f"{url}gated/", verbose=False)
        with httpx.stream("GET", f"{url}gated/gradio_api/heartbeat/x", timeout=60) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "data: ALIVE"
            called = client.submit("visitor", str(host.home / "never"), None, api_name="/predict")
            wait_until(lambda: host.journal() == ["start visitor"], "a call is going on")
            end(process, signal.SIGINT)
            # In good order: a broken connection would raise.
            assert not list(filter(None, lines))
        with pytest.raises(Exception):  # noqa: B017 - of whatever class gradio_client likes
            called.result(PATIENCE_SECONDS)
        client.close()
    assert not list(tmp_path.iterdir())


@pytest.fixture
def host() -> Iterator[Host]:
    with start_host(["gated"]) as host:
        yield host


def end(process: subprocess.Popen[str], number: int) -> None:
    start = time.monotonic()
    process.send_signal(number)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert time.monotonic() - start < PATIENCE_SECONDS / 2
    assert process.stdout
    assert process.stdout.read() == ""


@pytest.mark.parametrize(
    "options,words",
    [
        (["--api-url=somewhere:5000"], "'somewhere:5000' is not an http:// or https:// URL"),
        (["--listen-ip=192.0.2.1"], "This machine does not have this address"),
        (["--unix-socket=/nowhere/socket"], "could not listen"),
    ],
)
def test_wrong_options(tmp_path: Path, options: list[str], words: str) -> None:
    with command(tmp_path, *options) as process:
        assert process.stdout
        said = process.stdout.read()
        assert process.wait(PATIENCE_SECONDS) != 0
    assert words in said and "Traceback" not in said


async def test_scripts_are_whole_whatever_arguments_are_called(
    models: Models, visit: Visit
) -> None:
    models.arguments["m"] = ["THEN", "TOLD"]
    await visit("/m/")
    config = (await visit("/m/config")).json()
    scripts = [one["js"] for one in config["dependencies"] if "deepaas answers" in str(one["js"])]
    assert {re.search(r"return then\.(\w+)\(\)", one)[1] for one in scripts} == {  # type: ignore[index]
        "note",
        "show",
        "restore",
    }
    assert all('"name": "THEN"' in one and '"name": "TOLD"' in one for one in scripts)


async def test_only_files_with_hashes_in_their_names_are_kept(models: Models, visit: Visit) -> None:
    models.arguments["assets"] = []
    page = (await visit("/assets/")).text
    found = re.search(r"assets/[\w-]+\.js", page)
    assert found
    for path, kept in ((found[0], True), ("static/img/logo.svg", False)):
        answer = await visit(f"/assets/{path}")
        assert answer.status_code == 200, path
        assert ("immutable" in answer.headers.get("cache-control", "")) is kept
