"""Calls as people would write them: shown ones are run."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from deepaas.client.calls import Call, Upload, predict_call
from deepaas.client.description import Argument, Model
from deepaas.ui.snippets import curl, hidden, python

NASTY = 'it\'s "quoted" $HOME `id` \\ & ü'


async def tell(request: web.Request) -> web.Response:
    form = {}
    if request.content_type != "application/json":
        form = {
            name: value if isinstance(value, str) else [value.filename, value.content_type]
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
    "query": Call("/p", [("a", NASTY), ("l", "1"), ("l", "2")], {"Accept": "x/y", "h": "it's"}),
    "files": Call(
        "/p",
        [("a", "1")],
        {"Accept": "x/y"},
        {"c": "d"},
        [("t", NASTY), ("f", Upload(Path("f"), "a picture.png"))],
    ),
    "form": Call("/p", [], {"Accept": "x/y"}, {}, [("t", NASTY)]),
    "json": Call("/p", [("a", "1")], {"Accept": "x/y"}, {}, [], {"o": {"b": [1, None, NASTY]}}),
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
    call = predict_call(model, {"key": "hunter2", "a": "b"})
    assert "hunter2" not in curl("", hidden(model, call)) + python("", hidden(model, call))
    assert "key=YOUR_SECRET" in curl("", hidden(model, call))


def test_files_are_saved() -> None:
    call = Call("/p", headers={"Accept": "image/png"})
    assert curl("", call, "answer.png").endswith("-o answer.png")
    assert "'answer.png'" in python("", call, "answer.png")
