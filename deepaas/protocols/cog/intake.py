"""Reads request bodies: small ones are decoded here, large ones by a helper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from deepaas.errors import RequestTooLarge, StorageFull, UnpacksTooMuch
from deepaas.messages import INLINE_BYTES
from deepaas.protocols.cog import requests
from deepaas.protocols.cog.answers import Refusal
from deepaas.protocols.cog.helper import Helpers
from deepaas.protocols.cog.large import NO_SPACE_STATUS, InputFace, Large, Task
from deepaas.protocols.cog.requests import MAX_BYTES, Request
from deepaas.web.bodies import at_hand, received
from deepaas.web.uploads import Scratch, Uploads


@dataclass
class Unpacked:
    """The input of a request that a helper has decoded.

    Attributes:
        large: None if no function accepts it at the moment.
        is_owned: whether its files are removed elsewhere, after the request.
    """

    large: Large | None
    face: InputFace | None
    scratch: Scratch
    is_owned: bool = False


class Intake:
    """Reads requests up to the host's limit, 0 for none."""

    def __init__(self, uploads: Uploads, max_bytes: int, helpers: Helpers) -> None:
        self._uploads = uploads
        self._max_bytes = min(max_bytes or MAX_BYTES, MAX_BYTES)
        self._helpers = helpers

    def read(self, request: web.Request, face: InputFace | None) -> Reading:
        """Read a request. Use it with ``async with``: the end removes the files.

        ``face`` is None if no function accepts it at the moment.

        Raises:
            Refusal: it is not valid.
            BodyUnreadable: the helper failed.
        """
        return Reading(self, request, face)

    async def asked(self, request: web.Request, face: InputFace | None) -> Request:
        """See :meth:`read`."""
        requests.check_type(request)
        try:
            held = at_hand(request, self._max_bytes)
            if held is None:
                held, chunks = b"", received(request, self._max_bytes)
                async for chunk in chunks:
                    held = held + chunk if held else chunk
                    if len(held) > INLINE_BYTES:
                        return await self._large(held, chunks, face)
        except RequestTooLarge:
            raise Refusal(413, requests.TOO_LARGE) from None
        except UnpacksTooMuch as error:
            raise Refusal(413, f"Failed to buffer the request body: {error.message}") from None
        if not held and not request.content_type.endswith("json"):
            return Request(input={})
        return requests.decoded(held)

    async def _large(
        self, held: bytes, chunks: AsyncIterator[bytes], face: InputFace | None
    ) -> Request:
        scratch = self._uploads.scratch()
        try:
            path = scratch.path / "request.json"
            size_bytes = await self._uploads.write(path, held, chunks)
            task = Task(str(path), str(scratch.path), face)
            outline = await self._helpers.outline(task, size_bytes)
            if outline.refused == NO_SPACE_STATUS:
                raise StorageFull("the input")
            if outline.refused:
                raise Refusal(outline.refused, outline.said)
        except BaseException:
            await scratch.remove()
            raise
        return Request(
            input=Unpacked(outline.large, face, scratch),
            id=outline.id,
            webhook=outline.webhook,
            webhook_events_filter=outline.webhook_events_filter,
            context=outline.context,
        )


class Reading:
    __slots__ = ("_asked", "_face", "_intake", "_request")

    def __init__(self, intake: Intake, request: web.Request, face: InputFace | None) -> None:
        self._intake = intake
        self._request = request
        self._face = face
        self._asked: Request | None = None

    async def __aenter__(self) -> Request:
        self._asked = asked = await self._intake.asked(self._request, self._face)
        return asked

    async def __aexit__(self, *_: object) -> None:
        given = self._asked.input if self._asked is not None else None
        if isinstance(given, Unpacked) and not given.is_owned:
            await given.scratch.remove()
