"""Routes for inference and text generation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from deepaas.access.needs import needs
from deepaas.access.principal import Right
from deepaas.errors import Disabled
from deepaas.messages import Answer, Encoded
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Handler, Host, routes
from deepaas.protocols.oip.asked import (
    ABOUT,
    ACTION,
    GENERATE,
    HEADER_LENGTH,
    INFER,
    LENGTH,
    NAME,
)
from deepaas.protocols.oip.model_routes import MODELS, ServedModels
from deepaas.protocols.oip.text_stream import TextStream
from deepaas.protocols.oip.turn import turn_of
from deepaas.turns import TURN
from deepaas.web import events
from deepaas.web.answers import respond
from deepaas.web.uploads import Reception
from deepaas.workers.terms import Terms


class InferenceRoutes:
    def __init__(self, host: Host, models: ServedModels) -> None:
        self._uploads = host.uploads
        self._is_enabled = host.settings.predict_endpoint
        self._models = models

    def below(self, path: str) -> list[web.RouteDef]:
        table: list[tuple[str, str, Handler]] = []
        for one in MODELS:
            table += [
                ("POST", f"{one}/infer", self.post_infer),
                ("POST", f"{one}/generate", self.post_generate),
                ("POST", f"{one}/generate_stream", self.post_generate_stream),
            ]
        return routes(path, table)

    @needs(Right.PREDICT)
    async def post_infer(self, request: web.Request) -> web.StreamResponse:
        """Make a prediction from tensors; returns tensors."""
        return await self._respond(request, INFER)

    @needs(Right.PREDICT)
    async def post_generate(self, request: web.Request) -> web.StreamResponse:
        """Generate text."""
        return await self._respond(request, GENERATE)

    async def _respond(self, request: web.Request, action: str) -> web.StreamResponse:
        async with self._asked(request, action) as (model, asked, reception):
            answer = await self._answered(model, asked)
            reception.finish()
            return await respond(request, answer, may_pack=True)

    @needs(Right.PREDICT)
    async def post_generate_stream(self, request: web.Request) -> web.StreamResponse:
        """Generate text, and stream its parts."""
        async with (
            self._asked(request, GENERATE) as (model, asked, _),
            self._uploads.scratch() as scratch,
        ):
            parts = TextStream(scratch)
            call = asyncio.ensure_future(self._answered(model, asked, parts))
            try:
                await parts.begins(call)
                return await events.stream(
                    request, parts.events(call), retry_ms=None, until_drain=False
                )
            finally:
                call.cancel()
                await asyncio.gather(call, return_exceptions=True)
                parts.close()

    async def _answered(
        self, model: HostedModel, asked: Encoded, parts: TextStream | None = None
    ) -> Answer:
        """The complete result; parts go to ``parts`` if given."""
        terms = Terms(streamed=parts is not None, codec=NAME, listener=parts)
        with self._models.statistics[model.name].counting():
            return await model.predict(asked, terms=terms)

    @contextlib.asynccontextmanager
    async def _asked(
        self, request: web.Request, action: str
    ) -> AsyncIterator[tuple[HostedModel, Encoded, Reception]]:
        """Receive a request; the codec in the worker parses its body."""
        if not self._is_enabled:
            raise Disabled("predict")
        model, known = await self._models.wanted(request)
        # ASCII, because bytes that are not UTF-8 cannot be in a message.
        length = ascii(request.headers.get(HEADER_LENGTH, ""))[1:-1]
        headers = {ABOUT: known.outline, ACTION: action, LENGTH: length}
        numbers_at = int(length) if length.isdecimal() and len(length) < 8 else 0
        async with self._uploads.open(request) as reception:
            body = await reception.body()
            asked = Encoded(NAME, body.data, body.path, headers, numbers_at)
            before = TURN.set(await turn_of(asked, numbers_at if length else None, TURN.get()))
            try:
                yield model, asked, reception
            finally:
                TURN.reset(before)
