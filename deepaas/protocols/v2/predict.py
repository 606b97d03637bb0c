"""``POST /v2/models/{name}/predict/``, and where a call waits."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from deepaas.errors import Disabled
from deepaas.messages import Description
from deepaas.protocols import Host
from deepaas.protocols.v2.operation import Operation, answer, failures, reference
from deepaas.web.answers import respond
from deepaas.web.errors import json_response

PATH = "/v2/models/{name}/predict/"
QUEUE_PATH = "/v2/models/{name}/queue"

REQUEST_ID = "X-Request-ID"
"""The header by which a client names its call, so that it can ask for the place of it."""

_REQUEST_ID: dict[str, Any] = {
    "in": "query",
    "name": "request_id",
    "type": "string",
    "description": f"The {REQUEST_ID} header of a call",
}


def operations(host: Host) -> list[Operation]:
    """The route of predictions."""

    async def post_predict(request: web.Request) -> web.StreamResponse:
        if not host.settings.predict_endpoint:
            raise Disabled("predict")
        model = host.registry[request.match_info["name"]]
        known = model.description
        async with host.uploads.open(request) as reception:
            inputs = await reception.inputs(
                # Before the model has described itself nobody knows which it will want.
                with_headers=known is None or known.predict.reads_headers,
                with_cookies=known is None or known.predict.reads_cookies,
            )
            answered = await model.predict(inputs, request.headers.get(REQUEST_ID, ""))
            return await respond(request, answered)

    async def get_queue(request: web.Request) -> web.Response:
        model = host.registry[request.match_info["name"]]
        queue: dict[str, int | None] = {"queued_count": model.status().queued_count}
        if asked := request.query.get("request_id"):
            queue["place"] = model.place(asked)
        return json_response(queue)

    return [
        Operation(
            "POST",
            PATH,
            post_predict,
            "models",
            "Make a prediction given the input data",
            {
                **failures(400, 403, 413, 415),
                "422": answer("Messages by argument", reference("Invalid")),
                **failures(500, 501, 503, 504),
            },
            function=lambda description: description.predict,
            result=_result,
            documented=host.settings.predict_endpoint,
        ),
        Operation(
            "GET",
            QUEUE_PATH,
            get_queue,
            "models",
            "How many calls wait for the model",
            {"200": answer("The queue", reference("Queue"))},
            description=f"With the id of a call, which its client has sent as {REQUEST_ID}, also "
            "its place: 0 when the model works on it, from 1 on in the queue, null when it is not "
            "here.",
            parameters=(_REQUEST_ID,),
            documented=host.settings.predict_endpoint,
        ),
    ]


def _result(description: Description) -> dict[str, Any]:
    if description.response:
        return answer("The prediction", {"$ref": description.response})
    return answer("The prediction", reference("Prediction"))
