"""Requests and answers, byte by byte: nothing is added that a case does not say."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

BOUNDARY = "compat-boundary"


@dataclass(frozen=True)
class Part:
    """One part of a multipart form; a `filename` makes it a file."""

    name: str
    content: str | bytes
    filename: str | None = None
    content_type: str | None = None
    more: str = ""
    """More for the header Content-Disposition."""

    def encoded(self) -> bytes:
        disposition = f'form-data; name="{self.name}"{self.more}'
        if self.filename is not None:
            disposition += f'; filename="{self.filename}"'
        head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n"
        if self.content_type is not None:
            head += f"Content-Type: {self.content_type}\r\n"
        content = self.content.encode() if isinstance(self.content, str) else self.content
        return head.encode() + b"\r\n" + content + b"\r\n"


@dataclass(frozen=True)
class Body:
    content: bytes
    content_type: str | None = None
    chunked: bool = False


def json_body(value: Any) -> Body:
    return Body(json.dumps(value).encode(), "application/json")


def form_body(*pairs: tuple[str, str]) -> Body:
    return Body(urlencode(pairs).encode(), "application/x-www-form-urlencoded")


def multipart_body(*parts: Part) -> Body:
    content = b"".join(part.encoded() for part in parts) + f"--{BOUNDARY}--\r\n".encode()
    return Body(content, f"multipart/form-data; boundary={BOUNDARY}")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def media_type(self) -> str:
        return self.content_type.partition(";")[0].strip().lower()

    def json(self) -> Any:
        return json.loads(self.content, parse_constant=_refuse)

    @property
    def body(self) -> Any:
        """The content, parsed where it says that it is JSON."""
        if self.media_type == "application/json":
            try:
                return self.json()
            except ValueError:
                return self.content
        return self.content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def ask(
    port: int,
    method: str,
    target: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    body: Body | None = None,
    timeout_seconds: float = 10,
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None and body.content_type is not None:
            connection.putheader("Content-Type", body.content_type)
        if body is not None and body.chunked:
            connection.putheader("Transfer-Encoding", "chunked")
            halves = (
                body.content[: len(body.content) // 2],
                body.content[len(body.content) // 2 :],
            )
            connection.endheaders(iter(halves), encode_chunked=True)
        elif body is not None:
            connection.putheader("Content-Length", str(len(body.content)))
            connection.endheaders(body.content)
        else:
            if method == "POST":
                connection.putheader("Content-Length", "0")
            connection.endheaders()
        return answer_of(connection.getresponse())
    finally:
        connection.close()


def answer_of(response: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def send(port: int, lines: Sequence[str], content: bytes = b"") -> socket.socket:
    """Opens a connection and sends a request's head and as much of its body as is given."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall("\r\n".join([*lines, "Host: localhost", "", ""]).encode() + content)
    return connection


def receive(connection: socket.socket) -> Answer:
    response = http.client.HTTPResponse(connection)
    response.begin()
    with connection, response:
        return answer_of(response)
