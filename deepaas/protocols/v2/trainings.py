"""``/v2/models/{name}/train/``: start, list, show and cancel training runs."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from aiohttp import web

from deepaas.access.needs import needs
from deepaas.access.principal import Right
from deepaas.errors import Disabled, InvalidArguments, RunElsewhere
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Host
from deepaas.protocols.v2.operation import Operation, answer, can_train, failures, reference
from deepaas.protocols.v2.training_json import raw, training_json
from deepaas.training.runs import State, TrainingRun
from deepaas.training.service import Trainings
from deepaas.training.state_directory import label
from deepaas.web import tensorboard
from deepaas.web.errors import NOTICE, json_response

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
        "description": "Only training runs with this status; can be repeated",
    },
    {
        "in": "query",
        "name": "limit",
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_LIMIT_COUNT,
        "description": "Maximum number of runs; X-Total-Count has the total",
    },
    {
        "in": "query",
        "name": "offset",
        "type": "integer",
        "minimum": 0,
        "maximum": 2**31 - 1,
        "description": "Number of runs to skip",
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


def trainings_of(host: Host, request: web.Request) -> tuple[Trainings, HostedModel]:
    """The training service and the model of a request.

    Raises:
        Disabled: training is disabled on this host.
        ModelNotFound: the model is unknown.
    """
    if not host.settings.train_endpoint:
        raise Disabled("train")
    return host.trainings, host.registry[request.match_info["name"]]


class Presenter:
    def __init__(self, host: Host) -> None:
        self._prefix = host.prefix
        # Checked once, because a list can have a thousand runs.
        self._has_curves = host.trainings.tensorboard.installed

    def shown(self, run: TrainingRun) -> dict[str, Any]:
        """A run as JSON; large arguments and results are added by the caller."""
        base = f"{self._prefix}{RUN_PATH}".format(name=run.model, uuid=run.uuid)
        curves = tensorboard.link(self._prefix, label(run)) if self._has_curves else ""
        return training_json(run, base, curves)


class TrainingOperations:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._presenter = Presenter(host)

    async def _whole(self, trainings: Trainings, run: TrainingRun) -> dict[str, Any]:
        """A run with its complete arguments and result, unless its files are on another host."""
        whole = self._presenter.shown(run)
        with contextlib.suppress(RunElsewhere):
            if run.args is None:
                whole["args"] = raw(await trainings.args(run))
            if run.has_result and run.result is None:
                whole["result"]["output"] = raw(await trainings.result(run))
        return whole

    @needs(Right.TRAIN)
    async def post_training(self, request: web.Request) -> web.Response:
        trainings, model = trainings_of(self._host, request)
        known = model.description.train if model.description is not None else None
        async with self._host.uploads.open(request) as reception:
            inputs = await reception.inputs(
                with_headers=known is None or known.reads_headers,
                with_cookies=known is None or known.reads_cookies,
            )
            notices: list[str] = []
            run = await trainings.submit(model, inputs, on_notice=notices.append)
        headers = {str(NOTICE): "; ".join(notices)} if notices else None
        return json_response(await self._whole(trainings, run), headers=headers)

    @needs(Right.TRAIN)
    async def get_trainings(self, request: web.Request) -> web.Response:
        trainings, model = trainings_of(self._host, request)
        wanted = _selection(request)
        runs, total_count = await trainings.list(model, **wanted)
        headers = {"X-Total-Count": str(total_count)}
        limit, offset = wanted["limit"], wanted["offset"]
        if limit is not None and offset + limit < total_count:
            following = request.rel_url.update_query(offset=str(offset + limit))
            headers["Link"] = f'<{following}>; rel="next"'
        # A thread, because thousands of runs would block the event loop.
        return await asyncio.to_thread(
            lambda: json_response([self._presenter.shown(run) for run in runs], headers=headers)
        )

    @needs(Right.TRAIN)
    async def get_training(self, request: web.Request) -> web.Response:
        trainings, model = trainings_of(self._host, request)
        run = await trainings.get(model, request.match_info["uuid"])
        return json_response(await self._whole(trainings, run))

    @needs(Right.TRAIN)
    async def delete_training(self, request: web.Request) -> web.Response:
        trainings, model = trainings_of(self._host, request)
        run = await trainings.cancel(model, request.match_info["uuid"])
        return json_response(await self._whole(trainings, run))

    def operations(self) -> list[Operation]:
        trained = {"200": answer("The training", reference("Training"))}
        documented = self._host.settings.train_endpoint
        return [
            Operation(
                "POST",
                PATH,
                self.post_training,
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
                works=can_train,
            ),
            Operation(
                "GET",
                PATH,
                self.get_trainings,
                "models",
                "Get a list of trainings (running or completed)",
                {
                    "200": answer("The trainings", reference("Training", many=True)),
                    **failures(403),
                    "422": answer("Messages by argument", reference("Invalid")),
                    **failures(503),
                },
                description="Large arguments and results are null in the list. Request a single "
                "training run to get them.",
                parameters=_LIST_PARAMETERS,
                documented=documented,
                works=can_train,
            ),
            Operation(
                "GET",
                RUN_PATH,
                self.get_training,
                "models",
                "Get status of a training",
                {**trained, **failures(403, 404, 503)},
                parameters=[UUID],
                documented=documented,
                works=can_train,
            ),
            Operation(
                "DELETE",
                RUN_PATH,
                self.delete_training,
                "models",
                "Cancel a running training",
                {**trained, **failures(403, 404, 503)},
                description="Stops the training run, gracefully at first; its files are kept. "
                "Returns the run. If it has already ended, it is not changed.",
                parameters=[UUID],
                documented=documented,
                works=can_train,
            ),
        ]


def _selection(request: web.Request) -> dict[str, Any]:
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
