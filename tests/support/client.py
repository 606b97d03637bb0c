"""A small blocking HTTP client that keeps little in memory, and says exactly what happened."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode

from .content import blocks

BOUNDARY = "a-boundary-of-the-tests"
KEPT_BYTES = 2**20


@dataclass(frozen=True)
class Answer:
    """What came back; only the beginning of a large body is kept."""

    status: int
    headers: dict[str, str]
    body: bytes
    size: int
    sha256: str
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Upload:
    """`size` bytes of `content.blocks` as one file of a form."""

    size: int
    name: str = "data"
    filename: str = "data.bin"


def path_of(model: str, arguments: dict[str, Any] | None = None) -> str:
    path = f"/v2/models/{model}/predict/"
    return f"{path}?{urlencode(arguments)}" if arguments else path


def request(
    port: int,
    method: str,
    path: str,
    *,
    upload: Upload | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 60,
) -> Answer:
    """One request on a connection of its own."""
    start = time.monotonic()
    return finish(send(port, path, upload, method, headers, timeout), start)


def send(
    port: int,
    path: str,
    upload: Upload | None = None,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    timeout: float = 60,
) -> HTTPConnection:
    """The first half of `request`: the connection on which the answer will come."""
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    headers = headers or {}
    try:
        if upload is None:
            connection.request(method, path, headers=headers)
        else:
            head, tail = frame_of(upload)
            headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
            headers["Content-Length"] = str(len(head) + upload.size + len(tail))
            connection.request(method, path, _parts(head, upload.size, tail), headers)
    except BaseException:
        connection.close()
        raise
    return connection


def finish(connection: HTTPConnection, start: float) -> Answer:
    """The second half."""
    try:
        return read(connection.getresponse(), start)
    finally:
        connection.close()


def frame_of(upload: Upload) -> tuple[bytes, bytes]:
    """What stands before and after the file's bytes in the body."""
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        f'name="{upload.name}"; filename="{upload.filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode(), f"\r\n--{BOUNDARY}--\r\n".encode()


def read(response: HTTPResponse, start: float, *, kept_bytes: int = KEPT_BYTES) -> Answer:
    digest = hashlib.sha256()
    size = 0
    body = bytearray()
    while block := response.read(2**20):
        digest.update(block)
        size += len(block)
        body += block[: max(0, kept_bytes - len(body))]
    declared = response.headers.get("Content-Length")
    assert declared is None or int(declared) == size, "the body is cut short"
    headers = {name.lower(): value for name, value in response.headers.items()}
    elapsed = time.monotonic() - start
    return Answer(response.status, headers, bytes(body), size, digest.hexdigest(), elapsed)


def _parts(head: bytes, size: int, tail: bytes) -> Iterator[bytes]:
    yield head
    yield from blocks(size)
    yield tail


def statuses(answers: Iterable[Answer]) -> dict[int, int]:
    """How many answers have which status."""
    counts: dict[int, int] = {}
    for answer in answers:
        counts[answer.status] = counts.get(answer.status, 0) + 1
    return counts
