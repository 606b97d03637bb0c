"""``POST /v2/models/{name}/predict/``, and the position of calls in the queue."""

from __future__ import annotations

import functools
from typing import Any

from aiohttp import web

from deepaas.access.needs import needs
from deepaas.access.principal import Right
from deepaas.errors import Disabled
from deepaas.messages import Description, Signature
from deepaas.protocols.door import Host
from deepaas.protocols.v2 import streaming
from deepaas.protocols.v2.array_files import wanted_codec
from deepaas.protocols.v2.operation import JSON, Operation, answer, can_predict, failures, reference
from deepaas.protocols.v2.streaming import progress_json
from deepaas.schemas.json_schema import to_openapi
from deepaas.schemas.swagger import swagger_schema
from deepaas.web.answers import respond
from deepaas.web.errors import json_response
from deepaas.web.events import MEDIA_TYPE, wants_events
from deepaas.web.request_id import REQUEST_ID
from deepaas.workers.terms import USUAL_TERMS, Terms

PATH = "/v2/models/{name}/predict/"
QUEUE_PATH = "/v2/models/{name}/queue"

ENVELOPE = (b'{"status":"OK","predictions":', b"}")
"""Around a JSON result of a model without a ``schema``."""

_REQUEST_ID: dict[str, Any] = {
    "in": "query",
    "name": "request_id",
    "type": "string",
    "description": f"The {REQUEST_ID} header of a call",
}


class PredictionOperations:
    def __init__(self, host: Host) -> None:
        self._enabled = host.settings.predict_endpoint
        self._registry = host.registry
        self._uploads = host.uploads

    @needs(Right.PREDICT)
    async def post_predict(self, request: web.Request) -> web.StreamResponse:
        if not self._enabled:
            raise Disabled("predict")
        model = self._registry[request.match_info["name"]]
        known = model.description.predict if model.description is not None else None
        async with self._uploads.open(request) as reception:
            inputs = await reception.inputs(
                # Until the model is described, it is unknown which it needs.
                with_headers=known is None or known.reads_headers,
                with_cookies=known is None or known.reads_cookies,
            )
            client_id = request.headers.get(REQUEST_ID, "")
            if wants_events(request) and not _offers_events(known):
                inputs.headers.pop("accept", None)  # Not one of the model's media types.
                async with self._uploads.scratch() as scratch:
                    predict = functools.partial(model.predict, inputs, client_id)
                    return await streaming.send(request, predict, scratch.path)
            codec = wanted_codec(request, known)
            terms = Terms(codec=codec) if codec else USUAL_TERMS
            answered = await model.predict(inputs, client_id, terms)
            bare = answered.declared or answered.is_file or answered.media_type != JSON
            return await respond(request, answered, *(() if bare else ENVELOPE))

    @needs(Right.PREDICT)
    async def get_queue(self, request: web.Request) -> web.Response:
        """Return the number of waiting calls, and the position of one of them."""
        model = self._registry[request.match_info["name"]]
        queue: dict[str, Any] = {"queued_count": model.status().queued_count}
        if asked := request.query.get("request_id"):
            queue["place"] = model.position(asked)
            if (progress := model.progress(asked)) is not None:
                queue["progress"] = progress_json(progress)
        return json_response(queue)

    def operations(self) -> list[Operation]:
        return [
            Operation(
                "POST",
                PATH,
                self.post_predict,
                "models",
                "Make a prediction given the input data",
                {
                    **failures(400, 403, 413, 415),
                    "422": answer("Messages by argument", reference("Invalid")),
                    **failures(500, 501, 503, 504, 507),
                },
                function=lambda description: description.predict,
                result=_result,
                streamed="With 'Accept: text/event-stream', values are sent as the model yields "
                "them, in events 'part' (JSON with 'index' and 'value'), with 'log' (text) "
                "'metric' (JSON with 'name', 'value' and 'mode') and 'progress' (JSON with 'step', "
                "'total' and 'message'); the last event is 'end' or "
                "'error'.",
                documented=self._enabled,
                works=can_predict,
            ),
            Operation(
                "GET",
                QUEUE_PATH,
                self.get_queue,
                "models",
                "Get the queue of the model",
                {"200": answer("The queue", reference("Queue"))},
                description=f"With the id that a client has sent as {REQUEST_ID}, also the "
                "position of its call: 0 if the model is processing it, from 1 on in the queue, "
                "null if it is unknown; and its progress, if the model reports it.",
                parameters=(_REQUEST_ID,),
                documented=self._enabled,
                works=can_predict,
            ),
        ]


def _offers_events(known: Signature | None) -> bool:
    """Whether the model itself returns an event stream."""
    return known is not None and MEDIA_TYPE in known.result.media_types


def _result(description: Description) -> dict[str, Any]:
    said = "The prediction"
    if description.response:
        return answer(said, {"$ref": description.response})
    function = description.predict or Signature()
    if function.result.media_types and not _has_choice(function):
        return answer(said, {"type": "file"})
    if not function.result.schema:
        return answer(said, reference("Prediction"))
    predictions = swagger_schema(to_openapi(function.result.schema))
    properties = {"status": {"type": "string"}, "predictions": predictions}
    return answer(said, {"type": "object", "properties": properties, "required": [*properties]})


def _has_choice(function: Signature) -> bool:
    """Whether clients choose the media type with an argument; otherwise the model does."""
    return any(argument.name == "accept" for argument in function.arguments)
