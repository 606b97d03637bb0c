"""The log as JSON lines, and the request ids in it."""

import json
import logging
import re
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support import client
from support.host import Host, run_host, start_host

from deepaas.json_lines import JsonFormatter

from .json_log import lines, says, wait_for_lines

MADE = re.compile(r"[0-9a-f]{16}")

TALKS = """
import asyncio

from cog import BasePredictor, concurrent

class Predictor(BasePredictor):
    def setup(self):
        self.both = 0

    @concurrent(max=2)
    async def predict(self, text: str) -> str:
        "Prints in turns with another call that runs at the same time."
        self.both += 1
        while self.both < 2:
            await asyncio.sleep(0.01)
        for number in range(3):
            print(text, number)
            await asyncio.sleep(0.01)
        return text
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    source = tmp_path_factory.mktemp("talks") / "talks.py"
    source.write_text(TALKS)
    options = ["--log-format", "json", "--debug", "--model-name", str(source), "--no-ui"]
    with start_host(["prints", "says", "trains"], *options) as host:
        yield host


def raw(host: Host, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", host.port), timeout=60) as line:
        line.sendall(sent)
        found = b""
        while data := line.recv(65536):
            found += data
    return found


def test_each_line_has_time_level_logger_and_message(host: Host) -> None:
    host.predict("prints")
    for line in lines(host):
        moment = datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
        assert abs(datetime.now(timezone.utc) - moment) < timedelta(minutes=10)
        assert re.fullmatch(r"[^.]*\.\d{3}Z", line["time"])
        assert line["level"] in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
        assert line["logger"] and line["message"]


def test_the_start_is_a_line_instead_of_a_greeting(host: Host) -> None:
    (line,) = wait_for_lines(host, says(" listens at "))
    assert f"127.0.0.1:{host.port}" in line["message"]


def test_an_id_is_made_and_sent_back(host: Host) -> None:
    one, other = (host.get("/healthz").headers["x-request-id"] for _ in range(2))
    assert MADE.fullmatch(one) and MADE.fullmatch(other) and one != other


@pytest.mark.parametrize("told", ["a", "Root=1-67891233-abc", "0-b:c+d/e@f_g.h", "x" * 128])
def test_an_id_is_taken(told: str, host: Host) -> None:
    assert host.get("/healthz", headers={"X-Request-ID": told}).headers["x-request-id"] == told


@pytest.mark.parametrize(
    "told", ["", " ", "a b", "x" * 129, 'a"b', "a{b", "a\tb", "é", "a%0Ab", "a;b"]
)
def test_an_unsafe_id_is_replaced(told: str, host: Host) -> None:
    answer = host.get("/healthz", headers={"X-Request-ID": told})
    assert MADE.fullmatch(answer.headers["x-request-id"])


def test_of_two_ids_none_is_taken(host: Host) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    answer = raw(host, head + b"X-Request-ID: one\r\nX-Request-ID: two\r\n\r\n")
    assert re.search(rb"\r\nX-Request-ID: [0-9a-f]{16}\r\n", answer)


@pytest.mark.parametrize(
    "sent,status",
    [
        (b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n", 404),
        (b"DELETE /healthz HTTP/1.1\r\nHost: localhost\r\n", 405),
        (b"GET /healthz HTTP/1.1\r\nHost: foreign.example\r\n", 421),
        (b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: nonsense\r\n", 417),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n", 400),
        (b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n", 400),
        (
            b"POST /v2/models/says/predict/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n",
            400,
        ),
        (
            b"POST /v2/models/prints/predict/ HTTP/1.1\r\nHost: localhost\r\n"
            b"Accept: text/event-stream\r\n",
            200,
        ),
        (b"POST /v2/models/says/predict/?text=x HTTP/1.1\r\nHost: localhost\r\n", 500),
    ],
)
def test_every_response_has_one(sent: bytes, status: int, host: Host) -> None:
    answer = raw(host, sent + b"Connection: close\r\n\r\n")
    assert re.match(rb"HTTP/1.[01] %d " % status, answer), answer
    assert answer.count(b"X-Request-ID: ") == 1


def test_what_the_host_logs_for_a_call_has_its_id_and_model(host: Host) -> None:
    answer = host.predict("says", text="went wrong", headers={"X-Request-ID": "failing-call"})
    assert answer.status == 500
    (line,) = wait_for_lines(
        host, lambda line: line.get("request_id") == "failing-call" and line["level"] == "ERROR"
    )
    assert line["model"] == "says"
    assert answer.json()["id"] in line["message"]
    assert "went wrong" in line["message"]


def test_what_the_model_prints_has_the_id_of_its_call(host: Host) -> None:
    def call(number: int) -> str:
        name = f"printing-{number}"
        host.predict("prints", text=name, headers={"X-Request-ID": name})
        return name

    with ThreadPoolExecutor(4) as threads:
        names = list(threads.map(call, range(8)))
    for name in names:
        found = wait_for_lines(host, says(f"] {name} "), 4)
        assert len(found) == 4
        assert {line.get("request_id") for line in found} == {name}
        assert {line.get("model") for line in found} == {"prints"}
        assert {line["logger"] for line in found} == {"deepaas.output"}


def test_lines_outside_of_calls_have_none(host: Host) -> None:
    (line,) = wait_for_lines(host, says("welcome to my model"))
    assert "request_id" not in line and "trace_id" not in line
    assert all(line.get("request_id") != "" for line in lines(host))


def test_calls_at_the_same_time_are_told_apart(host: Host) -> None:
    calls = [
        threading.Thread(
            target=host.predict,
            args=("talks",),
            kwargs={"text": name, "headers": {"X-Request-ID": name}},
        )
        for name in ("first", "second")
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    for name in ("first", "second"):
        found = wait_for_lines(host, says(f"] {name} "), 3)
        assert {line.get("request_id") for line in found} == {name}


@pytest.mark.parametrize(
    "text",
    ['"}\n{"level":"CRITICAL"', "\u2028\u2029\x85\r\x0b", "\x1b[2K\x00", "\U0001f600\\u0000"],
)
def test_nothing_that_is_printed_breaks_or_forges_a_line(text: str, host: Host) -> None:
    host.predict("prints", text=f"before {text} after", headers={"X-Request-ID": "forging"})
    wait_for_lines(host, lambda line: line.get("request_id") == "forging")
    for line in host.log().splitlines():
        assert isinstance(json.loads(line)["level"], str)
    assert all(line["level"] != "CRITICAL" for line in lines(host))


@pytest.mark.parametrize("text", ["a", "é", "\x1b", "\ud800", "\U0001f600", '"', "\n"])
def test_lines_are_never_longer_than_container_runtimes_take(text: str) -> None:
    formatter = JsonFormatter()
    try:
        raise ValueError(f"{text * 50_000} the error")
    except ValueError:
        failed = sys.exc_info()
    long = logging.LogRecord("x", logging.ERROR, "", 0, "begin %s", (text * 50_000,), failed)
    line = formatter.format(long)
    assert "\n" not in line and 4096 < len(line.encode()) < 16 * 1024
    told = json.loads(line)
    assert told["message"].startswith("begin ") and told["message"].endswith("…")
    assert told["traceback"].endswith("the error") and told["traceback"].startswith("…")
    printed = logging.makeLogRecord({"msg": "", "lines": [text * 50_000, "second"]})
    first, second = map(json.loads, formatter.format(printed).split("\n"))
    assert first["message"].endswith("…") and second["message"] == "second"


def test_a_run_is_named_in_a_line_with_the_id_of_its_request(host: Host) -> None:
    headers = {"X-Request-ID": "beginning-a-run"}
    answer = client.request(host.port, "POST", "/v2/models/trains/train/", headers=headers)
    uuid = answer.json()["uuid"]
    (line, *_) = wait_for_lines(host, says(uuid))
    assert line["request_id"] == "beginning-a-run"
    assert line["model"] == "trains"


def test_the_last_words_are_json_too(tmp_path: Path) -> None:
    for options in (["--log-file", str(tmp_path / "no" / "folder")], ["--workers", "no"]):
        ended = run_host(["prints"], "--log-format=json", *options)
        assert ended.returncode == 1
        (line,) = ended.output.splitlines()
        assert json.loads(line)["level"] == "CRITICAL"
