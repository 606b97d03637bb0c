"""The access log: text in a file of its own, or within a log of JSON lines."""

import json
import os
import re
import shlex
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import client
from support.host import Host, run_host, start_host
from support.waiting import wait_until

from .json_log import Line, lines, wait_for_lines

Fields = dict[str, str]


@dataclass
class Logging:
    """A host that writes to `file` and to `log`, and what it has written."""

    host: Host
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "access"

    def lines(self) -> list[Fields]:
        text = self.file.read_text() if self.file.exists() else ""
        return [dict(one.split("=", 1) for one in shlex.split(line)) for line in text.splitlines()]

    def of(self, request_id: str) -> Fields:
        """The only line of a request."""

        def found() -> list[Fields]:
            return [line for line in self.lines() if line.get("request_id") == request_id]

        wait_until(found, f"{request_id} is in the access log")
        (line,) = found()
        return line


@pytest.fixture(scope="module")
def logging_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logging]:
    folder = tmp_path_factory.mktemp("access")
    options = ["--access-log", str(folder / "access"), "--log-file", str(folder / "log")]
    options += ["--trusted-proxy", "127.0.0.1", "--no-ui", "--no-train-endpoint"]
    with start_host(["says", "prints", "sleeps"], *options) as host:
        yield Logging(host, folder)


def send(host: Host, request: bytes) -> None:
    """Send a request, and read its response to the end."""
    with socket.create_connection(("127.0.0.1", host.port), timeout=60) as line:
        line.sendall(request)
        while line.recv(65536):
            pass


def test_a_line_tells_what_matters(logging_host: Logging) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = client.request(
        logging_host.host.port,
        "POST",
        "/v2/models/prints/predict/?text=a-secret",
        upload=client.Upload(1000),
        headers={"X-Request-ID": "whole", "X-Forwarded-For": "192.0.2.7", "traceparent": trace},
    )
    line = logging_host.of("whole")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert 0 < float(line.pop("seconds")) < 60
    assert 1000 < int(line.pop("received_bytes")) < 2000
    assert answer.size < int(line.pop("sent_bytes")) < answer.size + 1000  # With the headers.
    assert line == {
        "client": "192.0.2.7",
        "method": "POST",
        "route": "/v2/models/{name}/predict/",
        "path": "/v2/models/prints/predict/",
        "status": str(answer.status),
        "door": "v2",
        "model": "prints",
        "request_id": "whole",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }


@pytest.mark.parametrize(
    "request_line,status",
    [
        (b"GET /nowhere HTTP/1.1\r\nHost: x", "404"),
        (b"GET /v2/ HTTP/1.1\r\nHost: foreign.example", "421"),
        (b"POST /v2/ HTTP/1.1\r\nHost: localhost\r\nExpect: nonsense", "417"),
        (b"GET http://user:a-secret@localhost/v2/models/ HTTP/1.1\r\nHost: localhost", "200"),
        (b"GET /v2/models?token=a-secret HTTP/1.1\r\nHost: localhost", "308"),
        (b"POST /v2/models/says/predict/?text=a-secret HTTP/1.1\r\nHost: localhost", "500"),
    ],
)
def test_refusals_and_errors_have_a_line(
    request_line: bytes, status: str, logging_host: Logging
) -> None:
    name = f"refused-{status}"
    head = request_line + b"\r\nConnection: close\r\nX-Request-ID: " + name.encode()
    send(logging_host.host, head + b"\r\n\r\n")
    line = logging_host.of(name)
    if status != "404":  # Of an unknown host.
        assert line["status"] == status
    assert "a-secret" not in logging_host.file.read_text()


def test_what_is_no_http_has_a_line(logging_host: Logging) -> None:
    before = len(logging_host.lines())
    send(logging_host.host, b"\x16\x03\x01 nonsense\r\n\r\n")
    wait_until(lambda: len(logging_host.lines()) > before, "it has a line")
    line = logging_host.lines()[-1]
    assert line["status"] == "400" and line["client"] == "127.0.0.1" and line["request_id"]


