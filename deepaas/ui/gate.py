"""What of Gradio visitors get at: what the page needs, and nothing else.

Gradio serves some seventy routes, more with each release: a file of this machine for a path, what
is behind an address, methods of components, editors for its own code. Only those of the list here
are there. Bodies are checked on the way in, paths become names on the way out.
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
"""The largest call, without its files."""

FORM_BYTES = 64 * 1024
"""What stands around the files in an upload."""

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
"""Of the answer to the present call, if that is answered at once and fails."""


def note_status(status: int) -> None:
    """Say which status, 400 or more, a failure of the present call has."""
    with contextlib.suppress(LookupError):
        _STATUS.get().append(status)


@dataclass(frozen=True)
class Gate:
    """An application that has Gradio's answer what it may."""

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
            message = "There is no room for this file at present."
            await answer.refuse(scope, receive, 507, message)
        except Exception as error:
            await self._failed(error, scope, receive, answer)
        finally:
            _STATUS.reset(token)

    async def _failed(
        self, error: Exception, scope: Scope, receive: Receive, answer: AnswerOnItsWay
    ) -> None:
        if "can't start new thread" in str(error):
            message = "The page has no thread to spare at present."
            await answer.refuse(scope, receive, 503, message)
        elif answer.begun and isinstance(error.__cause__ or error, HTTPException):
            await answer.end()  # It has said so already, in a stream of events.
        elif isinstance(error, ClientDisconnect):
            pass
        else:
            _log.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
            await answer.refuse(scope, receive, 500, "The page has made a mistake, see its log.")

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
        # In queries Gradio looks for pages and states of others.
        scope = {**_unpacked(scope), "query_string": b""}
        await self.app(scope, receive, answer.collect)

    async def _events(
        self, scope: Scope, receive: Receive, answer: AnswerOnItsWay, _given: Any
    ) -> None:
        query = parse_qs(scope["query_string"].decode("ascii", "replace"))
        if not all(map(session_fits, query.get("session_hash", []))):
            raise UnfitBody("There is no such session.", 404)
        await self.app(_unpacked(scope), receive, answer.pass_on_events)

    async def _file(
        self, scope: Scope, receive: Receive, answer: AnswerOnItsWay, given: dict[str, str]
    ) -> None:
        name = given["file"]
        try:
            path = str(self.files.path(f"/{name.lstrip('/')}"))
        except UnknownFile:
            raise UnfitBody("There is no such file here.", 404) from None
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
                raise UnfitBody(f"An upload has at most {self.max_file_bytes} bytes.", 413)
            await self.files.take(len(message.get("body", b"")))
            return message

        try:
            await self.app(_unpacked(scope), counted, answer.collect)
        except (AttributeError, LookupError, TypeError, ValueError):
            # Of Gradio's, for a part that is no file, or has a name or a charset that cannot be.
            raise UnfitBody("An upload is a form, with nothing but files called 'files'.") from None
        answer.adopt()


def _route(method: str, tail: str) -> tuple[str, dict[str, str]]:
    for pattern, methods, kind in _ROUTES:
        if (match := pattern.fullmatch(tail)) is None:
            continue
        if method not in methods:
            raise UnfitBody(f"{method} is not for this path.", 405)
        return kind, {key: value for key, value in match.groupdict().items() if value is not None}
    raise UnfitBody("There is nothing here.", 404)


async def _json_body(scope: Scope, receive: Receive) -> bytes:
    media_type = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    # Whatever else a browser sends to another site without asking that.
    if media_type != "application/json":
        raise UnfitBody("The body must be application/json.", 415)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MAX_CALL_BYTES:
            raise UnfitBody(f"A call has at most {MAX_CALL_BYTES} bytes.", 413)
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
    """The same request, whose answer can be looked into."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    return {**scope, "headers": headers}
