"""Parses requests of Cog's clients."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec
from aiohttp import web
from multidict import istr

from deepaas.protocols.cog.answers import Refusal
from deepaas.protocols.cog.openapi_parts import WEBHOOK_EVENTS

MAX_BYTES = 100 * 1024 * 1024
"""Limit for requests besides the host's own, because JSON must be in memory to be parsed."""

NOT_JSON = "Expected request with `Content-Type: application/json`"
TOO_LARGE = "Failed to buffer the request body: length limit exceeded"
RESPOND_ASYNC = "respond-async"
DATA_URLS = "tensors=data-url"

_ID = re.compile(r"[\x21-\x7e]{1,256}")


class Request(msgspec.Struct):
    """The body of a request."""

    input: Any = None
    id: str | None = None
    webhook: str | None = None
    webhook_events_filter: list[str] | None = None
    context: dict[str, str] | None = None

    @property
    def events(self) -> frozenset[str]:
        """The events that are sent to the webhook."""
        wanted = self.webhook_events_filter
        return frozenset(WEBHOOK_EVENTS if wanted is None else wanted)


class Preferred(NamedTuple):
    """Whether to respond before the result is there; and its codec, empty for the default."""

    asynchronous: bool
    codec: str


_NOTHING = Preferred(asynchronous=False, codec="")

_PREFER = istr("Prefer")

_decoder = msgspec.json.Decoder(Request)


def check_type(request: web.Request) -> None:
    """``Refusal`` if the media type of a body is not JSON."""
    if request.can_read_body and not _is_json(request.content_type):
        raise Refusal(415, NOT_JSON)


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )


def decoded(body: bytes | bytearray) -> Request:
    """Decode a body; ``Refusal`` if it is not valid."""
    try:
        asked = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Refusal(
            422, f"Failed to deserialize the JSON body into the target type: {error}"
        ) from None
    except msgspec.DecodeError as error:
        raise Refusal(400, f"Failed to parse the request body as JSON: {error}") from None
    except (RecursionError, UnicodeError) as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else "it is not UTF-8"
        raise Refusal(400, f"Failed to parse the request body as JSON: {said}") from None
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
    """``Refusal`` if it is not valid as the id of a prediction."""
    if not _ID.fullmatch(name):
        raise Refusal(422, "the id must be 1 to 256 printable characters without spaces")


def preferred(request: web.Request) -> Preferred:
    """What its client prefers, of what there is a choice of."""
    wanted = request.headers.get(_PREFER)
    if not wanted:
        return _NOTHING
    words = [one.strip() for one in wanted.split(",")]
    others = [one for one in words if one != DATA_URLS]
    return Preferred(others == [RESPOND_ASYNC], "data-url" if len(others) < len(words) else "")
