"""A client of Cog's API that says exactly what happened, and an address that it can name."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support.host import Host
from support.waiting import wait_until

PREDICTORS = Path(__file__).parent / "predictors"
TIMEOUT_SECONDS = 90.0
ENDED = ("succeeded", "failed", "canceled")

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Door:
    """Cog's API of one model."""

    host: Host
    base: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request; a body that is neither bytes nor None goes out as JSON."""
        with contextlib.closing(self.send(method, path, body, **headers)) as connection:
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, told, response.read())

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPConnection:
        """A request whose answer is read by the caller."""
        connection = HTTPConnection("127.0.0.1", self.host.port, timeout=TIMEOUT_SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            named.setdefault("Content-Type", "application/json")
        connection.request(method, self.base + path, body, named)
        return connection

    def begin(self, method: str, path: str, body: Any = None, **headers: str) -> Future[Answer]:
        """A request whose answer comes later."""
        return self.host.threads.submit(self.ask, method, path, body, **headers)

    def predict(self, **inputs: Any) -> Json:
        """A prediction, to its end."""
        answer = self.ask("POST", "/predictions", {"input": inputs})
        assert answer.status == 200, answer.body
        told: Json = answer.json()
        return told

    def put(self, name: str, /, *, webhook: str = "", **inputs: Any) -> Answer:
        """A prediction of this id that is not waited for."""
        body: Json = {"input": inputs}
        if webhook:
            body["webhook"] = webhook
        return self.ask("PUT", f"/predictions/{name}", body, Prefer="respond-async")

    def get(self, name: str) -> Json:
        answer = self.ask("GET", f"/predictions/{name}")
        assert answer.status == 200, answer.body
        told: Json = answer.json()
        return told

    def wait(self, name: str, *statuses: str) -> Json:
        """Wait until a prediction is in one of these states, or has ended.

        What was sent a moment ago may not have been read yet.
        """

        def there() -> bool:
            answer = self.ask("GET", f"/predictions/{name}")
            return answer.status == 200 and answer.json()["status"] in (statuses or ENDED)

        wait_until(there, f"{name} has ended")
        return self.get(name)

    def stream(self, method: str, path: str, body: Any = None) -> Stream:
        return Stream(self.send(method, path, body, Accept="text/event-stream"))

    def is_free(self) -> bool:
        return bool(self.ask("GET", "/health-check").json()["status"] == "READY")


class Stream:
    """Server-sent events as they come."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection
        self.response: HTTPResponse = connection.getresponse()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        while (event := self.next()) is not None:
            yield event

    def next(self) -> tuple[str, Any] | None:
        """Name and data of the next event, None at the end."""
        name = ""
        while line := self.response.readline():
            key, _, value = line.decode().rstrip("\n").partition(": ")
            if key == "event":
                name = value
            elif key == "data":
                return name, json.loads(value)
        return None

    def leave(self) -> None:
        # The response holds the socket open beyond the connection's end.
        self.response.close()
        self._connection.close()


@dataclass
class Received:
    """A request that the receiver has got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    moment: float

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A server on loopback that notes what it gets.

    Attributes:
        received: all requests, in their order.
        answer: what it says to one: status, headers and body; None: it hangs up.
        hold: while it is not set, nobody is answered.
    """

    port: int
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], tuple[int, dict[str, str], bytes] | None] = field(
        default=lambda _request: (200, {}, b"")
    )
    hold: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def told(self, path: str) -> list[Json]:
        """The JSON that a path has got."""
        return [one.json() for one in self.received if one.path == path]

    def wait(self, path: str, status: str) -> list[Json]:
        """Wait until a path has heard of this state."""
        wait_until(
            lambda: any(one["status"] == status for one in self.told(path)),
            f"{path} hears of {status}",
        )
        return self.told(path)


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    """A server of its own."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Received(
                self.command, self.path, headers, self.rfile.read(length), time.monotonic()
            )
            made.received.append(request)
            made.hold.wait(TIMEOUT_SECONDS)
            told = made.answer(request)
            if told is None:
                self.close_connection = True
                return
            status, more, body = told
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Receiver(server.server_port)
    made.hold.set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        made.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
