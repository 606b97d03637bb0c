"""Reads server-sent events of a prediction over a plain connection."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlencode

Event = tuple[str, str]


class Host(Protocol):
    """What answers at a port of this machine."""

    @property
    def port(self) -> int: ...


class Stream:
    """An answer that comes bit by bit."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response
        self.status = response.status
        self.content_type = response.headers["Content-Type"]

    def __iter__(self) -> Iterator[Event]:
        name, data = "", []
        while line := self.response.readline():
            text = line.decode().removesuffix("\n")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
            elif text.startswith("data: "):
                data.append(text.removeprefix("data: "))
            elif not text and data:
                yield name, "\n".join(data)
                name, data = "", []

    def of(self, kind: str) -> Iterator[Any]:
        """The events of one kind as JSON."""
        return (json.loads(data) for name, data in self if name == kind)


@contextmanager
def streaming(
    host: Host, model: str, accept: str = "text/event-stream", **query: Any
) -> Iterator[Stream]:
    """Ask for a prediction; the connection is closed in the end, whether or not it has ended."""
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=60)
    try:
        path = f"/v2/models/{model}/predict/?{urlencode(query)}"
        connection.request("POST", path, headers={"Accept": accept})
        yield Stream(connection.getresponse())
    finally:
        connection.close()
