"""Limits access to Gradio to what the page needs.

Gradio has about seventy routes, and more with each release: reading files of this machine, fetching
URLs, calling methods of components, editing its own code. Only the routes listed here are
available. Request bodies are validated, and paths in responses are replaced by names.
"""

from __future__ import annotations

import contextlib
import logging
import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deepaas.ui.answer import AnswerOnItsWay
from deepaas.ui.bodies import CancelJob, Functions, UnfitBody, decode, session_fits
from deepaas.ui.files import NoRoom, UnknownFile, VisitorFiles
from deepaas.ui.head import WORKER_POLICY

_log = logging.getLogger(__name__)

MAX_CALL_BYTES = 16 * 1024 * 1024
"""Maximum size of a call without its files."""

FORM_BYTES = 64 * 1024
"""Maximum size of an upload in addition to its files."""

FILE = "/gradio_api/file="
UPLOAD = "/gradio_api/upload"

_READ = ("GET", "HEAD")
_WRITE = ("POST",)
_SESSION = "[A-Za-z0-9_-]{1,64}"

_ROUTES = tuple(
    (re.compile(pattern), methods, kind)
    for pattern, methods, kind in (
        ("/", _READ, "text"),
        ("/config/?", _READ, "text"),
        ("/theme[.]css", _READ, "bytes"),
        # As long as a name on a disk may be: Gradio looks for whatever stands there.
        ("/(?P<folder>assets|static|svelte)/[A-Za-z0-9_./-]{1,200}", _READ, "own"),
        ("/gradio_api/info/?", _READ, "text"),
        ("/gradio_api/app_id/?", _READ, "bytes"),
        ("/gradio_api/startup-events", _READ, "bytes"),
        (f"{FILE}(?P<file>.+)", _READ, "file"),
        (UPLOAD, _WRITE, "upload"),
        ("/gradio_api/upload_progress", ("GET",), "bytes"),
        (f"/gradio_api/heartbeat/{_SESSION}", ("GET",), "bytes"),
        ("/gradio_api/queue/join", _WRITE, "call"),
        ("/gradio_api/queue/data", ("GET",), "events"),
        ("/gradio_api/run/(?P<name>[^/]+)/?", _WRITE, "call"),
        ("/gradio_api/call/(?P<name>[^/]+)/?", _WRITE, "call"),
        (f"/gradio_api/call/[^/]+/{_SESSION}", ("GET",), "events"),
        ("/gradio_api/cancel", _WRITE, "cancel"),
    )
)

_STATUS: ContextVar[list[int]] = ContextVar("status")
"""Statuses for the response to the current call, if it fails."""


def note_status(status: int) -> None:
    """Set the status, 400 or more, for a failure of the current call."""
    with contextlib.suppress(LookupError):
        _STATUS.get().append(status)


