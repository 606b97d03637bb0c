"""``/v2/models/{name}/train/``: begin, list, see and cancel trainings."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from aiohttp import web

from deepaas.errors import Disabled, InvalidArguments, RunElsewhere
from deepaas.model.handle import Model
from deepaas.protocols import Host
from deepaas.protocols.v2.operation import Operation, answer, failures, reference
from deepaas.protocols.v2.training_json import raw, training_json
from deepaas.training.place import label
from deepaas.training.runs import Run, State
from deepaas.training.service import Trainings
from deepaas.web import tensorboard
from deepaas.web.errors import json_response

PATH = "/v2/models/{name}/train/"
RUN_PATH = f"{PATH}{{uuid}}"

MAX_LIMIT_COUNT = 1000

_STATUSES = {state.value for state in State}

UUID: dict[str, Any] = {
    "in": "path",
    "name": "uuid",
    "required": True,
    "type": "string",
    "description": "Training identifier",
}
_LIST_PARAMETERS: list[dict[str, Any]] = [
    {
        "in": "query",
        "name": "status",
        "type": "array",
        "items": {"type": "string", "enum": [state.value for state in State]},
        "collectionFormat": "multi",
        "description": "Only trainings of this status; may be given several times",
    },
    {
        "in": "query",
        "name": "limit",
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_LIMIT_COUNT,
        "description": "At most so many; X-Total-Count tells how many there are",
    },
    {
        "in": "query",
        "name": "offset",
        "type": "integer",
        "minimum": 0,
        "maximum": 2**31 - 1,
        "description": "Leave out so many",
    },
    {
        "in": "query",
        "name": "order",
        "type": "string",
        "enum": ["oldest", "newest"],
        "default": "oldest",
        "description": "Which come first",
    },
]


def trainings_of(host: Host, request: web.Request) -> tuple[Trainings, Model]:
    """What a request about trainings is about.

    Raises:
        Disabled: there are no trainings on this host.
        ModelNotFound: the model is unknown.
    """
    if not host.settings.train_endpoint:
        raise Disabled("train")
    return host.trainings, host.registry[request.match_info["name"]]


def link_to_tensorboard(host: Host) -> Callable[[Run], str] | None:
    """What gives the URL path of a run's curves, None without TensorBoard."""
    if not host.trainings.tensorboard.installed:
        return None
    return lambda run: tensorboard.link(host.prefix, label(run))


def operations(host: Host) -> list[Operation]:
    """The routes of trainings."""
    curves = link_to_tensorboard(host)

    def shown(run: Run) -> dict[str, Any]:
        base = f"{host.prefix}{RUN_PATH}".format(name=run.model, uuid=run.uuid)
        return training_json(run, base, curves)

    async def shown_whole(trainings: Trainings, run: Run) -> dict[str, Any]:
        """With the arguments and the result, however large, unless they lie with another host."""
        whole = shown(run)
        with contextlib.suppress(RunElsewhere):
            if run.args is None:
                whole["args"] = raw(await trainings.args(run))
            if run.has_result and run.result is None:
                whole["result"]["output"] = raw(await trainings.result(run))
        return whole

    async def post(request: web.Request) -> web.Response:
        trainings, model = trainings_of(host, request)
        known = model.description.train if model.description is not None else None
        async with host.uploads.open(request) as reception:
            inputs = await reception.inputs(
                with_headers=known is None or known.reads_headers,
                with_cookies=known is None or known.reads_cookies,
            )
            run = await trainings.submit(model, inputs)
        return json_response(await shown_whole(trainings, run))

    async def get_list(request: web.Request) -> web.Response:
        trainings, model = trainings_of(host, request)
        wanted = _selection(request)
        runs, total_count = await trainings.list(model, **wanted)
        headers = {"X-Total-Count": str(total_count)}
        limit, offset = wanted["limit"], wanted["offset"]
        if limit is not None and offset + limit < total_count:
            following = request.rel_url.update_query(offset=str(offset + limit))
            headers["Link"] = f'<{following}>; rel="next"'
        # A thread: thousands of them would keep everybody else waiting.
        return await asyncio.to_thread(
            lambda: json_response([shown(run) for run in runs], headers=headers)
        )

    async def get(request: web.Request) -> web.Response:
        trainings, model = trainings_of(host, request)
        run = await trainings.get(model, request.match_info["uuid"])
        return json_response(await shown_whole(trainings, run))

    async def delete(request: web.Request) -> web.Response:
        trainings, model = trainings_of(host, request)
        run = await trainings.cancel(model, request.match_info["uuid"])
        return json_response(await shown_whole(trainings, run))

    trained = {"200": answer("The training", reference("Training"))}
    documented = host.settings.train_endpoint
    return [
        Operation(
            "POST",
            PATH,
            post,
            "models",
            "Retrain model with available data",
            {
                **trained,
                **failures(400, 403, 413, 415),
                "422": answer("Messages by argument", reference("Invalid")),
                **failures(500, 501, 503, 507),
            },
            function=lambda description: description.train,
            documented=documented,
        ),
        Operation(
            "GET",
            PATH,
            get_list,
            "models",
            "Get a list of trainings (running or completed)",
            {
                "200": answer("The trainings", reference("Training", many=True)),
                **failures(403),
                "422": answer("Messages by argument", reference("Invalid")),
                **failures(503),
            },
            description="Arguments and results that are large are null here, and complete where "
            "a single training is asked for.",
            parameters=_LIST_PARAMETERS,
            documented=documented,
        ),
        Operation(
            "GET",
            RUN_PATH,
            get,
            "models",
            "Get status of a training",
            {**trained, **failures(403, 404, 503)},
            parameters=[UUID],
            documented=documented,
        ),
        Operation(
            "DELETE",
            RUN_PATH,
            delete,
            "models",
            "Cancel a running training",
            {**trained, **failures(403, 404, 503)},
            description="Ends the training, politely first; what it has written stays. The answer "
            "is the training as it is then; one that has ended already is not changed.",
            parameters=[UUID],
            documented=documented,
        ),
    ]


def _selection(request: web.Request) -> dict[str, Any]:
    """Which trainings a list should have.

    Raises:
        InvalidArguments: a parameter has a wrong value.
    """
    query, wrong = request.query, {}

    def number(name: str, least: int, most: int) -> int | None:
        text = query.get(name)
        if text is None:
            return None
        if not (
            text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most
        ):
            wrong[name] = [f"Must be a number between {least} and {most}."]
            return None
        return int(text)

    limit = number("limit", 1, MAX_LIMIT_COUNT)
    offset = number("offset", 0, 2**31 - 1)
    words = [word for text in query.getall("status", []) for word in text.split(",")]
    if not set(words) <= _STATUSES:
        wrong["status"] = [f"Must be one of: {', '.join(state.value for state in State)}."]
    order = query.get("order", "oldest")
    if order not in ("oldest", "newest"):
        wrong["order"] = ["Must be one of: oldest, newest."]
    if wrong:
        raise InvalidArguments(wrong)
    return {
        "states": [State(word) for word in words],
        "limit": limit,
        "offset": offset or 0,
        "newest_first": order == "newest",
    }
