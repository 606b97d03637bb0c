"""``/trainings``: the durable runs of a model, as Cog's clients expect theirs."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import uuid
from collections.abc import Coroutine
from typing import Any

import msgspec
from aiohttp import web

from deepaas.errors import (
    DeepaasError,
    Disabled,
    InvalidArguments,
    NotImplementedByModel,
    RunElsewhere,
    RunNotFound,
)
from deepaas.model.handle import Model
from deepaas.protocols import Host
from deepaas.protocols.cog import requests, stream
from deepaas.protocols.cog.answers import Refusal, Route, add_routes, failed, json_answer
from deepaas.protocols.cog.checking import argument_faults, fault
from deepaas.protocols.cog.files import BadFile, Files
from deepaas.protocols.cog.inputs import to_inputs
from deepaas.protocols.cog.prediction import (
    CANCELED,
    FAILED,
    MAX_LOG_CHARACTERS,
    PROCESSING,
    STARTING,
    SUCCEEDED,
    Prediction,
    moment,
    new_prediction,
)
from deepaas.protocols.cog.predictions import stored
from deepaas.protocols.cog.requests import Request
from deepaas.protocols.cog.routes import OTHER_ID, Pick
from deepaas.protocols.cog.served import Shelf
from deepaas.protocols.cog.webhooks import Webhooks
from deepaas.training.log import LogReader
from deepaas.training.runs import Run, State
from deepaas.web.document import of_bytes

POLL_SECONDS = 0.2
DEFAULT_COUNT = 100

NOT_STREAMED = "Trainings do not support streaming responses."
INTERRUPTED = "interrupted: its host ended"

_STATUS = {
    State.QUEUED: STARTING,
    State.RUNNING: PROCESSING,
    State.DONE: SUCCEEDED,
    State.ERROR: FAILED,
    State.CANCELLED: CANCELED,
    State.INTERRUPTED: FAILED,
}
_UUID = re.compile(r"[0-9a-f]{32}")
_NAMESPACE = uuid.UUID("7c9c5a3e-35c7-4a53-9d0b-0f6d5c1e2b64")


class TrainingDoor:
    """Cog's routes of trainings, of one or all models.

    Args:
        host: what it is a door of.
        files: gets the files of inputs.
        webhooks: tells clients' addresses of the trainings.
        pick: which model a request is for.
        shelf: has what is made of the models' descriptions.
    """

    def __init__(
        self, host: Host, files: Files, webhooks: Webhooks, pick: Pick, shelf: Shelf
    ) -> None:
        self._host = host
        self._trainings = host.trainings
        self._files = files
        self._webhooks = webhooks
        self._pick = pick
        self._shelf = shelf
        self._entering: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def add_routes(self, below: str) -> None:
        """Add the routes.

        Args:
            below: the path before each, without a slash at its end.
        """
        one = "/trainings/{training_id}"
        routes: list[Route] = [
            ("POST", "/trainings", self.post_training),
            ("GET", "/trainings", self.get_trainings),
            ("PUT", one, self.put_training),
            ("GET", one, self.get_training),
            ("POST", f"{one}/cancel", self.post_cancel),
        ]
        add_routes(self._host.app, below, routes)

    async def post_training(self, request: web.Request) -> web.Response:
        """Train."""
        model = self._of(request)
        asked = await requests.read(request, self._host.settings.client_max_size)
        name = asked.id or uuid.uuid4().hex
        if asked.id is not None and await self._find(model, name) is not None:
            raise failed(f"there is a training with the id {name!r} already", 409)
        run = await self._begin(model, name, asked)
        return await self._answer(request, model, name, asked, run)

    async def put_training(self, request: web.Request) -> web.Response:
        """Train, once."""
        model = self._of(request)
        name = request.match_info["training_id"]
        requests.check_id(name)
        asked = await requests.read(request, self._host.settings.client_max_size)
        if asked.id is not None and asked.id != name:
            raise Refusal(422, {"detail": [fault(["id"], OTHER_ID)]})
        run = await self._find(model, name)
        if run is None:
            run = await self._begin(model, name, asked)
            return await self._answer(request, model, name, asked, run)
        told = await self._told(run, name, whole=True)
        return json_answer(told, 200 if run.state.final else 202)

    async def get_training(self, request: web.Request) -> web.Response:
        """How far a training is."""
        name = request.match_info["training_id"]
        return json_answer(await self._told(await self._run(request), name, whole=True))

    async def get_trainings(self, request: web.Request) -> web.Response:
        """The newest trainings, however they were begun."""
        model = self._of(request)
        runs, _ = await self._trainings.list(model, limit=DEFAULT_COUNT, newest_first=True)
        results = [
            {
                "id": run.uuid,
                "status": _STATUS[run.state],
                "created_at": moment(run.created),
                "completed_at": moment(run.finished),
            }
            for run in runs
        ]
        return json_answer({"next": None, "results": results})

    async def post_cancel(self, request: web.Request) -> web.Response:
        """Stop a training."""
        run = await self._run(request)
        self._later(self._trainings.cancel(self._of(request), run.uuid))
        return json_answer({})

    async def close(self) -> None:
        """Follow no training any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _of(self, request: web.Request) -> Model:
        if not self._host.settings.train_endpoint:
            raise Disabled("train")
        if stream.wants_stream(request):
            raise Refusal(406, {"error": NOT_STREAMED})
        model = self._pick(request)
        if self._shelf.ready(model).train is None:
            raise NotImplementedByModel(model.name, "train")
        return model

    async def _run(self, request: web.Request) -> Run:
        run = await self._find(self._of(request), request.match_info["training_id"])
        if run is None:
            raise Refusal(404, {"detail": "there is no such training"})
        return run

    async def _find(self, model: Model, name: str) -> Run | None:
        with contextlib.suppress(RunNotFound):
            return await self._trainings.get(model, run_id(model.name, name))
        return None

    async def _begin(self, model: Model, name: str, asked: Request) -> Run:
        """Enter a run.

        Raises:
            Refusal: its input is wrong, or it is known already.
        """
        served = self._shelf.ready(model)
        assert served.train is not None
        given = served.train.checked(asked.input)
        uid = run_id(model.name, name)
        if uid in self._entering:
            raise failed(f"a training with the id {name!r} begins already", 409)
        self._entering.add(uid)
        try:
            async with self._host.uploads.scratch() as scratch:
                plain, files = await self._files.received(given, served.train.files, scratch)
                inputs = to_inputs(plain, files, served.description.train.places)
                return await self._trainings.submit(model, await stored(inputs, scratch), uid)
        except BadFile as error:
            raise failed(f"Input validation error: {error}", 422) from None
        except InvalidArguments as error:
            raise Refusal(422, {"detail": list(argument_faults(error.fields))}) from None
        finally:
            self._entering.discard(uid)

    async def _answer(
        self, request: web.Request, model: Model, name: str, asked: Request, run: Run
    ) -> web.Response:
        if asked.webhook:
            self._tell(request, model, name, asked, run)
        if requests.is_asynchronous(request):
            return json_answer({"id": name, "status": STARTING}, 202)
        try:
            while not run.state.final:
                await asyncio.sleep(POLL_SECONDS)
                run = await self._trainings.get(model, run.uuid)
        except asyncio.CancelledError:
            # The client has left.
            self._later(self._trainings.cancel(model, run.uuid))
            raise
        return json_answer(await self._told(run, name))

    def _tell(
        self, request: web.Request, model: Model, name: str, asked: Request, run: Run
    ) -> None:
        """Tell a webhook of a training, as of a prediction that goes on in its place."""
        assert asked.webhook
        prediction = new_prediction(name, model.name, {}, self._host.uploads.folder, streams=False)
        if self._webhooks.watch(prediction, asked.webhook, asked.events, request.headers):
            self._later(self._follow(model, run, prediction))

    async def _follow(self, model: Model, run: Run, prediction: Prediction) -> None:
        while not run.state.final:
            if run.state is State.RUNNING and prediction.started is None:
                prediction.begin()
            await asyncio.sleep(POLL_SECONDS)
            run = await self._trainings.get(model, run.uuid)
        told = await self._told(run, prediction.id)
        prediction.add_log(told["logs"])
        if "output" in told:
            await prediction.add_output(of_bytes(bytes(told["output"])))
        prediction.end(told["status"], error=told.get("error"))

    async def _told(self, run: Run, name: str, *, whole: bool = False) -> dict[str, Any]:
        """A training as Cog tells of it.

        Args:
            run: what the store has.
            name: what its client calls it.
            whole: also what was given, and when it came, began and ended.
        """
        told: dict[str, Any] = {"id": name}
        if whole:
            told["input"] = msgspec.Raw(await self._trainings.args(run))
        if _STATUS[run.state] == FAILED:
            told["error"] = run.message or INTERRUPTED
        told["logs"] = await self._logs(run)
        seconds = (run.finished or time.time()) - (run.started or run.created)
        told["metrics"] = {"predict_time": seconds} if run.state.final else {}
        if run.has_result:
            told["output"] = msgspec.Raw(await self._trainings.result(run))
        if whole:
            told["created_at"] = moment(run.created)
            told["started_at"] = moment(run.started)
            told["completed_at"] = moment(run.finished)
        return {**told, "status": _STATUS[run.state]}

    async def _logs(self, run: Run) -> str:
        try:
            reader = LogReader(self._trainings.folder(run).log)
        except RunElsewhere:
            return ""

        def last() -> bytes:
            begin = max(0, reader.size() - MAX_LOG_CHARACTERS)
            return reader.read(begin, MAX_LOG_CHARACTERS)[1]

        return (await asyncio.to_thread(last)).decode("utf-8", "replace")

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something that no request waits for."""

        async def quietly() -> None:
            with contextlib.suppress(DeepaasError):
                await work

        task = asyncio.ensure_future(quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def run_id(model: str, name: str) -> str:
    """The run's own id: its client's name for it if that is one, or one that is made of it."""
    return name if _UUID.fullmatch(name) else uuid.uuid5(_NAMESPACE, f"{model}/{name}").hex
