"""Files of inputs and outputs, and addresses that a host calls or does not call."""

import base64
import gzip
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from support.client import Upload
from support.host import Host, start_host
from support.waiting import wait_until

from .conftest import Serving
from .door import PREDICTORS, Door, Received, Receiver

pytestmark = pytest.mark.xdist_group("cog_door")


def data_url(content: bytes, media_type: str = "text/plain") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def of_data_url(url: str) -> tuple[str, bytes]:
    head, _, content = url.partition(";base64,")
    return head.removeprefix("data:"), base64.b64decode(content)


def test_data_urls(reads: Door) -> None:
    told = reads.predict(file=data_url(b"ab"), more=[data_url(b"c"), "data:text/plain,d%20e"])
    assert of_data_url(told["output"]) == ("text/plain", b"abcd e")
    assert told["logs"] == ".txt of 2 bytes\n"
    told = reads.predict(file=data_url(b"\x89PNG", "image/png"), suffix=".png")
    assert of_data_url(told["output"]) == ("image/png", b"\x89PNG")
    assert told["logs"] == ".png of 4 bytes\n"


def test_large_files(reads: Door) -> None:
    content = bytes(range(256)) * 4096 * 5
    answer = reads.ask("PUT", "/predictions/large", {"input": {"file": data_url(content)}})
    assert of_data_url(answer.json()["output"])[1] == content
    told = reads.predict(file=data_url(content), repeat=6, suffix=".bin")
    assert of_data_url(told["output"]) == ("application/octet-stream", content * 6)


def test_addresses(reads: Door, receiving: Receiver) -> None:
    def give(request: Received) -> tuple[int, dict[str, str], bytes]:
        if request.path == "/hop":
            return 302, {"Location": "/there/a%20file.csv"}, b""
        if request.path == "/packed":
            return 200, {"Content-Encoding": "gzip"}, gzip.compress(b"unpacked")
        return 200, {"Content-Type": "text/csv"}, b"1,2"

    receiving.answer = give
    told = reads.predict(file=f"{receiving.url}/hop", more=[f"{receiving.url}/packed"])
    assert of_data_url(told["output"])[1] == b"1,2unpacked"
    assert told["logs"] == ".csv of 3 bytes\n"
    assert "cookie" not in receiving.received[0].headers


def test_the_trace_goes_along_with_each_request(reads: Door, receiving: Receiver) -> None:
    def give(request: Received) -> tuple[int, dict[str, str], bytes]:
        if request.path == "/hop":
            return 302, {"Location": "/there"}, b""
        return 200, {}, b"1"

    receiving.answer = give
    trace = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "vendor=1"}
    address = f"{receiving.url}/hop"
    small: dict[str, Any] = {"input": {"file": address}}
    large = {"input": {"file": address, "more": [data_url(bytes(100_000))]}}
    for name, body in (("small", small), ("large", large)):
        assert reads.ask("POST", "/predictions", body, **trace).json()["status"] == "succeeded"
        reads.ask("PUT", f"/predictions/{name}-hop", body, Prefer="respond-async", **trace)
        reads.wait(f"{name}-hop")
    fetched = receiving.received
    assert [one.path for one in fetched] == ["/hop", "/there"] * 4
    assert [one.headers["traceparent"] for one in fetched] == [trace["traceparent"]] * 8
    assert [one.headers["tracestate"] for one in fetched] == ["vendor=1"] * 8
    nothing = reads.ask("POST", "/predictions", small, traceparent="nonsense", tracestate="a=b")
    assert nothing.json()["status"] == "succeeded"
    assert not {"traceparent", "tracestate"} & fetched[-1].headers.keys()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/etc/passwd", "not an http or https URL"),
        ("file:///etc/passwd", "not an http or https URL"),
        ("ftp://127.0.0.1/x", "not an http or https URL"),
        ("data:text/plain;base64,a", "not valid base64"),
        ("http://127.0.0.1:1/secret?key=abc", "http://127.0.0.1:1/secret"),
        ("http://", "URL"),
    ],
)
def test_files_that_cannot_be_had(reads: Door, url: str, said: str) -> None:
    told = reads.predict(file=url)
    assert told["status"] == "failed"
    assert told["error"].startswith("Input validation error: file: ")
    assert said in told["error"]
    assert "key=abc" not in told["error"]


def test_answers_that_are_no_file(reads: Door, receiving: Receiver) -> None:
    receiving.answer = lambda request: (
        (404, {}, b"no") if request.path == "/no" else (302, {"Location": request.path}, b"")
    )
    assert "returned status 404" in reads.predict(file=f"{receiving.url}/no")["error"]
    assert "more than 5 redirects" in reads.predict(file=f"{receiving.url}/round")["error"]
    receiving.answer = lambda _request: (302, {"Location": "file:///etc/passwd"}, b"")
    assert "not an http or https URL" in reads.predict(file=f"{receiving.url}/out")["error"]


LOOPBACKS = [
    "127.0.0.1",
    "localhost",
    "0.0.0.0",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
]


def test_private_addresses_are_not_called(serving: Serving, receiving: Receiver) -> None:
    with serving("reads answers", "--client-max-size", "1000000") as host:
        reads, answers = Door(host, "/cog/reads"), Door(host, "/cog/answers")
        for name in LOOPBACKS:
            url = f"http://{name}:{receiving.port}/file"
            told = reads.predict(file=url)
            assert told["status"] == "failed", name
            assert "not on the public internet" in told["error"], (name, told["error"])
            body = {"input": {"text": name}, "webhook": url}
            assert answers.ask("POST", "/predictions", body).json()["output"] == name
        # Webhooks to names are looked up only when they are called.
        assert answers.predict(text="later")["status"] == "succeeded"
    # Whatever was still to be told has been tried by now.
    assert receiving.received == []


