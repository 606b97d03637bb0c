"""Heads: of requests, without what is not to be believed; of HTML, with a title, an icon, and a
policy for what may run and be called."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import re
from collections.abc import Sequence
from html import escape

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deepaas.site import ICON
from deepaas.ui.standing import put_before_scripts

Header = tuple[bytes, bytes]

_ICON = f'<link rel="icon" href="{ICON}">'
"""Browsers would look for one at the root, which need not be ours, and complain."""

_MANIFEST = re.compile(rb'<link rel="manifest"[^>]*>')
"""Gradio has that at the root, too."""

_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)

_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio makes functions of text. Scripts that stand in the page are known by their hashes.
        "script-src 'self' 'unsafe-eval' {scripts}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        # A PDF, made on the page.
        "frame-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

WORKER_POLICY = (
    "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval'; connect-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "worker-src 'self' blob:; frame-ancestors 'self'"
)
"""For files of Gradio's own. A worker obeys that of its script, not that of the page: the one that
cuts films has its program from a blob."""

_TOLD = (b"x-forwarded-host", b"x-forwarded-proto")


def forwarded(headers: Sequence[tuple[bytes, bytes]], *, believed: bool) -> list[Header]:
    """Headers of a request without what its sender tells of others: Gradio believes all of it.
    Names are in lower case. ``believed`` leaves how the host has been called, as the sender has
    told it last."""
    left = [
        (name, value)
        for name, value in headers
        if not name.startswith((b"x-forwarded-", b"x-gradio-")) and name != b"forwarded"
    ]
    told = {name: value for name, value in headers if name in _TOLD} if believed else {}
    return left + [(name, value.rpartition(b",")[2].strip()) for name, value in told.items()]


async def answer_with_head(
    app: ASGIApp, title: str, standing: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Have Gradio answer a request for its HTML, and complete that; ``standing`` comes first."""
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
        whole = _MANIFEST.sub(b"", body).replace(b"<head>", added, 1)
        whole = put_before_scripts(whole, standing)
        headers = MutableHeaders(scope=start)
        headers["Content-Security-Policy"] = _policy(whole)
        headers.add_vary_header("Accept-Encoding")
        if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            whole = await asyncio.to_thread(gzip.compress, whole, 6)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(whole))
        await send(start)
        await send({"type": "http.response.body", "body": whole})

    # Packed, it could not be completed.
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    await app({**scope, "headers": headers}, receive, complete)


def _policy(html: bytes) -> str:
    hashes = (hashlib.sha256(script[1]).digest() for script in _INLINE_SCRIPT.finditer(html))
    scripts = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
    return _POLICY.format(scripts=scripts)
