"""The priority of a call and its time limit in the queue, which clients ask for with headers.

They are for the requests of all doors that make predictions: those of handlers that need the right
to predict (:mod:`deepaas.access.needs`), except to read or to cancel something.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import istr

from deepaas.access.needs import need_of
from deepaas.access.principal import Right
from deepaas.errors import MalformedRequest
from deepaas.turns import LAST_PRIORITY, TURN, USUAL_PRIORITY, Turn
from deepaas.web.limiter import CANCEL

PRIORITY = istr("X-DEEPaaS-Priority")
TIMEOUT = istr("X-DEEPaaS-Timeout")

_PRIORITY = re.compile(rf"[1-{LAST_PRIORITY}]")
_SECONDS = re.compile(r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MAX_CHARACTERS = 100

_READING = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS)


def makes_predictions(method: str, path: str, handler: Any) -> bool:
    """Whether a route is for calls, which wait in a queue."""
    return (
        method not in _READING
        and not path.endswith(CANCEL)
        and need_of(method, handler).right is Right.PREDICT
    )


@web.middleware
def take_turns(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Keep what a client asks for while its request is handled."""
    headers = request.headers
    if TIMEOUT not in headers and PRIORITY not in headers:
        return handler(request)  # Nearly all requests.
    return _in_turn(request, handler)


async def _in_turn(request: web.Request, handler: Handler) -> web.StreamResponse:
    found = request.match_info
    if not makes_predictions(request.method, request.path, found.handler):
        return await handler(request)
    # Reset, because one task works on all requests of a connection.
    before = TURN.set(turn_of(request.headers))
    try:
        return await handler(request)
    finally:
        TURN.reset(before)


def turn_of(headers: Mapping[str, str]) -> Turn:
    """Raises ``MalformedRequest`` if a value cannot be read."""
    priority, seconds = headers.get(PRIORITY), headers.get(TIMEOUT)
    return Turn(
        USUAL_PRIORITY if priority is None else _priority(priority),
        0.0 if seconds is None else _seconds(seconds),
    )


def _priority(text: str) -> int:
    if _PRIORITY.fullmatch(text) is None:
        raise MalformedRequest(
            f"{PRIORITY}: {_shown(text)} is not a priority: send a whole number from 1 (first) to "
            f"{LAST_PRIORITY}"
        )
    return int(text)


def _seconds(text: str) -> float:
    is_number = len(text) <= _MAX_CHARACTERS and _SECONDS.fullmatch(text) is not None
    seconds = float(text) if is_number else 0.0
    if not 0 < seconds < math.inf:
        raise MalformedRequest(
            f"{TIMEOUT}: {_shown(text)} is not a time limit: send a number of seconds greater than "
            "0, such as 2.5"
        )
    return seconds


def _shown(text: str) -> str:
    """ASCII: bytes that are not UTF-8 cannot be in a message."""
    return ascii(text[:_MAX_CHARACTERS])


_PARAMETERS = [
    {
        "name": str(PRIORITY),
        "in": "header",
        "description": "Priority among the calls that wait for a worker: 1 is served first. A call "
        "that has waited 5 s counts as 1.",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": LAST_PRIORITY,
            "default": USUAL_PRIORITY,
        },
    },
    {
        "name": str(TIMEOUT),
        "in": "header",
        "description": "Time limit for the call to wait for a worker, in seconds; after that, the "
        "response is 503 and the call never runs. It can only shorten the limit of the operator.",
        "schema": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
    },
]

_RESPONSES = {
    "400": {"description": "The request cannot be read"},
    "503": {"description": "The call has waited too long for a worker"},
}


def documented(operation: Mapping[str, Any]) -> dict[str, Any]:
    """The OpenAPI 3.0 object of a call, with the headers; `operation` is not changed."""
    parameters = [*operation.get("parameters", ())]
    named = _named(parameters)
    parameters += [one for one in _PARAMETERS if str(one["name"]).lower() not in named]
    responses = {**_RESPONSES, **operation.get("responses", {})}
    return {**operation, "parameters": parameters, "responses": responses}


def _named(parameters: Iterable[Mapping[str, Any]]) -> set[str]:
    return {str(one.get("name")).lower() for one in parameters if one.get("in") == "header"}
