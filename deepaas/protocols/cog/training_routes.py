"""``/trainings``: training runs of a model, in Cog's format."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any
from weakref import WeakValueDictionary

from aiohttp import web

from deepaas.access.needs import needs
from deepaas.access.principal import Right
from deepaas.errors import (
    DeepaasError,
    Disabled,
    InvalidArguments,
    NotImplementedByModel,
    RunNotFound,
)
from deepaas.model.handle import HostedModel
from deepaas.protocols.cog import listing, requests, stream, telling
from deepaas.protocols.cog.answers import Refusal, failed, json_answer
from deepaas.protocols.cog.checking import argument_faults, fault
from deepaas.protocols.cog.files import BadFile, PredictionFiles
from deepaas.protocols.cog.intake import Intake, Unpacked
from deepaas.protocols.cog.prediction import (
    STARTING,
    WRONG_INPUT,
)
from deepaas.protocols.cog.requests import Request
from deepaas.protocols.cog.routes import OTHER_ID, Pick
from deepaas.protocols.cog.served import ModelSchemas
from deepaas.protocols.cog.training_told import STATUS, Teller
from deepaas.protocols.door import Handler, Host, routes
from deepaas.training.runs import TrainingRun
from deepaas.web.passed_on import passed_on, trace_headers
from deepaas.web.values import stored
from deepaas.webhooks.kept import KeptWebhooks, Subject
from deepaas.webhooks.sender import WebhookAddress

CLOSE_SECONDS = 2.0

NOT_STREAMED = "Trainings do not support streaming responses."
_UUID = re.compile(r"[0-9a-f]{32}")
_NAMESPACE = uuid.UUID("7c9c5a3e-35c7-4a53-9d0b-0f6d5c1e2b64")


class TrainingRoutes:
    def __init__(
        self,
        host: Host,
        files: PredictionFiles,
        webhooks: KeptWebhooks,
        pick: Pick,
        shelf: ModelSchemas,
        intake: Intake,
    ) -> None:
        self._host = host
        self._intake = intake
        self._trainings = host.trainings
        self._teller = Teller(host.trainings)
        self._files = files
        self._webhooks = webhooks
        self._pick = pick
        self._shelf = shelf
        # Kept while a request holds the lock or waits for it.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[Any]] = set()

    def below(self, path: str) -> list[web.RouteDef]:
        one = "/trainings/{training_id}"
        table: list[tuple[str, str, Handler]] = [
            ("POST", "/trainings", self.post_training),
            ("GET", "/trainings", self.get_trainings),
            ("PUT", one, self.put_training),
            ("GET", one, self.get_training),
            ("POST", f"{one}/cancel", self.post_cancel),
        ]
        return routes(path, table)

    @needs(Right.TRAIN)
    async def post_training(self, request: web.Request) -> web.Response:
        """Start a training run."""
        model = self._of(request)
        async with self._intake.read(request, self._shelf.outline(model, train=True)) as asked:
            # Without an id from the client, the run's own id is used, as in other doors.
            name = asked.id or uuid.uuid4().hex
            if asked.id is None:
                run = await self._begin(request, model, name, name, asked)
            else:
                run = await self._begin_named(request, model, name, asked)
        return await self._answer(request, model, name, asked, run)

    async def _begin_named(
        self, request: web.Request, model: HostedModel, name: str, asked: Request
    ) -> TrainingRun:
        async with self._turn(model, name):
            if await self._find(model, name) is not None:
                raise failed(f"a training with the id {name!r} already exists", 409)
            return await self._begin(request, model, run_id(model.name, name), name, asked)

    @needs(Right.TRAIN)
    async def put_training(self, request: web.Request) -> web.Response:
        """Start a training run with this id, only once."""
        model = self._of(request)
        name = request.match_info["training_id"]
        requests.check_id(name)
        async with self._intake.read(request, self._shelf.outline(model, train=True)) as asked:
            if asked.id is not None and asked.id != name:
                raise Refusal(422, {"detail": [fault(["id"], OTHER_ID)]})
            # Requests for a run that is being created wait, and then find it.
            async with self._turn(model, name):
                run = await self._find(model, name)
                begun = run is None
                if run is None:
                    run = await self._begin(request, model, run_id(model.name, name), name, asked)
        if begun:
            return await self._answer(request, model, name, asked, run)
        told = await self._teller.told(run, name, whole=True)
        return json_answer(told, 200 if run.state.final else 202)

    @needs(Right.TRAIN)
    async def get_training(self, request: web.Request) -> web.Response:
        """Return the state of a training run."""
        name = request.match_info["training_id"]
        return json_answer(await self._teller.told(await self._run(request), name, whole=True))

    @needs(Right.TRAIN)
    async def get_trainings(self, request: web.Request) -> web.Response:
        """List training runs of all clients, newest first."""
        model = self._of(request)
        url = request.rel_url
        limit = listing.number(url, "limit", listing.MAX_COUNT) or listing.DEFAULT_COUNT
        offset = listing.number(url, "cursor", listing.MAX_NUMBER) or 0
        runs, count = await self._trainings.list(
            model, limit=limit, offset=offset, newest_first=True
        )
        seen = offset + len(runs)
        following = str(url.update_query(cursor=str(seen))) if runs and seen < count else None
        results = [
            listing.shown(run.name or run.uuid, STATUS[run.state], run.created, run.finished)
            for run in runs
        ]
        return json_answer({"next": following, "results": results})

    @needs(Right.TRAIN)
    async def post_cancel(self, request: web.Request) -> web.Response:
        """Cancel a training run."""
        run = await self._run(request)
        self._later(self._trainings.cancel(self._of(request), run.uuid))
        return json_answer({})

    async def close(self) -> None:
        """Wait a short time for background work."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _of(self, request: web.Request) -> HostedModel:
        if not self._host.settings.train_endpoint:
            raise Disabled("train")
        if stream.wants_stream(request):
            raise Refusal(406, {"error": NOT_STREAMED})
        model = self._pick(request)
        if self._shelf.ready(model).train is None:
            raise NotImplementedByModel(model.name, "train")
        return model

    async def _run(self, request: web.Request) -> TrainingRun:
        run = await self._find(self._of(request), request.match_info["training_id"])
        if run is None:
            raise Refusal(404, {"detail": "training not found"})
        return run

    async def _find(self, model: HostedModel, name: str) -> TrainingRun | None:
        # Other doors use the run's own id, and so does this one if the client gave none.
        own = [name] if _UUID.fullmatch(name) else []
        for uid in (run_id(model.name, name), *own):
            with contextlib.suppress(RunNotFound):
                return await self._trainings.get(model, uid)
        return None

    @contextlib.asynccontextmanager
    async def _turn(self, model: HostedModel, name: str) -> AsyncIterator[None]:
        """Serialises requests with the same id."""
        uid = run_id(model.name, name)
        turn = self._turns.setdefault(uid, asyncio.Lock())
        async with turn:
            yield

    async def _begin(
        self, request: web.Request, model: HostedModel, uid: str, name: str, asked: Request
    ) -> TrainingRun:
        trace = trace_headers(request)
        served = self._shelf.ready(model)
        assert served.train is not None
        given = served.train.checked(asked.input)
        try:
            async with self._host.uploads.scratch() as scratch:
                if isinstance(given, Unpacked):
                    assert given.large is not None, "validated inputs are complete"
                    values = await self._files.completed(given.large, scratch, trace)
                else:
                    values = await self._files.received(given, served.train.files, scratch, trace)
                    values = await stored(values, scratch)
                return await self._trainings.submit(model, values, uid, name)
        except BadFile as error:
            raise failed(f"{WRONG_INPUT}{error}", 422) from None
        except InvalidArguments as error:
            raise Refusal(422, {"detail": list(argument_faults(error.fields))}) from None

    async def _answer(
        self, request: web.Request, model: HostedModel, name: str, asked: Request, run: TrainingRun
    ) -> web.Response:
        waits = not requests.preferred(request).asynchronous
        try:
            await self._tell(request, model, name, asked, run)
            if waits:
                run = await self._trainings.ended(model, run)
        except asyncio.CancelledError:
            if waits:  # The client has left.
                self._later(self._trainings.cancel(model, run.uuid))
            raise
        if not waits:
            return json_answer({"id": name, "status": STARTING}, 202)
        return json_answer(await self._teller.told(run, name), 200 if run.state.final else 202)

    async def _tell(
        self, request: web.Request, model: HostedModel, name: str, asked: Request, run: TrainingRun
    ) -> None:
        def begin(address: WebhookAddress, told: Callable[[], None]) -> None:
            self._follow(model, run, name, address, told)

        subject = Subject(telling.TRAINING, model.name, run.uuid, name, run.created)
        entry = telling.subscribe(
            self._webhooks, subject, asked, passed_on(request), begin, durable=True
        )
        await self._webhooks.noted(entry)

    async def resume(
        self,
        model: HostedModel,
        uid: str,
        name: str,
        address: WebhookAddress,
        told: Callable[[], None],
    ) -> None:
        """Continue the webhooks of a run that was started by a host that no longer exists.

        ``told`` is called when there is nothing more to send.

        Raises:
            StoreUnavailable: the state of the run cannot be read.
        """
        try:
            run = await self._trainings.get(model, uid)
        except RunNotFound:
            told()
            return
        self._follow(model, run, name, address, told)

    def _follow(
        self,
        model: HostedModel,
        run: TrainingRun,
        name: str,
        address: WebhookAddress,
        told: Callable[[], None],
    ) -> None:
        tell = functools.partial(self._teller.follow, model, run, name, address.events)
        self._webhooks.webhooks.follow(name, address, tell, told)

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        async def quietly() -> None:
            with contextlib.suppress(DeepaasError):
                await work

        task = asyncio.ensure_future(quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def run_id(model: str, name: str) -> str:
    """The run's own id, derived from the client's id.

    Also if that looks like a run's id: another model may have a run with it.
    """
    return uuid.uuid5(_NAMESPACE, f"{model}/{name}").hex