@dataclass(frozen=True)
class Gate:
    """An application that passes permitted requests to Gradio."""

    app: ASGIApp
    functions: Functions
    files: VisitorFiles
    max_file_bytes: int | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send, tail: str) -> None:
        """Answer a request; ``tail`` is the path below the page."""
        answer = AnswerOnItsWay(send, self.files)
        token = _STATUS.set(answer.statuses)
        try:
            kind, given = _route(scope["method"], tail)
            await getattr(self, f"_{kind}")(scope, receive, answer, given)
            await answer.finish()
        except UnfitBody as error:
            await answer.refuse(scope, receive, error.status, error.message)
        except NoRoom:
            message = "Not enough disk space for this file. Try again later."
            await answer.refuse(scope, receive, 507, message)
        except Exception as error:
            await self._failed(error, scope, receive, answer)
        finally:
            _STATUS.reset(token)

    async def _failed(
        self, error: Exception, scope: Scope, receive: Receive, answer: AnswerOnItsWay
    ) -> None:
        if "can't start new thread" in str(error):
            message = "The page is overloaded. Try again later."
            await answer.refuse(scope, receive, 503, message)
        elif answer.begun and isinstance(error.__cause__ or error, HTTPException):
            await answer.end()  # The error is already in the stream of events.
        elif isinstance(error, ClientDisconnect):
            pass
        else:
            _log.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
            await answer.refuse(scope, receive, 500, "Internal error of the page. See its log.")

    async def _bytes(
        self, scope: Scope, receive: Receive, answer: AnswerOnItsWay, _given: Any
    ) -> None:
        await self.app(scope, receive, answer.pass_on)

    async def _own(
        self, scope: Scope, receive: Receive, answer: AnswerOnItsWay, given: dict[str, str]
    ) -> None:
        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = WORKER_POLICY
                if given["folder"] == "assets" and message["status"] == 200:
                    # Their names have a hash of what is in them.
                    headers["Cache-Control"] = "public, max-age=31536000, immutable"
            await answer.pass_on(message)

        await self.app(scope, receive, with_policy)

    async def _text(
        self, scope: Scope, receive: Receive, answer: AnswerOnItsWay, _given: Any
    ) -> None:
        # In the query, Gradio looks for other pages, and states of other users.
        scope = {**_unpacked(scope), "query_string": b""}
        await self.app(scope, receive, answer.collect)

    async def _events(
        self, scope: Scope, receive: Receive, answer: AnswerOnItsWay, _given: Any
    ) -> None:
        query = parse_qs(scope["query_string"].decode("ascii", "replace"))
        if not all(map(session_fits, query.get("session_hash", []))):
            raise UnfitBody("Session not found.", 404)
        await self.app(_unpacked(scope), receive, answer.pass_on_events)

    async def _file(
        self, scope: Scope, receive: Receive, answer: AnswerOnItsWay, given: dict[str, str]
    ) -> None:
        name = given["file"]
        try:
            path = str(self.files.path(f"/{name.lstrip('/')}"))
        except UnknownFile:
            raise UnfitBody("File not found.", 404) from None
        inner = scope["path"][: len(scope["path"]) - len(name)] + path
        await self.app({**scope, "path": inner}, receive, answer.pass_on)

    async def _call(
        self, scope: Scope, receive: Receive, answer: AnswerOnItsWay, given: dict[str, str]
    ) -> None:
        body = await _json_body(scope, receive)
        body = self.functions.call(body, given.get("name"))
        await self.app(*_with_body(_unpacked(scope), receive, body), answer.collect)

    async def _cancel(
        self, scope: Scope, receive: Receive, answer: AnswerOnItsWay, _given: Any
    ) -> None:
        body = await _json_body(scope, receive)
        decode(body, CancelJob)
        await self.app(*_with_body(_unpacked(scope), receive, body), answer.collect)

    async def _upload(
        self, scope: Scope, receive: Receive, answer: AnswerOnItsWay, _given: Any
    ) -> None:
        count = 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if self.max_file_bytes is not None and count > self.max_file_bytes + FORM_BYTES:
                raise UnfitBody(f"The maximum upload size is {self.max_file_bytes} bytes.", 413)
            await self.files.take(len(message.get("body", b"")))
            return message

        try:
            await self.app(_unpacked(scope), counted, answer.collect)
        except (AttributeError, LookupError, TypeError, ValueError):
            # Gradio raises these for parts that are not files, or have an invalid name or charset.
            raise UnfitBody(
                "Invalid upload: send a form that only has files named 'files'."
            ) from None
        answer.adopt()


def _route(method: str, tail: str) -> tuple[str, dict[str, str]]:
    for pattern, methods, kind in _ROUTES:
        if (match := pattern.fullmatch(tail)) is None:
            continue
        if method not in methods:
            raise UnfitBody(f"Method {method} is not allowed.", 405)
        return kind, {key: value for key, value in match.groupdict().items() if value is not None}
    raise UnfitBody("Not found.", 404)


async def _json_body(scope: Scope, receive: Receive) -> bytes:
    media_type = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    # Browsers send other types to other sites without a preflight request.
    if media_type != "application/json":
        raise UnfitBody("The body must be application/json.", 415)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MAX_CALL_BYTES:
            raise UnfitBody(f"The maximum size of a call is {MAX_CALL_BYTES} bytes.", 413)
        if not message.get("more_body"):
            return bytes(body)


def _with_body(scope: Scope, receive: Receive, body: bytes) -> tuple[Scope, Receive]:
    changed = {b"content-length": str(len(body)).encode(), b"content-type": b"application/json"}
    left_out = {*changed, b"transfer-encoding"}
    headers = [(name, value) for name, value in scope["headers"] if name not in left_out]
    sent = False

    async def body_first() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return {**scope, "headers": [*headers, *changed.items()]}, body_first


def _unpacked(scope: Scope) -> Scope:
    """Return the request without compression, so that its response can be changed."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    return {**scope, "headers": headers}
