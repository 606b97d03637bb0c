"""Requests of Cog's clients taken apart."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
from aiohttp import web

from deepaas.errors import RequestTooLarge, UnpacksTooMuch
from deepaas.protocols.cog.answers import Refusal
from deepaas.protocols.cog.openapi_parts import WEBHOOK_EVENTS
from deepaas.web.bodies import received

MAX_BYTES = 100 * 1024 * 1024
"""Largest request, whatever the host's own limit: inputs are JSON, which must be in memory."""

LONG_BYTES = 256 * 1024
"""A body from this size on is decoded in a thread."""

NOT_JSON = "Expected request with `Content-Type: application/json`"
TOO_LARGE = "Failed to buffer the request body: length limit exceeded"
RESPOND_ASYNC = "respond-async"

_ID = re.compile(r"[\x21-\x7e]{1,256}")


class Request(msgspec.Struct):
    """What a client asks for.

    Attributes:
        input: values by name.
        id: its own name for the prediction.
        webhook: where to tell of it.
        webhook_events_filter: of what to tell there.
        context: what it tells the model besides the input.
    """

    input: Any = None
    id: str | None = None
    webhook: str | None = None
    webhook_events_filter: list[str] | None = None
    context: dict[str, str] | None = None

    @property
    def events(self) -> frozenset[str]:
        """Of what to tell the webhook."""
        wanted = self.webhook_events_filter
        return frozenset(WEBHOOK_EVENTS if wanted is None else wanted)


_decoder = msgspec.json.Decoder(Request)


async def read(request: web.Request, max_bytes: int) -> Request:
    """Read a request.

    Args:
        request: of the client.
        max_bytes: the host's limit, 0 for none.

    Raises:
        Refusal: it is not as it should be.
    """
    media_type = request.content_type
    if request.can_read_body and not (
        media_type == "application/json"
        or (media_type.startswith("application/") and media_type.endswith("+json"))
    ):
        raise Refusal(415, NOT_JSON)
    body = await _body(request, min(max_bytes or MAX_BYTES, MAX_BYTES))
    if not body and not media_type.endswith("json"):
        return Request(input={})
    try:
        if len(body) < LONG_BYTES:
            asked = _decoder.decode(body)
        else:
            asked = await asyncio.to_thread(_decoder.decode, body)
    except msgspec.ValidationError as error:
        raise Refusal(
            422, f"Failed to deserialize the JSON body into the target type: {error}"
        ) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Refusal(400, f"Failed to parse the request body as JSON: {error}") from None
    for event in asked.webhook_events_filter or ():
        if event not in WEBHOOK_EVENTS:
            raise Refusal(
                422,
                "Failed to deserialize the JSON body into the target type: unknown variant "
                f"`{event}`, expected one of {', '.join(f'`{one}`' for one in WEBHOOK_EVENTS)}",
            )
    if asked.id is not None:
        check_id(asked.id)
    if asked.input is None:
        asked.input = {}
    return asked


def check_id(name: str) -> None:
    """Look at a client's own name for a prediction.

    Raises:
        Refusal: it cannot be one.
    """
    if not _ID.fullmatch(name):
        raise Refusal(422, "the id must be of 1 to 256 printable characters without spaces")


def is_asynchronous(request: web.Request) -> bool:
    """Whether the client does not want to wait for the result."""
    return request.headers.get("Prefer") == RESPOND_ASYNC


async def _body(request: web.Request, limit_bytes: int) -> bytearray:
    body = bytearray()
    try:
        async for chunk in received(request, limit_bytes):
            body += chunk
    except RequestTooLarge:
        raise Refusal(413, TOO_LARGE) from None
    except UnpacksTooMuch as error:
        raise Refusal(413, f"Failed to buffer the request body: {error.message}") from None
    return body
