"""Converts error responses to exceptions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import aiohttp

from deepaas.client.errors import (
    Busy,
    ClientError,
    HostError,
    InvalidArguments,
    ModelFailed,
    ModelNotFound,
    NotReady,
    NotSupported,
    TrainingNotFound,
    Unauthorized,
)

MAX_MESSAGE_BYTES = 1024 * 1024
MAX_MESSAGE_CHARACTERS = 2000

MODEL_FAILURES = frozenset(("model_failed", "model_refused", "worker_died", "timed_out"))

_BY_CODE: dict[str, type[ClientError]] = {
    **dict.fromkeys(MODEL_FAILURES, ModelFailed),
    "disabled": NotSupported,
    "extra_missing": NotSupported,
    "host_exhausted": Busy,
    "model_not_found": ModelNotFound,
    "model_unavailable": NotReady,
    "not_implemented": NotSupported,
    "store_unavailable": NotReady,
    "training_not_found": TrainingNotFound,
}
"""The error code has priority, because a model may reject requests with any status."""

_BY_STATUS: dict[int, type[ClientError]] = {
    401: Unauthorized,
    402: NotSupported,  # DEEPaaS 2.x, for disabled parts.
    403: Unauthorized,
    407: Unauthorized,
    422: InvalidArguments,
    429: Busy,
    501: NotSupported,
    503: Busy,
}


async def refusal(response: aiohttp.ClientResponse) -> ClientError:
    """The exception for a response with an error status; reads its body."""
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_MESSAGE_BYTES:
            break
    content = _parsed(body)
    told = content if isinstance(content, dict) else {}
    status, code = response.status, str(told.get("error") or "")
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, HostError)
    if isinstance(told.get("message"), str):
        error = kind(told["message"], status, code=code)
    elif told and status == 422:
        fields = {str(name): list(_messages(value)) for name, value in told.items()}
        error = kind("Some arguments are invalid.", status, fields, code)
    elif 300 <= status < 400:
        there = response.headers.get("Location", "another address")
        error = kind(f"the host has moved to {there}", status)
    else:
        # DEEPaaS 2.x returns 500 and plain text if the model raises an exception.
        if status == 500 and response.method == "POST" and content is None:
            kind = ModelFailed
        error = kind(_plain(body.decode(errors="replace"), response), status, code=code)
    if isinstance(error, (Busy, NotReady)):
        error.retry_after = _seconds(response.headers.get("Retry-After", ""))
    return error


def refusal_of_event(data: str) -> ClientError:
    """The exception for an event ``error`` at the end of a stream."""
    content = _parsed(data.encode())
    told = content if isinstance(content, dict) else {}
    code, status = str(told.get("error") or ""), told.get("code")
    status = status if isinstance(status, int) else 500
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, HostError)
    message = told.get("message")
    return kind(
        message if isinstance(message, str) else "the stream ended unexpectedly", status, code=code
    )


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _messages(value: Any, where: str = "") -> Iterator[str]:
    """Messages of a list or a nested argument, each with its position."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _messages(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _messages(item, where)
    else:
        yield f"{where}: {value}" if where else str(value)


def _plain(text: str, response: aiohttp.ClientResponse) -> str:
    """The message in plain text: DEEPaaS 2.x writes `400: …`; proxies send their own pages."""
    line = text.strip().partition("\n")[0].strip()
    known = f"{response.status} {response.reason or ''}".strip()
    if not line or response.content_type in ("text/html", "application/json"):
        return known
    return re.sub(r"^\d{3}: ", "", line)[:MAX_MESSAGE_CHARACTERS]


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
