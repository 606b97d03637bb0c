"""Responses of Gradio, in which paths of this machine are replaced by names."""

from __future__ import annotations

import json
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from deepaas.ui.files import VisitorFiles


class AnswerOnItsWay:
    """A response that is being sent. Server errors are replaced by a short message. If the call
    fails, the last of ``statuses`` is used."""

    def __init__(self, send: Send, files: VisitorFiles) -> None:
        self.statuses: list[int] = []
        self.begun = False
        self._ended = False
        self._send = send
        self._files = files
        self._start: Message = {}
        self._body = bytearray()

    async def pass_on(self, message: Message) -> None:
        failed = message["type"] == "http.response.start" and message["status"] >= 500
        if self._start or failed:
            await self.collect(message)
        else:
            await self._pass(message)

    async def pass_on_events(self, message: Message) -> None:
        """Send events immediately; each message is a complete event."""
        if body := message.get("body"):
            message = {**message, "body": self._files.mask(body)}
        await self.pass_on(message)

    async def collect(self, message: Message) -> None:
        """Keep the message until :meth:`finish`."""
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")

    def adopt(self) -> None:
        """Replace the paths of uploads by names."""
        if self._start.get("status") == 200:
            names = [self._files.adopt(Path(path)) for path in json.loads(self._body)]
            self._body[:] = json.dumps(names).encode()

    async def finish(self) -> None:
        if not self._start:
            return
        status, body = self._start["status"], self._files.mask(bytes(self._body))
        if status >= 500 and self.statuses:
            status = self.statuses[-1]
        elif status == 500:
            await self._fail()
            return
        headers = MutableHeaders(raw=list(self._start["headers"]))
        if body:  # A response to HEAD has a length, but no body.
            headers["Content-Length"] = str(len(body))
        await self._pass({**self._start, "status": status, "headers": headers.raw})
        await self._pass({"type": "http.response.body", "body": body})

    async def refuse(self, scope: Scope, receive: Receive, status: int, message: str) -> None:
        if self.begun:
            await self.end()
            return
        # Do not wait for the rest of a large body.
        headers = {"Connection": "close"} if status in (413, 507) else {}
        body = {"error": message, "detail": message}
        await JSONResponse(body, status, headers)(scope, receive, self._pass)

    async def end(self) -> None:
        if self.begun and not self._ended:
            await self._pass({"type": "http.response.body", "body": b""})

    async def _fail(self) -> None:
        words = b'{"error": "Internal error of the page. See its log."}'
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(words)).encode()),
        ]
        await self._pass({"type": "http.response.start", "status": 500, "headers": headers})
        await self._pass({"type": "http.response.body", "body": words})

    async def _pass(self, message: Message) -> None:
        self.begun = True
        self._ended = message["type"] == "http.response.body" and not message.get("more_body")
        await self._send(message)
