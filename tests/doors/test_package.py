"""A door of a package of its own, installed with pip: everything is there, nothing was edited."""

from __future__ import annotations

import html
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.host import Host, run_host, start_host
from support.waiting import wait_until

PROGRAMS = Path(sys.executable).parent
SOURCE = Path(__file__).parent / "packages" / "echo_door"
PAGE = {"Accept": "text/html"}
MAX_BYTES = 200_000
TOKEN = "geheim-4711"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed package."""
    folder = tmp_path_factory.mktemp("echo")
    source = shutil.copytree(SOURCE, folder / "source")  # pip builds in there.
    target = folder / "packages"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*command, "--target", str(target), str(source)], check=True)
    return target


@pytest.fixture(scope="module")
def host(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host that is told the options of the echo on the command line, in a file, by variables."""
    file = tmp_path_factory.mktemp("options") / "deepaas.conf"
    file.write_text("[echo]\ngreeting = hey\ntimes = 3\nfriend = ann\nfriend = bob\nloud = no\n")
    options = ["--config-file", str(file), "--echo-loud", "--echo-mood", "cross", "--no-ui"]
    options += ["--root-protocol", "echo", "--client-max-size", str(MAX_BYTES)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OS_ECHO__TOKEN", TOKEN)
        patch.setenv("OS_ECHO__PAUSE", "1.5")
        patch.setenv("OS_ECHO__TIMES", "4")
        with start_host(["plain"], *options, packages=packages) as host:
            yield host


class Posted(NamedTuple):
    """What was answered to a POST."""

    status: int
    headers: Message
    body: bytes


def environment(packages: Path, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(packages),
        "HOME": str(home),
        "TMPDIR": str(home),
        "COLUMNS": "100",
    }


def post(host: Host, path: str, body: bytes, media_type: str = "") -> Posted:
    headers = {"Content-Type": media_type} if media_type else {}
    request = urllib.request.Request(host.url + path, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Posted(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Posted(error.code, error.headers, error.read())


def test_its_options_are_in_the_help(packages: Path, tmp_path: Path) -> None:
    said = subprocess.run(
        [PROGRAMS / "deepaas-run", "--help-all"],
        env=environment(packages, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    section = said.stdout.partition("echo:\n  An echo, for the tests.\n")[2]
    for name in ("greeting", "loud", "times", "pause", "mood", "own-port", "friend", "token"):
        assert f"echo-{name}" in section
    assert "--[no-]echo-loud" in section


def test_its_options_come_from_every_place(host: Host) -> None:
    told = {
        "greeting": "hey",
        "loud": True,
        "times": 4,
        "pause": 1.5,
        "mood": "cross",
        "own_port": 7000,
        "friend": ["ann", "bob"],
        "token": True,
    }
    assert host.get("/echo/").json() == told
    assert host.get("/echo-at-root").json() == told


@pytest.mark.parametrize(
    "words,complaint",
    [
        (["--echo-times", "10"], "--echo-times"),
        (["--echo-mood", "sad"], "--echo-mood"),
        (["--echo-unknown", "1"], "--echo-unknown"),
        (["--root-protocol", "echo", "--root-protocol", "echo-twin"], "belongs to both"),
        (["--root-protocol", "echo-broken"], "root-protocol 'echo-broken'"),
    ],
)
def test_what_stops_the_start(words: list[str], complaint: str, packages: Path) -> None:
    ended = run_host(["plain"], *words, "--no-ui", packages=packages)
    assert ended.returncode == 1
    assert complaint in ended.output.splitlines()[-1]


def test_an_unknown_key_in_its_section(packages: Path, tmp_path: Path) -> None:
    file = tmp_path / "deepaas.conf"
    file.write_text("[echo]\ngreting = hey\n")
    ended = run_host(["plain"], "--config-file", str(file), packages=packages)
    assert ended.returncode == 1
    assert "unknown option 'greting' in [echo]. Did you mean greeting?" in ended.output


def test_its_secret_reaches_no_model_and_no_log(host: Host) -> None:
    workers = [one for one in host.family() if "deepaas.runtime" in one.cmdline()]
    assert workers
    for worker in workers:
        assert TOKEN not in worker.environ().values()
        assert worker.environ()["OS_ECHO__PAUSE"] == "1.5"
    assert TOKEN not in host.log()


def test_it_translates(host: Host) -> None:
    answer = post(host, "/echo/plain?text=hi", b"")
    assert answer.status == 200
    assert json.loads(answer.body) == {"text": "hi"}


@pytest.mark.parametrize("size", [0, 1000, 150_000])
@pytest.mark.parametrize("media_type", ["application/octet-stream", "image/png"])
def test_bodies_of_any_type(size: int, media_type: str, host: Host) -> None:
    sent = os.urandom(size)
    answer = post(host, "/echo/bytes", sent, media_type)
    assert (answer.status, answer.body) == (200, sent)
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.headers["x-on-disk"] == ("yes" if size > 100_000 else "no")
    wait_until(lambda: host.temporary_files() == [], "nothing stays behind")


def test_errors_have_its_shape(host: Host) -> None:
    seen = {
        404: post(host, "/echo/nobody", b""),
        405: post(host, "/echo/", b""),
        413: post(host, "/echo/bytes", bytes(MAX_BYTES + 1), "image/png"),
    }
    for status, answer in seen.items():
        assert answer.status == status
        assert json.loads(answer.body).keys() == {"echo", "why", "fields"}
    missing = host.get("/echo/no/such/thing")
    assert (missing.status, missing.json().keys()) == (404, {"echo", "why", "fields"})
    elsewhere = host.get("/no/such/thing")
    assert "echo" not in elsewhere.json()


def test_a_call_that_cannot_begin_or_is_not_finished_at_the_end_is_told_in_its_shape(
    packages: Path,
) -> None:
    options = ("--no-ui", "--drain-timeout", "0.2")
    with start_host(["gated"], *options, packages=packages) as host:
        lacking = post(host, "/echo/gated", b"")
        path = "/echo/gated?label=one&gate=never"
        waiting = host.threads.submit(post, host, path, b"")
        wait_until(lambda: "start one" in host.journal(), "the call runs")
        assert host.stop(signal.SIGTERM) == 0
        answer = waiting.result(30)
    assert answer.status == 503
    assert json.loads(answer.body).keys() == {"echo", "why", "fields"}
    assert lacking.status == 422
    assert json.loads(lacking.body)["fields"].keys() == {"label"}


def test_it_is_on_the_start_page(host: Host) -> None:
    page = host.get("/", headers=PAGE).body.decode()
    assert '<a href="/echo/">An echo</a>' in page
    assert '<a href="/echo/plain?text=hi">Shout at it</a>' in page
    command = f"curl -X POST '<span data-origin>{host.url}</span>/echo/plain?text=hi'"
    assert command in html.unescape(page)


def test_it_is_in_the_terminal(host: Host) -> None:
    host.wait_for_log(f"An echo: {host.url}/echo/")


def test_it_is_in_the_document_of_all(host: Host) -> None:
    document = host.get("/openapi.json").json()
    assert document["paths"]["/echo/bytes"]["post"]["operationId"] == "echo_bytes"
    assert "/v2/models/plain/predict/" in document["paths"]
    assert {"Echo", "Failure"} <= document["components"]["schemas"].keys()
    # The Swagger page shows it, and DEEPaaS's own document has nothing of it.
    own = host.get("/openapi/echo.json").json()
    assert own["paths"].keys() == {path for path in document["paths"] if "/echo" in path}
    page = host.get("/api?document=echo").body.decode()
    assert 'data-spec="openapi/echo.json"' in page and ">An echo</a>" in page
    assert 'data-spec="openapi/v2.json"' in host.get("/api").body.decode()
    assert host.get("/openapi/nobody.json").status == 404
    assert "echo" not in host.get("/swagger.json").body.decode()


def test_its_calls_are_told_to_the_try_me_page(host: Host) -> None:
    doors = {door["name"]: door for door in host.get("/doors.json").json()["doors"]}
    assert next(iter(doors)) == "v2"
    of_plain = doors["echo"]["models"]["plain"]
    assert of_plain["links"] == [{"label": "Shout at it", "path": "/echo/plain?text=hi"}]
    (snippet,) = of_plain["snippets"]
    text = snippet["text"].replace("http://HOST", host.url)
    said = subprocess.run(["sh", "-c", f"{text} -sS"], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == {"text": "hi"}


def test_one_that_does_not_work_is_told_of_and_the_others_are_served(host: Host) -> None:
    log = host.log()
    for name in ("echo-broken", "echo-lost"):
        assert f"the door '{name}' cannot be opened" in log
    assert "a_package_that_nobody_has" in log
    # The twin fails to tell of itself, which nobody else notices.
    assert host.get("/openapi.json").status == host.get("/", headers=PAGE).status == 200
    host.wait_for_log("leaving out the door 'echo-twin'")
    assert host.get("/v2/models/plain/").status == 200
    assert host.get("/cog/plain/health-check").status == 200


def test_the_command_tells_of_it(packages: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [PROGRAMS / "deepaas-cli", "doors", "--json"],
        env=environment(packages, tmp_path),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    told: dict[str, dict[str, Any]] = {one["name"]: one for one in json.loads(ended.stdout)}
    echo = told["echo"]
    assert (echo["package"], echo["version"], echo["title"]) == ("echo-door", "0.3.1", "An echo")
    assert (echo["paths"], echo["root"], echo["works"]) == (["/echo"], True, "yes")
    assert [one["key"] for one in echo["options"] if one["secret"]] == ["token"]
    assert "a_package_that_nobody_has" in told["echo-broken"]["works"]
    assert "options cannot be loaded" in told["echo-lost"]["works"]


def test_at_the_root_its_document_is_cogs_and_the_swagger_page_has_deepaas_own(
    packages: Path,
) -> None:
    options = ("--root-protocol", "cog", "--no-ui")
    with start_host(["plain"], *options, packages=packages) as host:
        assert "/predictions" in host.get("/openapi.json").json()["paths"]
        assert 'data-spec="openapi/v2.json"' in host.get("/api").body.decode()
        assert host.get("/docs").status == 200  # Cog's own.
        assert host.get("/swagger").headers["location"] == "/api"
        assert host.get("/health").headers["location"] == "healthz"
