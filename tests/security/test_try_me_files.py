"""Files that the try-me page gives away: none but those that the visitor has sent or been given."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from gradio_client import Client, handle_file
from support.host import Host, start_host

from .page import META, Stranger, named

SECRET = b"what no stranger may read"
DIGEST = hashlib.sha256(SECRET).hexdigest()
NAME = re.compile(r"/files/[0-9a-f]{64}/.+")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(["every_argument", "trains"], "--debug") as host:
        yield host
        assert "Traceback" not in host.log()


@pytest.fixture(scope="module")
def page(host: Host) -> Stranger:
    return Stranger(f"{host.url}/try-me/every_argument", host)


@pytest.fixture(scope="module")
def secret(host: Host) -> Path:
    path = host.home / "secret"
    path.write_bytes(SECRET)
    return path


def refuses(answer: httpx.Response) -> None:
    assert answer.status_code == 422, answer.text
    assert "file" in answer.json()["error"]
    assert DIGEST not in answer.text


def wrong_names(secret: Path, given: str) -> list[object]:
    """What a stranger could name instead of what they have sent."""
    folder, _, name = given.rpartition("/")
    return [
        str(secret),
        "/etc/passwd",
        "/proc/self/environ",
        "/proc/self/fd/0",
        f"file://{secret}",
        os.path.relpath(secret),
        f"{folder}/../../../../../../{secret}",
        f"{folder}/..",
        f"{folder}/./{name}",
        f"{folder}//{name}",
        f"{folder}/{name}\0",
        f"{folder}/{'x' * 5000}",
        f"/files/{'0' * 64}/{name}",
        f"{folder.upper()}/{name}",
        "http://127.0.0.1:1/",
        "https://example.org/a.png",
        "data:text/plain,x",
        "",
    ]


@pytest.mark.parametrize("place", ["run/predict", "call/predict", "queue/join"])
def test_no_file_of_the_machine(page: Stranger, secret: Path, place: str) -> None:
    predict = page.function("predict")
    given = page.upload("a.txt", b"mine")
    for name in wrong_names(secret, given):
        values = page.values(predict, text="x", data=named(name))
        body = {"data": values, "fn_index": predict["id"], "session_hash": "stranger"}
        refuses(page.post(place, body))


@pytest.mark.parametrize("kind", ["image", "audio", "video", "file"])
def test_in_whatever_component(page: Stranger, secret: Path, kind: str) -> None:
    predict = page.function("predict")
    shapes: list[Any] = [
        named(str(secret)),
        {"path": str(secret)},
        {"path": str(secret), "meta": {}, "url": "/gradio_api/file=x"},
        named(None, url=str(secret)),
        named(None, url="http://127.0.0.1:1/"),
        named(str(secret), is_stream=True),
        [named(str(secret))],
        [[named(str(secret))]],
        {"image": named(str(secret)), "caption": "x"},
        {"value": named(str(secret))},
        str(secret),
    ]
    for number, (_, its_kind) in enumerate(page.inputs(predict)):
        if its_kind != kind:
            continue
        for shape in shapes:
            values = page.values(predict, text="x")
            values[number] = shape
            refuses(page.post("run/predict", {"data": values}))


def test_where_no_file_belongs(page: Stranger, secret: Path) -> None:
    """Gradio copies what looks like a file into its folder, wherever it stands."""
    predict = page.function("predict")
    found = dict(page.inputs(predict))
    for label, kind in found.items():
        if kind in ("image", "audio", "video", "file"):
            continue
        hidden = {"deep": [named(str(secret))]}
        values = page.values(predict, **{"text": "x", label.split()[0]: hidden})
        answer = page.post("run/predict", {"data": values})
        assert answer.status_code == (200 if kind == "code" and "mapping" in label else 422)
        assert DIGEST not in answer.text
        if answer.status_code == 200:  # It is JSON there, and comes back as it was.
            assert answer.json()["data"][0]["mapping"] == hidden
    body = {"data": page.values(predict, text="x"), "event_data": {"a": named(str(secret))}}
    assert DIGEST not in page.post("run/predict", body).text


def test_no_file_for_a_training(host: Host, secret: Path) -> None:
    page = Stranger(f"{host.url}/try-me/trains", host)
    for function in page.functions():
        kinds = [kind for _, kind in page.inputs(function)]
        if "file" not in kinds:
            continue
        values = page.values(function)
        values[kinds.index("file")] = named(str(secret))
        refuses(page.post("run/x", {"data": values, "fn_index": function["id"]}))
    assert not host.get("/v2/models/trains/train/").json()


def test_what_was_uploaded_goes_to_the_model(page: Stranger) -> None:
    predict = page.function("predict")
    names = [page.upload(f"{number} é.txt", SECRET) for number in range(2)]
    values = page.values(
        predict,
        text="x",
        data=named(names[0], url="http://127.0.0.1:1/", is_stream=True),
        pages=[named(name, orig_name="../../b.txt") for name in names],
    )
    answer = page.post("run/predict", {"data": values})
    assert answer.status_code == 200, answer.text
    (told,) = answer.json()["data"]
    assert (told["data"]["name"], told["data"]["sha256"]) == ("0 é.txt", DIGEST)
    assert [one["sha256"] for one in told["pages"]] == [DIGEST, DIGEST]


def test_a_name_cannot_be_guessed(page: Stranger) -> None:
    """Who sends the same learns nothing of what others have sent."""
    names = {page.upload("a.txt", SECRET) for _ in range(3)}
    assert len({name.split("/")[2] for name in names}) == 3
    assert all(NAME.fullmatch(name) for name in names)
    for name in names:
        assert page.get(f"file={name}").content == SECRET
        other = f"{name.rpartition('/')[0]}/b.txt"
        assert page.get(f"file={other}").status_code == 404


def test_no_file_of_the_machine_for_a_path(host: Host, page: Stranger, secret: Path) -> None:
    given = page.upload("a.txt", b"mine")
    for name in [*wrong_names(secret, given), f"{given}/../../../../secret", "/files/", "."]:
        for written in (str(name), quote(str(name), safe="")):
            path = quote(f"/try-me/every_argument/gradio_api/file={written}", safe="/=%:")
            answer = host.get(path)
            assert answer.status in (400, 404) or answer.body == b"mine", path
            assert SECRET not in answer.body


def test_a_link_is_no_file(host: Host, page: Stranger, secret: Path) -> None:
    given = page.upload("a.txt", b"mine")
    (real,) = host.tmp.rglob(given.split("/")[2])
    (real / "link").symlink_to(secret)
    linked = f"{given.rpartition('/')[0]}/link"
    assert page.get(f"file={linked}").status_code == 404
    values = page.values(page.function("predict"), text="x", data=named(linked))
    refuses(page.post("run/predict", {"data": values}))


def test_no_path_of_the_machine_is_told(host: Host, page: Stranger) -> None:
    picture = Path(__file__).parents[2] / "docs/images/seven.png"
    given = page.upload("a.png", picture.read_bytes())
    texts = [given, json.dumps(page.config), page.client.get(f"{page.url}/").text]
    texts.append(page.get("info").text)
    predict = page.function("predict")
    values = page.values(predict, text="x", picture=named(given))
    texts.append(page.post("run/predict", {"data": values}).text)
    event = page.post("call/predict", {"data": values}).json()["event_id"]
    texts.append(page.get(f"call/predict/{event}").text)
    other = page.values(predict, text="x", picture=named(given + "x"))
    texts.append(page.post("run/predict", {"data": other}).text)
    texts.append(page.get(f"file={given}x").text)
    ours = (str(host.tmp), str(host.home), sys.prefix, str(Path.cwd()))
    assert not [path for path in ours if any(path in text for text in texts)]


def test_programs_go_on(page: Stranger, tmp_path: Path) -> None:
    path = tmp_path / "a b.txt"
    path.write_bytes(SECRET)
    client = Client(f"{page.url}/", verbose=False)
    told = client.predict(text="x", data=handle_file(str(path)), api_name="/predict")
    client.close()
    assert told["data"]["sha256"] == DIGEST


CLOSED = [
    *("GET proxy=http://127.0.0.1/", "GET token", "GET user", "GET login_check", "GET runs"),
    *("GET openapi.json", "POST component_server", "GET deep_link?session_hash=x", "POST reset"),
    *("GET vibe-code", "POST vibe-edit", "GET dev/reload", "GET stream/x/1/2/playlist.m3u8"),
    *("POST stream/x", "GET queue/status", "POST process_recording", "GET file/etc/passwd"),
    *("GET custom_component/x/client/y/z", "POST api/predict", "POST call/v2/predict"),
    *("GET mcp/sse", "POST mcp/", "GET profiling/traces", "GET anything-new", "GET ../monitoring"),
    *("POST ../login", "GET ../logout", "GET ../docs", "GET ../openapi.json", "GET ../pwa_icon"),
    *("GET ../monitoring/summary", "GET ../robots.txt", "GET ../manifest.json"),
]


@pytest.mark.parametrize("route", CLOSED)
def test_what_the_page_does_not_need_is_not_there(page: Stranger, route: str) -> None:
    method, _, path = route.partition(" ")
    url = f"{page.url}/gradio_api/{path}".replace("/gradio_api/../", "/")
    answer = page.client.request(method, url)
    # Where it looks like another path of the page, only its method is wrong.
    assert answer.status_code == (405 if path.startswith("call/") else 404), answer.text


def test_no_state_of_others_by_the_address(page: Stranger) -> None:
    for query in ("deep_link=x", "page=zz", "deep_link=../x&page=zz"):
        assert page.client.get(f"{page.url}/?{query}").status_code == 200
        assert page.client.get(f"{page.url}/config?{query}").json() == page.config


def test_the_program_of_its_own(host: Host, secret: Path, tmp_path: Path) -> None:
    """``deepaas-ui`` is the same page without a host in front of it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [f"--api-url={host.url}", f"--listen-port={port}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "deepaas.cmd.ui", *words],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert process.stdout
        assert b"listens" in process.stdout.readline()
        page = Stranger(f"http://127.0.0.1:{port}/every_argument")
        values = page.values(page.function("predict"), text="x", data=named(str(secret)))
        refuses(page.post("run/predict", {"data": values}))
        assert page.get(f"file={secret}").status_code == 404
        assert page.get("proxy=http://127.0.0.1/").status_code == 404
        assert NAME.fullmatch(page.upload("a", b"b"))
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=30)
    assert b"Traceback" not in output


def test_unknown_meta(page: Stranger) -> None:
    """Gradio fails at these."""
    wrong: list[Any] = [None, 5, [], "x", META["_type"]]
    for meta in wrong:
        values = page.values(page.function("predict"), text={"path": "x", "meta": meta})
        assert page.post("run/predict", {"data": values}).status_code == 422
