"""``POST /v2/models/{name}/predict/``."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from deepaas.errors import Disabled
from deepaas.messages import Description
from deepaas.protocols import Host
from deepaas.protocols.v2.operation import Operation, answer, failures, reference
from deepaas.web.answers import respond

PATH = "/v2/models/{name}/predict/"


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
            return await respond(request, await model.predict(inputs))

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
        )
    ]


def _result(description: Description) -> dict[str, Any]:
    if description.response:
        return answer("The prediction", {"$ref": description.response})
    return answer("The prediction", reference("Prediction"))
