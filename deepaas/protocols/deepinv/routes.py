"""Routes: a call of a model with a tensor, and how it is called."""

from __future__ import annotations

import re
import time
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from deepaas.access.needs import needs
from deepaas.access.principal import Right
from deepaas.errors import Disabled
from deepaas.messages import Encoded
from deepaas.protocols.deepinv.answers import JSON
from deepaas.protocols.deepinv.asked import ABOUT, NAME, RECEIVED
from deepaas.protocols.deepinv.mapping import TensorCalls
from deepaas.protocols.door import Handler, Host, routes
from deepaas.web.answers import respond
from deepaas.workers.terms import Terms

TIMINGS = "timings"

_NO = ("0", "false", "no", "off")


class CallRoutes:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._calls = TensorCalls()

    def below(self, path: str) -> list[web.RouteDef]:
        return routes(path, [("GET", "/{model}", self.get_call), *self._calls_of("{model}")])

    def at_root(self) -> list[web.RouteDef]:
        """Only calls, and only those of models that are served: the host has pages there."""
        names = "|".join(re.escape(model.name) for model in self._host.registry)
        return routes(self._host.prefix, self._calls_of(f"{{model:{names}}}")) if names else []

    def _calls_of(self, model: str) -> list[tuple[str, str, Handler]]:
        """``model`` is the part of the paths that names one."""
        return [
            ("POST", f"/{model}", self.post_call),
            ("POST", f"/{model}/runsync", self.post_call),
        ]

    @needs(Right.READ)
    async def get_call(self, request: web.Request) -> web.Response:
        """Return what ``file`` is for this model, and what ``metadata`` can have."""
        model = self._host.registry[request.match_info["model"]]
        call = await self._calls.of(model)
        told = {"model": model.name, **call.told()}
        return web.Response(body=msgspec.json.encode(told), headers={hdrs.CONTENT_TYPE: JSON})

    @needs(Right.PREDICT)
    async def post_call(self, request: web.Request) -> web.StreamResponse:
        """Make a prediction from a tensor; returns a tensor."""
        if not self._host.settings.predict_endpoint:
            raise Disabled("predict")
        model = self._host.registry[request.match_info["model"]]
        call = await self._calls.of(model)
        headers = {ABOUT: call.outline}
        async with self._host.uploads.open(request) as reception:
            body = await reception.body()
            if request.query.get(TIMINGS, "no").lower() not in _NO:
                headers[RECEIVED] = str(time.time_ns())
            inputs = Encoded(NAME, body.data, body.path, headers)
            answer = await model.predict(inputs, terms=Terms(codec=NAME))
            reception.finish()
            return await respond(request, answer)


def path_of(below: str, name: str) -> str:
    return f"{below}/{quote(name, safe='')}"