def test_files_over_the_limit(serving: Serving, receiving: Receiver) -> None:
    receiving.answer = lambda _request: (200, {}, b"x" * 2000)
    with serving("reads", "--client-max-size", "1000", "--cog-private-urls") as host:
        told = Door(host, "/cog/reads").predict(file=f"{receiving.url}/long")
        assert "larger than 1000 bytes" in told["error"]
        answer = Door(host, "/cog/reads").ask("POST", "/predictions", b" " * 1001)
        assert answer.status == 413


def test_uploads(serving: Serving, receiving: Receiver) -> None:
    kept: dict[str, bytes] = {}

    def keep(request: Received) -> tuple[int, dict[str, str], bytes]:
        if not kept:
            kept["first"] = b""
            return 503, {}, b""
        kept[request.path] = request.body
        where = {"Location": f"{receiving.url}/kept/1?signature=x"} if len(kept) == 2 else {}
        return 200, where, b""

    receiving.answer = keep
    url = f"{receiving.url}/bucket"
    with serving("reads", "--cog-upload-url", url, "--cog-private-urls") as host:
        reads = Door(host, "/cog/reads")
        body = {"id": "up", "input": {"file": data_url(b"one"), "suffix": ".png"}}
        told = reads.ask("POST", "/predictions", body).json()
        assert told["output"] == f"{receiving.url}/kept/1"
        told = reads.predict(file=data_url(b"two"))
        assert told["output"].startswith(f"{url}/")
        receiving.answer = lambda _request: (403, {}, b"")
        told = reads.predict(file=data_url(b"three"))
        assert (told["status"], "403" in told["error"]) == ("failed", True)
    put = receiving.received[1]
    assert (put.method, put.headers["content-type"], put.body) == ("PUT", "image/png", b"one")
    assert put.headers["x-prediction-id"] == "up"
    assert put.path.startswith("/bucket/")
    assert put.path.endswith(".png")


def test_uploads_of_several_files(serving: Serving, receiving: Receiver) -> None:
    models = [
        word
        for name in ("Frames", "Albums")
        for word in ("--model-name", f"{name.lower()}={PREDICTORS / 'frames.py'}:{name}")
    ]
    url = f"http://operator:secret@127.0.0.1:{receiving.port}/up?key=secret"
    shown = f"{receiving.url}/up/"
    with serving("", "--cog-upload-url", url, "--cog-private-urls", *models) as host:
        frames, albums = Door(host, "/cog/frames"), Door(host, "/cog/albums")
        body = {"id": "../a b", "input": {}}
        assert frames.ask("POST", "/predictions", body).status == 422
        outputs = [
            *frames.ask("POST", "/predictions", {"id": "../a?b", "input": {}}).json()["output"],
            *frames.predict()["output"],
        ]
        # Each has its own name, and none is put where another is.
        assert [url.rpartition("/")[2] for url in outputs] == ["x0.txt", "x1.txt", "x2.txt"] * 2
        assert len(set(outputs)) == 6
        told = albums.predict(title="data:text/plain;base64,eA==")["output"]
        assert told["title"] == "data:text/plain;base64,eA=="
        assert [url.rpartition("/")[2] for url in told["pages"]] == ["one%20page.txt", "two.png"]
        outputs += told["pages"]
        receiving.answer = lambda _request: (403, {}, b"")
        refused = frames.predict(count=1)
    put = {f"{receiving.url}{one.path}": one for one in receiving.received}
    for url in outputs:
        assert url.startswith(shown)
        assert put[url].body.decode().endswith(f"of {unquote(url.rpartition('/')[2])}")
        assert put[url].headers["authorization"].startswith("Basic ")
    assert put[told["pages"][1]].headers["content-type"] == "image/png"
    assert (refused["status"], "403" in refused["error"]) == ("failed", True)
    assert "secret" not in str([outputs, refused])


def test_nothing_stays_behind(host: Host, reads: Door) -> None:
    assert reads.predict(file=data_url(b"x"))["status"] == "succeeded"
    wait_until(lambda: host.temporary_files() == [], "nothing stays behind")


def test_files_of_a_call_go_with_its_process(tmp_path: Path) -> None:
    (tmp_path / "dies.py").write_text(
        "import os, pathlib, signal\n\n"
        "def predict(file: pathlib.Path, options: dict[str, int]) -> int:\n"
        "    if file.suffix != '.png' or options != {'a': 1}:\n"
        "        return 0\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with start_host([], "--model-name", f"dies={tmp_path / 'dies.py'}:predict", "--no-ui") as host:
        dies = Door(host, "/cog/dies")
        told = dies.predict(file="data:image/png,x", options={"a": 1})
        assert "was killed by SIGKILL" in told["error"]
        # The same by a form, where an object is JSON of one.
        upload = Upload(10, "file", "x.png")
        answer = host.predict("dies", upload=upload, options='{"a": 1}')
        assert answer.status == 500, answer.body
        assert host.predict("dies", upload=upload, options="[1]").status == 422
        wait_until(lambda: not host.temporary_files(), "no file is left")
