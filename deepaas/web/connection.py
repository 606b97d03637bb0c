"""One connection: aiohttp's protocol, with more timeouts.

They limit the time for the head of a request, and the time without progress of its body and of the
response. Streams that are merely silent are kept open, for days if necessary.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from deepaas.errors import DeepaasError, RequestTimedOut
from deepaas.web.addresses import ListenAddress
from deepaas.web.early_answers import TOO_MANY, TOO_SLOW
from deepaas.web.errors import STATUS, json_response, new_reference
from deepaas.web.request_id import REQUEST_ID, request_id
from deepaas.web.sending import buffered_bytes, sending, silent
from deepaas.web.sentences import of_request

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

PROGRESS_BYTES = 1024
"""Less than this within a timeout is no progress: 17 bytes a second by default."""

_REQUEST = getattr(getattr(web.RequestHandler, "_handle_request", None), "__code__", object())
"""A version of aiohttp that names it differently makes its tasks as ever."""


@dataclass(frozen=True)
class ConnectionLimits:
    """Limits for connections; 0 is no limit.

    Attributes:
        head_seconds: for the head of a request, from the connection or its first byte on.
        idle_seconds: between two requests.
        body_seconds: without progress of a body that the host is reading.
        send_seconds: without progress of the response.
    """

    count: int = 0
    per_address_count: int = 0
    head_seconds: float = 0.0
    idle_seconds: float = 0.0
    body_seconds: float = 0.0
    send_seconds: float = 0.0


class Doorkeeper(Protocol):
    def admit(self, connection: Connection) -> bool:
        """Whether there is room for it."""

    def forget(self, connection: Connection) -> None:
        """Forget a closed connection."""

    def hear(self) -> None:
        """Data of a client has arrived."""


def make_task(
    loop: asyncio.AbstractEventLoop,
    work: Coroutine[Any, Any, Result] | Generator[Any, None, Result],
    **options: Any,
) -> asyncio.Future[Result]:
    """A task factory: a request is worked on in the task of its connection, and gets none itself.

    aiohttp makes one for each, so that context variables set for one request are not there for the
    next; here each request sets them anew (``web.request_id``). From Python 3.12 on it makes eager
    ones, and asks no factory.
    """
    if getattr(work, "cr_code", None) is _REQUEST:
        return cast("asyncio.Future[Result]", work)  # All that is done with it is to wait for it.
    return asyncio.Task(work, loop=loop, **options)


class Connection(web.RequestHandler):
    """One connection; ``line`` is the transport, even after aiohttp has released it.

    Attributes:
        at: where it has arrived; None if nobody has said.
        opening: the TLS handshake that it has come from, until it is counted in its place.
    """

    __slots__ = (
        "_asked_count",
        "_body_mark",
        "_body_since",
        "_doorkeeper",
        "_has_begun",
        "_send_mark",
        "_send_since",
        "_since",
        "_since_mark",
        "_was_busy",
        "address",
        "at",
        "line",
        "opening",
        "received",
    )

    def __init__(
        self,
        doorkeeper: Doorkeeper,
        server: web.Server,
        at: ListenAddress | None = None,
        **options: Any,
    ) -> None:
        super().__init__(server, **options)
        self.at = at
        self.opening: Any = None
        self._doorkeeper = doorkeeper
        self.line: asyncio.Transport | None = None
        self.address = ""
        self.received = 0
        self._since = self._loop.time()
        self._since_mark = 0
        self._asked_count = 0
        self._has_begun = True
        self._was_busy = False
        self._body_since = self._send_since = 0.0
        self._body_mark = self._send_mark = 0

    # --- asyncio's side ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.line = cast(asyncio.Transport, transport)
        # uvloop sends at once only what is above the limit, and the rest after all other steps.
        self.line.set_write_buffer_limits(high=0)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        if self._doorkeeper.admit(self):
            super().connection_made(transport)
        else:
            self.line.write(TOO_MANY)
            self.line.close()

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self._doorkeeper.hear()
        super().data_received(data)

    def resume_reading(self, *args: Any, **kw: Any) -> None:
        # Asked for with each piece of a body that is read: aiohttp runs its parser for that.
        if self._reading_paused:
            super().resume_reading(*args, **kw)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._doorkeeper.forget(self)
        super().connection_lost(exc)

    # --- timeouts ---

    @property
    def waits_since(self) -> float | None:
        """Since when it has been waiting for a request; None if it has one."""
        if not self.received:
            return self._since  # Its task may not have started.
        waits = self._waiter is not None and not self._waiter.done() and not self._messages
        return self._since if waits else None

    @property
    def fileno(self) -> int:
        """-1 if it is closed."""
        sock = None if self.line is None else self.line.get_extra_info("socket")
        return -1 if sock is None else cast(int, sock.fileno())

    @property
    def is_flowing(self) -> bool:
        """Whether all that has been received has been passed on, and more is read."""
        # Older releases have no pause of the buffer.
        return not (self._reading_paused or getattr(self, "_buffer_paused", False))

    @property
    def is_new(self) -> bool:
        return self._request_count == 0

    @property
    def waiting_bytes(self) -> int:
        return 0 if self.line is None else buffered_bytes(self.line)

    @property
    def stuck_since(self) -> float:
        """Since when the client has read nothing."""
        return self._send_since

    def look(self, now: float, limits: ConnectionLimits) -> str:
        """Close it if it exceeds a timeout; returns the reason for the log, or nothing."""
        if self.line is None:
            return ""
        if self._is_stuck(now, limits.send_seconds):
            self.break_off()
            return "the client did not read the response"
        if self.waits_since is None:
            self._was_busy = True
            return self._look_at_body(now, limits.body_seconds)
        if self._was_busy or self._request_count != self._asked_count:
            self._was_busy = False
            self._asked_count = self._request_count
            self._since, self._since_mark = now, self.received
            self._has_begun = False
        elif not self._has_begun and self.received != self._since_mark:
            self._since, self._has_begun = now, True
        seconds = limits.head_seconds if self._has_begun else limits.idle_seconds
        if not seconds or now - self._since < seconds:
            return ""
        if not self._has_begun and not silent([self]):
            return ""  # The next request has arrived but has not been read.
        if self._has_begun and self.received != self._since_mark:
            self.line.write(TOO_SLOW)
        self.force_close()
        return "the client did not send a request" if self._has_begun else "it was idle"

    def give_way(self) -> None:
        self.force_close()
        if self.ssl_context and self.line is not None:
            # Without waiting for the client to confirm the end.
            self.line.abort()

    def break_off(self) -> None:
        """Close at once, and discard what has not been sent, including the system's buffer."""
        if self.line is not None and (sock := self.line.get_extra_info("socket")) is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.line.abort()

    def _look_at_body(self, now: float, seconds: float) -> str:
        request = self._current_request
        if (
            request is None
            or request.content.is_eof()
            or not self.is_flowing  # There is no progress while the host does not read.
        ):
            self._body_since = 0.0
        elif not self._body_since or self.received - self._body_mark >= PROGRESS_BYTES:
            self._body_since, self._body_mark = now, self.received
        elif seconds and now - self._body_since >= seconds:
            if isinstance(request.content.exception(), RequestTimedOut):
                self.break_off()  # The handler has not noticed.
            else:
                request.content.set_exception(RequestTimedOut(seconds))
                self._body_since, self._body_mark = now, self.received
            return "the client did not send the body"
        return ""

    def _is_stuck(self, now: float, seconds: float) -> bool:
        assert self.line is not None
        waiting, taken = sending(self.line)
        if not waiting:
            self._send_since = 0.0
        elif not self._send_since or abs(taken - self._send_mark) >= PROGRESS_BYTES:
            self._send_since, self._send_mark = now, taken
        else:
            return bool(seconds) and now - self._send_since >= seconds
        return False

    # --- errors that aiohttp reports ---

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log no traceback for errors caused by clients."""
        error = kw.get("exc_info")
        if _is_clients(error):
            # Not its text: the library's quotes headers and bodies.
            name = type(error).__name__
            self.logger.debug("invalid request: %s", of_request(error, name))
        else:
            super().log_exception(*args, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002, in the library's words
    ) -> web.StreamResponse:
        if isinstance(exc, ConnectionError):
            raise exc  # The client has left.
        self.log_exception("Error handling request", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the response has started: it is too late for another")
        body: dict[str, Any] = {"code": status, "message": "internal error in the host"}
        if status < 500:
            said = of_request(exc, "the request is not valid HTTP")
            body = {"code": status, "message": said, "error": "malformed_request"}
        else:
            body["id"] = new_reference()
            _log.error("[%s] internal error while responding", body["id"])
        response = json_response(body, status, {REQUEST_ID: request_id(request)})
        response.force_close()
        return response


def _is_clients(error: Any) -> bool:
    if isinstance(error, DeepaasError):
        return STATUS.get(type(error), 500) < 500
    return isinstance(error, HttpProcessingError | web.RequestPayloadError | ConnectionError)
