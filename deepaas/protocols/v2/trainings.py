"""``/v2/models/{name}/train/``: documented here, served from the next release on."""

from __future__ import annotations

from aiohttp import web

from deepaas.errors import Disabled, NotImplementedByHost
from deepaas.protocols import Host
from deepaas.protocols.v2.operation import Operation, answer, failures, reference

_UUID = {"in": "path", "name": "uuid", "required": True, "type": "string"}


def operations(host: Host) -> list[Operation]:
    """The routes of trainings."""

    async def not_yet(request: web.Request) -> web.Response:
        if not host.settings.train_endpoint:
            raise Disabled("train")
        host.registry[request.match_info["name"]]  # An unknown model is the first to be told.
        raise NotImplementedByHost("trainings")

    trained = {"200": answer("The training", reference("Training"))}
    documented = host.settings.train_endpoint
    path = "/v2/models/{name}/train/"
    return [
        Operation(
            "POST",
            path,
            not_yet,
            "models",
            "Retrain model with available data",
            {
                **trained,
                **failures(400, 403, 413, 415),
                "422": answer("Messages by argument", reference("Invalid")),
                **failures(501),
            },
            function=lambda description: description.train,
            documented=documented,
        ),
        Operation(
            "GET",
            path,
            not_yet,
            "models",
            "Get a list of trainings (running or completed)",
            {
                "200": answer("The trainings", reference("Training", many=True)),
                **failures(403, 501),
            },
            documented=documented,
        ),
        Operation(
            "GET",
            f"{path}{{uuid}}",
            not_yet,
            "models",
            "Get status of a training",
            {**trained, **failures(403, 404, 501)},
            parameters=[_UUID],
            documented=documented,
        ),
        Operation(
            "DELETE",
            f"{path}{{uuid}}",
            not_yet,
            "models",
            "Cancel a running training",
            {**trained, **failures(403, 404, 501)},
            parameters=[_UUID],
            documented=documented,
        ),
    ]
