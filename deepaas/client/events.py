"""Server-sent events, as the HTML standard defines them in its section 9.2."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from deepaas.client.errors import HostError

MEDIA_TYPE = "text/event-stream"
MAX_LINE_BYTES = 16 * 2**20
"""Logs are no longer than that in all."""


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        name: what kind it is.
        data: its text.
        id: the last that the stream has named, for who comes back.
    """

    name: str
    data: str
    id: str


async def read_events(response: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """The events of a response, until it ends; one that breaks off in the middle is left out.

    Raises:
        HostError: a line is longer than ``MAX_LINE_BYTES``.
    """
    name, last_id = "", ""
    data: list[str] = []
    async for line in read_lines(response):
        if not line:
            if data:
                yield Event(name or "message", "\n".join(data), last_id)
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            last_id = value


async def read_lines(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """The lines of a response, without their ends.

    Raises:
        HostError: a line is longer than ``MAX_LINE_BYTES``.
    """
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode(errors="replace")
        if len(rest) > MAX_LINE_BYTES:
            raise HostError("a line is too long", response.status)
    if rest:
        yield rest.decode(errors="replace")
