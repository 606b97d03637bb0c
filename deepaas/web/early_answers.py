"""Complete responses for connections on which there is no request yet."""

from __future__ import annotations

from typing import cast

from deepaas.web.errors import json_response


def plain(status: int, message: str, error: str) -> bytes:
    """A complete response as bytes, to be sent before there is a request."""
    answer = json_response({"code": status, "message": message, "error": error}, status)
    body = cast(bytes, answer.body)
    later = "" if status == 400 else "Retry-After: 1\r\n"
    head = (
        f"HTTP/1.1 {status} {answer.reason}\r\nContent-Type: {answer.headers['Content-Type']}\r\n"
        f"Content-Length: {len(body)}\r\n{later}Connection: close\r\n\r\n"
    )
    return head.encode() + body


TOO_MANY = plain(503, "the host has too many connections: try again later", "connections_full")
TOO_SLOW = plain(408, "the head of the request did not arrive in time", "request_timed_out")
NOT_TLS = plain(400, "this port speaks HTTPS: use https:// instead of http://", "https_required")
