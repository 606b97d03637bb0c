"""The client for programs with an event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, overload
from urllib.parse import quote

import aiohttp
from yarl import URL

from deepaas.client import arrays, notices
from deepaas.client.answers import MAX_ANSWER_BYTES, file_name, is_json, read_all, write_all
from deepaas.client.api import Api
from deepaas.client.api_key import headers_with, own_key
from deepaas.client.calls import predict_call, train_call
from deepaas.client.choices import check_accept, check_stream, not_found, streams, the_only
from deepaas.client.description import NPY, NPZ, Model
from deepaas.client.errors import (
    ClientError,
    HostError,
    InvalidArguments,
    ModelNotFound,
    NotReady,
    TrainingNotFound,
)
from deepaas.client.paths import file_for, replacing
from deepaas.client.runs import Run, parse
from deepaas.client.training import AsyncTraining
from deepaas.client.trainings import TrainingApi
from deepaas.client.turns import turn_headers
from deepaas.client.values import values

URL_OF_A_HOST = "http://127.0.0.1:5000"
NOT_FOUND = 404
UNAVAILABLE = 503


class AsyncClient:
    """A client of one host: its models, predictions and training runs.

    Errors are raised as classes of :mod:`deepaas.client.errors`. If a call is cancelled, its
    connection is closed, and the host stops the prediction.

    Args:
        url: of the host, including its base path if it has one.
        api_key: sent as ``Authorization: Bearer …``; None: the one in ``DEEPAAS_API_KEY``, or in
            the file ``DEEPAAS_API_KEY_FILE``, if there is one.
        timeout: seconds for a request; None: no limit for predictions.
        retries: how often a request is retried if the host has certainly not started it, or if it
            changes nothing.
        on_notice: called with each notice of the host, for example which arguments it ignored.
            None: a Python warning, :class:`HostNotice`.
        priority: of predictions that wait for a worker, from 1 (first) to 9; None: 5.
        queue_timeout: seconds that a prediction may wait for a worker, then `Busy` is raised;
            None: as long as the host allows.
    """

    def __init__(
        self,
        url: str = URL_OF_A_HOST,
        *,
        api_key: str | None = None,
        timeout: float | None = None,
        retries: int = 2,
        on_notice: Callable[[str], None] | None = None,
        priority: int | None = None,
        queue_timeout: float | None = None,
    ) -> None:
        check_url(url)
        headers = {
            **headers_with(own_key() if api_key is None else api_key),
            **turn_headers(priority, queue_timeout),
        }
        self.url = url.rstrip("/")
        self._api = Api(
            url,
            headers=headers,
            timeout=timeout,
            retries=retries,
            on_notice=on_notice or notices.warn,
        )
        self._models: dict[str, Model] = {}
        self._only = ""

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({without_password(self.url)!r})"

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def models(self) -> list[Model]:
        """All models of the host that have been loaded, with their arguments."""
        models = await self._api.models()
        self._models = {model.name: model for model in models}
        return models

    async def model(self, name: str | None = None) -> Model:
        """One model, or the only one if no name is given; waits if it is loading.

        Raises:
            ModelNotFound: there is none of this name.
            NotReady: it is broken.
            ClientError: no name is given and there are several.
        """
        while True:
            models = {model.name: model for model in await self.models()}
            status = await self._status()
            names = sorted({*models, *status})
            if name is None:
                name = self._only = the_only(names)
            if name in models:
                return models[name]
            if name not in status:
                raise ModelNotFound(not_found(name, names), NOT_FOUND)
            if status[name].get("status") not in ("loading", "warming"):
                reason = status[name].get("reason") or "it cannot be loaded"
                raise NotReady(f"model {name!r} takes no calls: {reason}", UNAVAILABLE)
            # The host has waited for it for some seconds before it answered.
            await asyncio.sleep(1)

    async def metadata(self, model: str | None = None) -> dict[str, Any]:
        """The author's metadata of a model."""
        known = await self._known(model)
        told = await self._api.get_json(f"/v2/models/{quote(known.name, safe='')}/")
        return dict(told) if isinstance(told, dict) else {}

    @overload
    async def predict(
        self,
        model: str | None = None,
        *,
        accept: str | None = None,
        save_to: None = None,
        arguments: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Any: ...

    @overload
    async def predict(
        self,
        model: str | None = None,
        *,
        accept: str | None = None,
        save_to: str | Path,
        arguments: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Path: ...

    async def predict(
        self,
        model: str | None = None,
        *,
        accept: str | None = None,
        save_to: str | Path | None = None,
        arguments: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Any:
        """Make a prediction.

        Args:
            model: its name; None for the only one.
            accept: the media type of the result, one of those that the model offers.
            save_to: a file or folder for the result.
            arguments: by name, for arguments with the name of a parameter of this method.
            more: arguments by name. A file is a `Path`, a file opened in binary mode, bytes, or
                ``(file name, bytes)``. A tensor is an array of NumPy or PyTorch, nested lists, or a
                file of one (``.npy``, ``.npz``, or of `torch.save`). None means not given.

        Returns:
            a Python value for JSON, str for text, bytes for anything else; the `Path` of the
            written file if `save_to` is given. For a model that returns tensors, if NumPy is
            installed and `accept` is not given, an array, or a dict of arrays by name.

        Raises:
            InvalidArguments: there is no such argument, or the model refuses a value.
            ModelFailed: the model has raised.
            Busy: too many calls are waiting.
            NotReady: the model is broken.
        """
        given = {**(arguments or {}), **more}
        # The model's argument of this name is the parameter of this method.
        accept = accept or given.pop("accept", None)
        known, found = await self._fitting(model, "predict", given)
        check_accept(known, accept)
        if accept is None and save_to is None and arrays.is_numpy_there():
            accept = arrays.type_of(known)
        async with self._api.post(predict_call(known, found, accept)) as response:
            if save_to is None:
                return _value(response, await read_all(response, MAX_ANSWER_BYTES))
            target = file_for(Path(save_to), file_name(response))
            with replacing(target) as partial:
                await write_all(response, partial)
            return target

    async def stream(
        self,
        model: str | None = None,
        *,
        accept: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> AsyncGenerator[Any, None]:
        """Make a prediction like `predict`, and get each part as soon as the model yields it.

        Nothing is sent before the first part is requested. Closing the iterator before its end
        closes the connection, and the host stops the prediction.

        Yields:
            each part: a Python value for JSON, a ``data:`` URL with the bytes for anything else.

        Raises:
            NotSupported: the model does not stream.
            ModelFailed: the model has raised an exception, perhaps after some parts.
        """
        given = {**(arguments or {}), **more}
        accept = accept or given.pop("accept", None)
        known, found = await self._fitting(model, "predict", given)
        if not streams(known):
            # The model may have been reloaded: check again before failing.
            await self.model(known.name)
            known, found = await self._fitting(known.name, "predict", given)
        check_stream(known, accept)
        async with aclosing(self._api.stream(predict_call(known, found, accept))) as parts:
            async for part in parts:
                try:
                    value = json.loads(part)
                except (ValueError, RecursionError) as error:
                    raise HostError("a part of the stream is not valid JSON", 200) from error
                yield value

    async def train(
        self,
        model: str | None = None,
        *,
        arguments: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> AsyncTraining:
        """Start or queue a training run; arguments are as for `predict`."""
        known, found = await self._fitting(model, "train", {**(arguments or {}), **more})
        answer = await self._api.send(train_call(known, found))
        try:
            run = parse(answer.json())
        except (ValueError, AttributeError) as error:
            raise HostError("the host's response is not a training run", answer.status) from error
        return self._training(known, run)

    async def trainings(
        self, model: str | None = None, *, limit: int | None = None
    ) -> list[AsyncTraining]:
        """The training runs of one or all models, newest first, up to `limit` for each model."""
        models = await self.models() if model is None else [await self._known(model)]
        trainable = [one for one in models if one.train is not None or model is not None]
        listings = await asyncio.gather(*(TrainingApi(self._api, m).list(limit) for m in trainable))
        found = [
            self._training(one, run)
            for one, listing in zip(trainable, listings, strict=True)
            for run in listing.runs
        ]
        return sorted(found, key=lambda t: t.date.timestamp() if t.date else 0.0, reverse=True)

    async def training(self, uuid: str, model: str | None = None) -> AsyncTraining:
        """A training run by its id, of one or any model; raises TrainingNotFound."""
        models = await self.models() if model is None else [await self._known(model)]
        for one in models:
            with suppress(TrainingNotFound):
                return self._training(one, await TrainingApi(self._api, one).get(uuid))
        raise TrainingNotFound(f"this host has no training run {uuid!r}", NOT_FOUND)

    async def health(self) -> dict[str, Any]:
        """The state of the host and its models: ``ready``, ``draining``, and ``models`` by name."""
        try:
            told = await self._api.ask("GET", "/readyz", also=(UNAVAILABLE,))
        except HostError as error:
            if error.status != NOT_FOUND:
                raise
            # DEEPaaS 2.x has no such route, and only listens when all models are ready.
            models = {one.name: {"status": "ready", "reason": ""} for one in await self.models()}
            return {"ready": True, "draining": False, "models": models}
        if not isinstance(told, dict) or "models" not in told:
            raise HostError("the host's response does not contain its state")
        return told

    async def _status(self) -> dict[str, dict[str, Any]]:
        """The state of each model; empty for DEEPaaS 2.x."""
        try:
            told = await self._api.ask("GET", "/readyz", also=(UNAVAILABLE,))
        except HostError:
            return {}
        return dict(told["models"]) if isinstance(told, dict) and "models" in told else {}

    async def _known(self, name: str | None) -> Model:
        return self._models.get(name or self._only) or await self.model(name)

    async def _fitting(
        self, name: str | None, function: str, given: Mapping[str, Any]
    ) -> tuple[Model, dict[str, Any]]:
        """The current description of the model, and the values of a call."""
        if name is not None and not isinstance(name, str):
            raise InvalidArguments(
                "the first argument is the name of a model; pass the model's arguments by name, "
                "and one that is called 'model' as arguments={'model': …}"
            )
        known = await self._known(name)
        try:
            return known, values(known, function, given)
        except ClientError:
            # The model may have been reloaded: check again before failing.
            fresh = await self.model(known.name)
            if fresh == known:
                raise
        return fresh, values(fresh, function, given)

    def _training(self, model: Model, run: Run) -> AsyncTraining:
        return AsyncTraining(self._api, model, run)


def without_password(url: str) -> str:
    return str(URL(url).with_user(None))


def check_url(text: str) -> None:
    """Raises ClientError if this cannot be the URL of a host."""
    try:
        url = URL(text)
        good = url.scheme in ("http", "https") and bool(url.host) and not url.query_string
    except ValueError:
        good = False
    if not good:
        raise ClientError(f"not a valid URL of a host: {text!r}; example: {URL_OF_A_HOST}")


def _value(response: aiohttp.ClientResponse, body: bytes) -> Any:
    media_type = response.content_type
    if is_json(media_type):
        try:
            return json.loads(body) if body else None
        except (ValueError, RecursionError) as error:
            raise HostError("the response is not valid JSON", response.status) from error
    if media_type.startswith("text/"):
        try:
            return body.decode(response.charset or "utf-8", errors="replace")
        except LookupError:
            return body.decode(errors="replace")
    if media_type in (NPY, NPZ) and arrays.is_numpy_there():
        return arrays.arrays(media_type, body)
    return body
