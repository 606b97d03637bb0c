"""Calls as people would write them: shown ones are run."""

import ast
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.web_request import FileField
from support.host import Host, start_host

from deepaas.client.api import Api
from deepaas.client.calls import ClientCall, FileToSend
from deepaas.client.description import Argument, Model
from deepaas.ui.snippets import curl, of_prediction, of_training, python

NASTY = 'it\'s "quoted" $HOME `id` \\ & ü'


async def tell(request: web.Request) -> web.Response:
    form = {}
    if request.content_type != "application/json":
        form = {
            name: [value.filename, value.content_type] if isinstance(value, FileField) else value
            for name, value in (await request.post()).items()
        }
    told = {
        "query": list(map(list, request.query.items())),
        "h": request.headers.get("h"),
        "accept": request.headers["Accept"],
        "cookies": dict(request.cookies),
        "form": form,
        "body": await request.json() if request.content_type == "application/json" else None,
    }
    return web.json_response(told)


CALLS = {
    "query": ClientCall(
        "/p", [("a", NASTY), ("l", "1"), ("l", "2")], {"Accept": "x/y", "h": "it's"}
    ),
    "files": ClientCall(
        "/p",
        [("a", "1")],
        {"Accept": "x/y"},
        {"c": "d"},
        [("t", NASTY), ("f", FileToSend(Path("f"), "a picture.png"))],
    ),
    "form": ClientCall("/p", [], {"Accept": "x/y"}, {}, [("t", NASTY)]),
    "json": ClientCall(
        "/p", [("a", "1")], {"Accept": "x/y"}, {}, [], {"o": {"b": [1, None, NASTY]}}
    ),
}


@pytest.mark.parametrize("language", ["curl", "python"])
@pytest.mark.parametrize("name", CALLS)
async def test_snippets_send_the_call(
    name: str, language: str, tmp_path: Path, aiohttp_server: Any
) -> None:
    call = CALLS[name]
    app = web.Application()
    app.router.add_post("/p", tell)
    server = await aiohttp_server(app)
    url = str(server.make_url("/")).rstrip("/")
    (tmp_path / "a picture.png").write_bytes(b"png")
    command = (
        ["sh", "-c", curl(url, call).replace("curl ", "curl -sS ", 1)]
        if language == "curl"
        else [sys.executable, "-c", python(url, call)]
    )
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["query"] == [list(pair) for pair in call.query]
    assert told["accept"] == "x/y"
    assert told["cookies"] == call.cookies
    assert told["h"] == call.headers.get("h")
    assert told["body"] == call.body
    assert told["form"] == {
        n: v if isinstance(v, str) else [v.name, "image/png"] for n, v in call.form
    }


def test_secrets_are_not_shown() -> None:
    model = Model("m", "m", predict=(Argument("key", "password"), Argument("a", "string")))
    shown = of_prediction(model, "", {"key": "hunter2", "a": "b"}, "application/json")
    assert "hunter2" not in str(shown)
    assert "key=YOUR_SECRET" in shown.curl
    assert "key='YOUR_SECRET'" in shown.client


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(["trains", "every_output"]) as host:
        yield host


@pytest.fixture
async def models(host: Host) -> dict[str, Model]:
    async with Api(host.url) as api:
        return {model.name: model for model in await api.models()}


def ran(snippet: str, language: str, folder: Path) -> str:
    """What a person sees who runs the copied text as it is."""
    command = ["sh", "-c", snippet] if language == "curl" else [sys.executable, "-c", snippet]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("language", ["curl", "python", "client"])
async def test_a_training_is_started(
    language: str, host: Host, models: dict[str, Model], tmp_path: Path
) -> None:
    (tmp_path / "some data.csv").write_text("a,b")
    values = {"text": NASTY, "count": 3, "data": FileToSend(Path("not shown"), "some data.csv")}
    shown = of_training(models["trains"], host.url, values)
    said = await asyncio.to_thread(ran, getattr(shown, language), language, tmp_path)
    if language == "client":
        assert said.splitlines()[-1] == str({"text": NASTY})
    else:
        told = json.loads(said) if language == "curl" else ast.literal_eval(said)
        assert told["args"]["text"] == NASTY
    newest = host.get("/v2/models/trains/train/?order=newest&limit=1").json()[0]
    assert (newest["args"]["text"], newest["args"]["count"]) == (NASTY, 3)
    assert "some data.csv" in str(newest["args"]["data"])


@pytest.mark.parametrize("language", ["curl", "python", "client"])
async def test_a_prediction_is_made(
    language: str, host: Host, models: dict[str, Model], tmp_path: Path
) -> None:
    shown = of_prediction(models["every_output"], host.url, {}, "image/png")
    said = await asyncio.to_thread(ran, getattr(shown, language), language, tmp_path)
    assert (tmp_path / "answer.png").read_bytes().startswith(b"\x89PNG")
    assert ("answer.png" in said) == (language == "client")
    shown = of_prediction(models["every_output"], host.url, {}, "application/json")
    said = await asyncio.to_thread(ran, getattr(shown, language), language, tmp_path)
    assert "2026-11-21" in said


def test_names_that_are_no_keywords() -> None:
    arguments = tuple(Argument(name, "string") for name in ("model", "class", "a b", "fine"))
    values = {argument.name: "x" for argument in arguments}
    shown = of_prediction(Model("m", "m", predict=arguments), "", values, "application/json")
    ast.parse(shown.client)
    assert "fine='x'" in shown.client
    assert "arguments={'model': 'x', 'class': 'x', 'a b': 'x'}" in shown.client


def test_files_are_saved() -> None:
    call = ClientCall("/p", headers={"Accept": "image/png"})
    assert curl("", call, "answer.png").endswith("-o answer.png")
    assert "'answer.png'" in python("", call, "answer.png")
