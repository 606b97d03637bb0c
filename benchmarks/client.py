"""A thin HTTP client for single requests: its own cost must not hide the server's."""

import json
import socket
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any

BOUNDARY = "benchmark-boundary"


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def post(port: int, path: str) -> Answer:
    return request(port, "POST", path)


def request(port: int, method: str, path: str, json_body: bytes | None = None) -> Answer:
    headers = {} if json_body is None else {"Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, json_body, headers)
        return _read(connection.getresponse())
    finally:
        connection.close()


def upload(port: int, path: str, content: memoryview) -> Answer:
    """Post `content` as the multipart file `data`."""
    head = (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="data"; filename="data.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    length = len(head) + len(content) + len(tail)
    request = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        connection.sendall(request + head)
        connection.sendall(content)
        connection.sendall(tail)
        response = HTTPResponse(connection, method="POST")
        response.begin()
        return _read(response)


def _read(response: HTTPResponse) -> Answer:
    return Answer(response.status, response.read())
