"""An HTTP server of the tests: takes webhooks and uploads, gives files."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.waiting import wait_until

FILES = {
    "/files/hello.txt": ("text/plain", b"hello from afar"),
    "/files/picture.png?size=2": ("image/png", b"not really a picture"),
    "/files/no-suffix": ("text/plain", b"a name without an ending"),
}
SECONDS = 20


@dataclass(frozen=True)
class Told:
    """What was sent to one address."""

    url: str
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def wait_for_end(self) -> list[Any]:
        """All of it, once the end of the prediction is told."""

        def over() -> bool:
            return any("predict_time" in body["metrics"] for body in self.bodies)

        try:
            wait_until(over, "the end", SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}; told was {self.bodies}") from None
        return self.bodies

    def wait_for_start(self) -> None:
        """Wait until something is told."""
        wait_until(lambda: self.bodies, "the start", SECONDS)


class Receiver:
    """Knows its own address, and what came."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._hooks: dict[str, Told] = {}
        self._numbers = itertools.count()

    def hook(self) -> Told:
        """An address for webhooks that nobody has used."""
        path = f"/hooks/{next(self._numbers)}"
        self._hooks[path] = Told(self.url + path)
        return self._hooks[path]

    def take(self, path: str, body: Any, headers: dict[str, str]) -> None:
        """Something has come."""
        self._hooks[path].headers.append(headers)
        self._hooks[path].bodies.append(body)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens meanwhile."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    _Handler.receiver = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield _Handler.receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_GET(self) -> None:
        media_type, content = FILES.get(self.path, ("text/plain", b""))
        if self.path == "/files/moved":
            self.send_response(302)
            self.send_header("Location", "/files/hello.txt")
            content = b""
        else:
            self.send_response(200 if self.path in FILES else 404)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.take(self.path, body, headers)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""
