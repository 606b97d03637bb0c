"""Files that the try-me page gives away: none but those that the visitor has sent or been given."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from support.host import Host
from support.waiting import wait_until

from .foreign import MODERN, OLD
from .page import META, Stranger, named

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.xdist_group("paged")

SECRET = b"what no stranger may read"
DIGEST = hashlib.sha256(SECRET).hexdigest()
NAME = re.compile(r"/files/[0-9a-f]{64}/.+")


@pytest.fixture(scope="module")
def host(paged: Host) -> Host:
    return paged


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
    assert "file" in answer.json()["error"].lower()
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
    from gradio_client import Client, handle_file

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


@pytest.fixture(scope="module")
def program(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """``deepaas-ui``, the same page without a host in front of it; its port."""
    folder = tmp_path_factory.mktemp("program")
    words = [f"--api-url={host.url}", "--listen-port=0"]
    words += ["--allowed-host=ui.test", "--allowed-origin=https://example.org"]
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "deepaas.cmd.ui", *words],
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        found = wait_until(
            lambda: re.search(r"listens at http://127.0.0.1:(\d+)", log.read_text()),
            "the page listens",
            120,
        )
        assert found
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(30)
    assert "Traceback" not in log.read_text()


def test_the_program_of_its_own(program: int, secret: Path) -> None:
    page = Stranger(f"http://127.0.0.1:{program}/every_argument")
    values = page.values(page.function("predict"), text="x", data=named(str(secret)))
    refuses(page.post("run/predict", {"data": values}))
    assert page.get(f"file={secret}").status_code == 404
    assert page.get("proxy=http://127.0.0.1/").status_code == 404
    assert NAME.fullmatch(page.upload("a", b"b"))


def test_the_doorkeeper_of_the_program_of_its_own(program: int) -> None:
    """Pages and names of others are as little let in as by a host."""

    def status(method: str, headers: dict[str, str]) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", program, timeout=60)
        connection.request(method, "/every_argument/gradio_api/queue/join", b"{}", headers)
        answer = connection.getresponse()
        said = answer.read().decode()
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        connection.close()
        return answer.status, said

    for headers in (MODERN, OLD, {"Origin": "null"}):
        refused, said = status("POST", headers)
        assert refused == 403
        assert "--allowed-origin" in json.loads(said)["error"]
    rebound, said = status("GET", {"Host": "evil.test"})
    assert rebound == 421
    assert "--allowed-host" in json.loads(said)["error"]
    asks = {**MODERN, "Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    assert status("OPTIONS", asks)[0] == 204
    for headers in ({}, {"Host": "ui.test"}, {"Origin": f"http://127.0.0.1:{program}"}):
        assert status("POST", headers)[0] not in (403, 421)


def test_unknown_meta(page: Stranger) -> None:
    """Gradio fails at these."""
    wrong: list[Any] = [None, 5, [], "x", META["_type"]]
    for meta in wrong:
        values = page.values(page.function("predict"), text={"path": "x", "meta": meta})
        assert page.post("run/predict", {"data": values}).status_code == 422
