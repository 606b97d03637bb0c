"""Reads server-sent events (section 9.2 of the HTML standard)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from deepaas.client.errors import HostError

MEDIA_TYPE = "text/event-stream"
MAX_LINE_BYTES = 16 * 2**20
"""The maximum size of a complete log."""


@dataclass(frozen=True)
class Event:
    """One event; ``id`` is the last id of the stream, for reconnecting."""

    name: str
    data: str
    id: str


async def read_events(
    response: aiohttp.ClientResponse, max_line_bytes: int = MAX_LINE_BYTES
) -> AsyncIterator[Event]:
    """The events of a response; an incomplete one is omitted. HostError for a long line."""
    name, last_id = "", ""
    data: list[str] = []
    async for line in read_lines(response, max_line_bytes):
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


async def read_lines(
    response: aiohttp.ClientResponse, max_line_bytes: int = MAX_LINE_BYTES
) -> AsyncIterator[str]:
    """The lines of a response, without line ends; HostError if one is too long."""
    rest = bytearray()
    async for chunk in response.content.iter_any():
        *ends, begun = chunk.split(b"\n")
        for end in ends:
            rest += end
            yield rest.removesuffix(b"\r").decode(errors="replace")
            rest.clear()
        rest += begun
        if len(rest) > max_line_bytes:
            limit = f"{max_line_bytes // 2**20} MiB"
            raise HostError(f"a line is longer than {limit}", response.status)
    if rest:
        yield rest.decode(errors="replace")
