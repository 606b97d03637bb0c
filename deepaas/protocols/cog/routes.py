"""The prediction routes of Cog's HTTP API."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable

from aiohttp import web

import deepaas
from deepaas.access.needs import Reach, needs
from deepaas.access.principal import Right
from deepaas.errors import (
    Disabled,
    InvalidArguments,
    QueueFull,
    QueueTimedOut,
    StorageFull,
    StoreUnavailable,
)
from deepaas.model.handle import HostedModel
from deepaas.predictions.archive import Archive
from deepaas.protocols.cog import health, listing, requests, stream, telling
from deepaas.protocols.cog.answers import (
    AT_CAPACITY,
    Refusal,
    failed,
    json_answer,
    send_document,
)
from deepaas.protocols.cog.checking import argument_faults, fault
from deepaas.protocols.cog.intake import Intake, Unpacked
from deepaas.protocols.cog.prediction import (
    STARTING,
    SUCCEEDED,
    WRONG_INPUT,
    Prediction,
    holding,
    new_prediction,
)
from deepaas.protocols.cog.predictions import Predictions, Wanted
from deepaas.protocols.cog.requests import Request
from deepaas.protocols.cog.served import ModelSchemas, Served
from deepaas.protocols.door import Handler, Host, routes
from deepaas.training.records import UNFINISHED, Record
from deepaas.web import swagger_ui
from deepaas.web.document import Document
from deepaas.web.passed_on import passed_on, trace_headers
from deepaas.webhooks.kept import KeptWebhooks

OTHER_ID = "prediction ID must match the ID supplied in the URL"

Pick = Callable[[web.Request], HostedModel]


class PredictionRoutes:
    """Cog's HTTP API of one or all models, except training."""

    def __init__(
        self,
        host: Host,
        predictions: Predictions,
        archive: Archive,
        webhooks: KeptWebhooks,
        pick: Pick,
        shelf: ModelSchemas,
        intake: Intake,
    ) -> None:
        self._host = host
        self._intake = intake
        self._predictions = predictions
        self._archive = archive
        self._webhooks = webhooks
        self._pick = pick
        self._shelf = shelf

    def below(self, path: str) -> list[web.RouteDef]:
        one = "/predictions/{prediction_id}"
        # Routes are matched in this order: the most frequent come first.
        table: list[tuple[str, str, Handler]] = [
            ("POST", "/predictions", self.post_prediction),
            ("GET", "/predictions", self.get_predictions),
            ("PUT", one, self.put_prediction),
            ("GET", one, self.get_prediction),
            ("POST", f"{one}/cancel", self.post_cancel),
            ("GET", "/health-check", self.get_health),
            ("GET", "/", self.get_root),
            ("GET", "/openapi.json", self.get_document),
            ("GET", "/docs", self.get_docs),
            ("POST", "/predict", self.post_predict),
            ("POST", "/shutdown", self.post_shutdown),
        ]
        return routes(path, table)

    @needs(Right.READ)
    async def get_root(self, request: web.Request) -> web.Response:
        """List the routes."""
        self._pick(request)
        below = request.path.rstrip("/")
        return json_answer(
            {
                "cog_version": f"deepaas {deepaas.__version__}",
                "docs_url": f"{below}/docs",
                "openapi_url": f"{below}/openapi.json",
                "shutdown_url": f"{below}/shutdown",
                "healthcheck_url": f"{below}/health-check",
                "predictions_url": f"{below}/predictions",
                "predictions_idempotent_url": f"{below}/predictions/{{prediction_id}}",
                "predictions_cancel_url": f"{below}/predictions/{{prediction_id}}/cancel",
            }
        )

    @needs(Right.READ)
    async def get_health(self, request: web.Request) -> web.Response:
        """Show the state of the model and the log of its setup."""
        return json_answer(await health.told(self._pick(request)))

    @needs(Right.READ, document=True)
    async def get_document(self, request: web.Request) -> web.Response:
        """Return the OpenAPI document."""
        model = self._pick(request)
        await model.described()
        document = self._shelf.ready(model).document
        below = request.path.removesuffix("/openapi.json")
        # The document names the base path if the routes are not at the root.
        return json_answer({**document, "servers": [{"url": below}]} if below else document)

    @needs(Right.READ, document=True)
    async def get_docs(self, request: web.Request) -> web.Response:
        """Show the Swagger page of the model."""
        if not self._host.settings.doc_endpoint:
            raise web.HTTPNotFound
        below = request.path.removesuffix("/docs")
        name = self._pick(request).name
        return swagger_ui.page(
            request,
            prefix=self._host.prefix,
            title="DEEPaaS",
            chosen=swagger_ui.ApiDocument(name, name, f"{below}/openapi.json"),
        )

    @needs(Right.PREDICT)
    async def post_predict(self, request: web.Request) -> web.StreamResponse:
        """Make a prediction and return only its output."""
        model = self._pick(request)
        async with self._intake.read(request, self._shelf.outline(model)) as asked:
            prediction, wanted = self._accepted(request, model, asked, new_id())
            try:
                telling.watch(self._webhooks, prediction, asked, passed_on(request))
                await self._made(prediction, model, wanted)
                output = prediction.output()
                if prediction.status != SUCCEEDED or output is None:
                    error = prediction.error or f"the prediction was {prediction.status}"
                    raise failed(error, 422 if error.startswith(WRONG_INPUT) else 500)
                return await send_document(request, output, notice=prediction.notice)
            finally:
                prediction.release()

    @needs(Right.PREDICT)
    async def post_prediction(self, request: web.Request) -> web.StreamResponse:
        """Make a prediction."""
        model = self._pick(request)
        async with self._intake.read(request, self._shelf.outline(model)) as asked:
            return await self._answer(request, model, asked, asked.id or new_id())

    @needs(Right.PREDICT)
    async def put_prediction(self, request: web.Request) -> web.StreamResponse:
        """Make a prediction with this id, only once."""
        model = self._pick(request)
        prediction_id = request.match_info["prediction_id"]
        requests.check_id(prediction_id)
        async with self._intake.read(request, self._shelf.outline(model)) as asked:
            if asked.id is not None and asked.id != prediction_id:
                raise Refusal(422, {"detail": [fault(["id"], OTHER_ID)]})
            return await self._answer_once(request, model, asked, prediction_id)

    async def _answer_once(
        self, request: web.Request, model: HostedModel, asked: Request, prediction_id: str
    ) -> web.StreamResponse:
        """Make a prediction, or return the one with this id."""
        going_on = self._predictions.of(model.name)
        if prediction_id not in going_on:
            kept = None
            with contextlib.suppress(StoreUnavailable):
                kept = await self._archive.get(model.name, prediction_id)
            # A prediction that its host did not complete is made again.
            ran = kept is not None and kept[0].status not in UNFINISHED
            if kept is not None and ran and prediction_id not in going_on:
                return await self._answer_kept(request, model, *kept)
        going = going_on.get(prediction_id)
        if going is None:
            return await self._answer(request, model, asked, prediction_id)
        with holding(going.prediction) as prediction:
            if stream.wants_stream(request):
                return await stream.send(request, prediction)
            ended = prediction.ended
            if ended:
                await going.over.wait()
            told = prediction.told(with_input=True, with_moments=ended)
            return await send_document(request, told, 200 if ended else 202)

    @needs(Right.PREDICT)
    async def get_prediction(self, request: web.Request) -> web.StreamResponse:
        """Return the state of a prediction."""
        model = self._pick(request)
        prediction_id = request.match_info["prediction_id"]
        going = self._predictions.of(model.name).get(prediction_id)
        if going is not None:
            with holding(going.prediction) as prediction:
                if prediction.ended:
                    await going.over.wait()  # So that its end is final when it is reported.
                told = prediction.told(with_input=True, with_moments=True)
                return await send_document(request, told)
        kept = await self._archive.get(model.name, prediction_id)
        if kept is None:
            raise Refusal(404, {"detail": "prediction not found"})
        return await send_document(request, kept[1])

    @needs(Right.PREDICT)
    async def get_predictions(self, request: web.Request) -> web.Response:
        """List running and stored predictions, newest first."""
        model = self._pick(request)
        return json_answer(
            await listing.page(
                request.rel_url,
                self._predictions.of(model.name).values(),
                self._archive,
                model.name,
            )
        )

    @needs(Right.MANAGE, Reach.ALL)
    async def post_shutdown(self, _request: web.Request) -> web.Response:
        """Stop the host, like SIGTERM; only with ``--cog-shutdown``."""
        if not self._host.options.shutdown:
            raise failed("POST /shutdown is disabled on this host (--cog-shutdown)", 403)
        # Requests in progress are completed first, including this one.
        os.kill(os.getpid(), signal.SIGTERM)
        return json_answer({})

    @needs(Right.PREDICT)
    async def post_cancel(self, request: web.Request) -> web.Response:
        """Cancel a prediction."""
        model = self._pick(request)
        going = self._predictions.of(model.name).get(request.match_info["prediction_id"])
        if going is None:
            raise Refusal(404, {})
        going.cancel()
        return json_answer({})

    async def _answer(
        self, request: web.Request, model: HostedModel, asked: Request, prediction_id: str
    ) -> web.StreamResponse:
        streamed = stream.wants_stream(request)
        asynchronous, codec = requests.preferred(request)
        kept = asynchronous and not streamed
        prediction, wanted = self._accepted(
            request, model, asked, prediction_id, kept=kept, codec=codec
        )
        try:
            entry = telling.watch(
                self._webhooks, prediction, asked, passed_on(request), durable=kept
            )
            if kept:
                await self._predictions.start(prediction, model, wanted).noted.wait()
                await self._webhooks.noted(entry)
                return json_answer({"id": prediction.id, "status": STARTING}, 202)
            if not streamed:
                await self._made(prediction, model, wanted)
                return await send_document(request, prediction.told(), notice=prediction.notice)
            going = self._predictions.start(prediction, model, wanted)
            try:
                return await stream.send(request, prediction)
            finally:
                going.cancel()  # If it is still running, its client has left.
        finally:
            prediction.release()

    def _accepted(
        self,
        request: web.Request,
        model: HostedModel,
        asked: Request,
        prediction_id: str,
        *,
        kept: bool = False,
        codec: str = "",
    ) -> tuple[Prediction, Wanted]:
        """A prediction that can start; the caller must release it."""
        if not self._host.settings.predict_endpoint:
            raise Disabled("predict")
        served = self._shelf.ready(model)
        given = served.checked(asked.input)
        if prediction_id in self._predictions.of(model.name):
            raise failed(f"a prediction with the id {prediction_id!r} goes on already", 409)
        self._check_capacity(model, served)
        prediction = new_prediction(
            prediction_id,
            model.name,
            served.shown(given),
            self._host.uploads.folder,
            streams=served.streams,
        ).hold()
        prediction.notice = served.ignored(asked.input)
        if isinstance(given, Unpacked):
            # The prediction needs its files.
            prediction.scratch, given.is_owned = given.scratch, True
        known = served.description.predict
        if known is None or known.result.media_types:  # Its results are files already.
            codec = ""
        trace = trace_headers(request)
        return prediction, Wanted(given, served.files, asked.context or {}, kept, codec, trace)

    def _check_capacity(self, model: HostedModel, served: Served) -> None:
        strict: bool = self._host.options.strict
        slots = model.workers_count * max(1, served.description.concurrency)
        room = slots if strict else slots + self._host.settings.queue_size
        # Those on their way to a worker are not known there; those of other doors, only there.
        if len(self._predictions.of(model.name)) >= room or (
            strict and not model.status().room_count
        ):
            raise failed(AT_CAPACITY, 409)

    async def _made(self, prediction: Prediction, model: HostedModel, wanted: Wanted) -> None:
        """Run it; if the client disconnects, it is cancelled."""
        going = await self._predictions.make(prediction, model, wanted)
        match going.refused:
            case InvalidArguments(fields=fields):
                raise Refusal(422, {"detail": list(argument_faults(fields))})
            case QueueFull():
                raise failed(AT_CAPACITY, 409)
            case StorageFull() | QueueTimedOut() as error:
                raise error

    async def _answer_kept(
        self, request: web.Request, model: HostedModel, record: Record, document: Document
    ) -> web.StreamResponse:
        """Return one that has ended, or is running on another host."""
        if record.completed is None:
            return await send_document(request, document, 202)
        if not stream.wants_stream(request):
            return await send_document(request, document)
        served = self._shelf.get(model)
        streams = served is not None and served.streams
        return await stream.send_again(request, document, streams=streams)


def new_id() -> str:
    return f"pred_{os.urandom(8).hex()}"
