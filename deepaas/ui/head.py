"""What the HTML of a Gradio page lacks before its scripts have run: a title and an icon."""

from __future__ import annotations

from html import escape

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ICON = '<link rel="icon" href="data:,">'
"""Browsers would look for one at the root, which need not be ours, and complain."""


async def answer_with_head(
    app: ASGIApp, title: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Have Gradio answer a request for its HTML, and complete that.

    Args:
        app: the application that answers.
        title: of the page.
        scope: of the request.
        receive: of the request.
        send: of the request.
    """
    start: Message = {}
    body = b""

    async def complete(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            start = message
            return
        body += message.get("body", b"")
        if message.get("more_body"):
            return
        added = f"<head><title>{escape(title)}</title>{_ICON}".encode()
        whole = body.replace(b"<head>", added, 1)
        MutableHeaders(raw=start["headers"])["Content-Length"] = str(len(whole))
        await send(start)
        await send({"type": "http.response.body", "body": whole})

    # Packed, it could not be completed.
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    await app({**scope, "headers": headers}, receive, complete)
