"""Removes untrusted headers of requests, and adds title, icon and content security policy to the
HTML."""

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

from deepaas.codings import chosen
from deepaas.site import ICON
from deepaas.ui.standing import put_before_scripts

Header = tuple[bytes, bytes]

_ICON = f'<link rel="icon" href="{ICON}">'
"""Browsers would otherwise request one from the root of the server, which may not be ours."""

_MANIFEST = re.compile(rb'<link rel="manifest"[^>]*>')
"""Gradio's manifest is at the root too."""

_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)

_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio compiles functions from text. Inline scripts are permitted by their hashes.
        "script-src 'self' 'unsafe-eval' {scripts}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        # PDF documents, created by the page.
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
"""For Gradio's own files. Workers use the policy of their script, not of the page: the one that
cuts videos loads its program from a blob."""

_TOLD = (b"x-forwarded-host", b"x-forwarded-proto")


def forwarded(headers: Sequence[tuple[bytes, bytes]], *, believed: bool) -> list[Header]:
    """Remove forwarding headers, which Gradio trusts. Names are in lower case. ``believed`` keeps
    the last value of those with the public host name."""
    left = [
        (name, value)
        for name, value in headers
        if not name.startswith((b"x-forwarded-", b"x-gradio-"))
        and name != b"forwarded"
        and (believed or name != b"x-deepaas-on-behalf")
    ]
    told = {name: value for name, value in headers if name in _TOLD} if believed else {}
    return left + [(name, value.rpartition(b",")[2].strip()) for name, value in told.items()]


async def answer_with_head(
    app: ASGIApp, title: str, standing: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Complete Gradio's HTML; ``standing`` is the first element of the body."""
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
        if chosen(Headers(scope=scope).get("accept-encoding", ""), ("gzip",)):
            whole = await asyncio.to_thread(gzip.compress, whole, 6)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(whole))
        await send(start)
        await send({"type": "http.response.body", "body": whole})

    # Compressed HTML could not be completed.
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    await app({**scope, "headers": headers}, receive, complete)


def _policy(html: bytes) -> str:
    hashes = (hashlib.sha256(script[1]).digest() for script in _INLINE_SCRIPT.finditer(html))
    scripts = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
    return _POLICY.format(scripts=scripts)