def test_a_client_that_leaves_has_a_line(logging_host: Logging) -> None:
    head = b"POST /v2/models/sleeps/predict/?seconds=30 HTTP/1.1\r\nHost: localhost\r\n"
    with socket.create_connection(("127.0.0.1", logging_host.host.port), timeout=60) as line:
        line.sendall(head + b"X-Request-ID: leaving\r\n\r\n")
        path = "/v2/models/sleeps/queue?request_id=leaving"
        wait_until(lambda: logging_host.host.get(path).json()["place"] == 0, "it is asleep")
    assert logging_host.of("leaving")["status"] == "499"


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/oip/v2/health/live", "/cog/says/health-check"]
)
def test_health_checks_have_none(path: str, logging_host: Logging) -> None:
    name = path.replace("/", "-")
    logging_host.host.get(path, headers={"X-Request-ID": name})
    logging_host.host.get("/v2/", headers={"X-Request-ID": f"after{name}"})
    logging_host.of(f"after{name}")
    assert name not in [line.get("request_id") for line in logging_host.lines()]


@pytest.mark.parametrize(
    "odd", ["%0Atime=x", '"', "%22", "\\", "%C2%85", "=", "x" * 3000, "%E2%80%A8"]
)
def test_a_path_forges_nothing(odd: str, logging_host: Logging) -> None:
    name = f"odd-{abs(hash(odd))}"
    head = f"GET /odd/{odd}/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    send(logging_host.host, f"{head}X-Request-ID: {name}\r\n\r\n".encode())
    line = logging_host.of(name)
    assert line["status"] == "404" and "route" not in line
    assert line["path"].startswith("/odd/") and len(line["path"]) < 1100
    for text in logging_host.file.read_text().split("\n")[:-1]:
        assert text.startswith("time=") and text.isprintable()


def test_files_can_be_renamed_and_removed(logging_host: Logging) -> None:
    logging_host.host.get("/v2/", headers={"X-Request-ID": "before"})
    logging_host.of("before")
    old = logging_host.folder / "access.1"
    logging_host.file.rename(old)
    logging_host.host.get("/v2/", headers={"X-Request-ID": "renamed"})
    assert logging_host.of("renamed")["status"] == "200"
    assert "before" in old.read_text() and "renamed" not in old.read_text()
    logging_host.file.unlink()
    logging_host.host.get("/v2/", headers={"X-Request-ID": "removed"})
    assert logging_host.of("removed")["status"] == "200"
    os.truncate(logging_host.file, 0)  # As `copytruncate` of logrotate does.
    logging_host.host.get("/v2/", headers={"X-Request-ID": "truncated"})
    assert logging_host.of("truncated")["status"] == "200"
    log = logging_host.folder / "log"
    log.rename(logging_host.folder / "log.1")
    logging_host.host.predict("prints", text="after renaming")
    wait_until(lambda: log.exists() and "after renaming" in log.read_text(), "it is there again")


def test_a_folder_that_goes_loses_nothing_else(logging_host: Logging) -> None:
    moved = logging_host.folder.with_name("moved")
    logging_host.folder.rename(moved)
    try:
        logging_host.host.get("/v2/", headers={"X-Request-ID": "without-a-folder"})
        wait_until(lambda: "without-a-folder" in (moved / "access").read_text(), "it is written")
    finally:
        moved.rename(logging_host.folder)
    logging_host.host.get("/v2/", headers={"X-Request-ID": "there-again"})
    logging_host.of("there-again")


def test_in_the_log_it_is_json() -> None:
    options = ["--log-format", "json", "--access-log", "-", "--log-level", "WARNING"]
    with start_host(["says"], *options, "--no-ui", "--no-train-endpoint") as host:
        host.get("/v2/models/?token=a-secret", headers={"X-Request-ID": "listing"})

        def is_it(line: Line) -> bool:
            return line.get("request_id") == "listing"

        (line,) = wait_for_lines(host, is_it)
        assert line["logger"] == "deepaas.access" and line["status"] == 200
        assert line["route"] == "/v2/models/" and isinstance(line["seconds"], float)
        assert isinstance(line["sent_bytes"], int) and "key" not in line
        assert "a-secret" not in json.dumps(lines(host))


def test_a_file_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    ended = run_host(["says"], "--access-log", str(tmp_path / "no" / "folder"))
    assert ended.returncode == 1
    assert "access-log" in ended.output and "No such file or directory" in ended.output
