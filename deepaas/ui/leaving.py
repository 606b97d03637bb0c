"""Stops the server, and ends endless responses cleanly."""

from __future__ import annotations

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LAST_WORDS_SECONDS = 1.0
"""Time limit for running calls when the server stops."""

CLOSE_SECONDS = 3.0
"""Time limit after that for tasks that ignore the cancellation."""

HEARTBEAT = "/heartbeat/"
"""Part of the path of a stream that lasts as long as a page is open."""


class Server(uvicorn.Server):
    """A server that stops without errors for connected clients."""

    def __init__(self, config: uvicorn.Config, answers: Answers) -> None:
        super().__init__(config)
        self._answers = answers

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._answers.end()
        await super().shutdown(sockets)


class Answers:
    """An application whose responses can be ended from outside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._going: dict[asyncio.Task[None], str] = {}
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self._app(scope, receive, send)
            return
        last: Message = {}

        async def note(message: Message) -> None:
            nonlocal last
            await send(message)
            last = message

        self._going[task] = scope["path"]
        try:
            await self._app(scope, receive, note)
        except asyncio.CancelledError:
            if not self._ended:
                raise
            await _finish(last, send)
        finally:
            del self._going[task]

    def end(self) -> None:
        """End all responses: immediately if they are only heartbeats, otherwise after a delay."""
        calls = [path for path in self._going.values() if HEARTBEAT not in path]
        seconds = LAST_WORDS_SECONDS if calls else 0.0
        asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        self._ended = True
        for task in self._going:
            task.cancel()


async def _finish(last: Message, send: Send) -> None:
    """Complete a response after its last message."""
    if not last:
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": b"The page is stopping."})
    elif last["type"] == "http.response.start" or last.get("more_body"):
        await send({"type": "http.response.body", "body": b""})
