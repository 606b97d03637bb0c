"""``/v2/models/{name}/train/{uuid}/…``: log, metrics, events and files of a training run."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
from aiohttp import hdrs, web

from deepaas.access.needs import needs
from deepaas.access.principal import Right
from deepaas.errors import InvalidArguments
from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Host
from deepaas.protocols.v2.operation import Operation, answer, can_train, failures, reference
from deepaas.protocols.v2.training_json import date_text, progress_json
from deepaas.protocols.v2.trainings import RUN_PATH, UUID, Presenter, trainings_of
from deepaas.training.runs import TrainingRun
from deepaas.training.service import Trainings
from deepaas.training.watching import News, Position, Watching, is_offset
from deepaas.web import bounded, files
from deepaas.web.errors import json_response
from deepaas.web.events import (
    MEDIA_TYPE,
    SentEvent,
    last_event_id,
    nothing_more,
    stream,
    wants_events,
)

MAX_TAIL_COUNT = 1_000_000
TEXT = "text/plain; charset=utf-8"
ZIP = "application/zip"

_TAIL: dict[str, Any] = {
    "in": "query",
    "name": "tail",
    "type": "integer",
    "minimum": 0,
    "maximum": MAX_TAIL_COUNT,
    "description": "Only this number of lines from the end of the log",
}
_FORMAT: dict[str, Any] = {
    "in": "query",
    "name": "format",
    "type": "string",
    "enum": ["json", "zip"],
    "default": "json",
    "description": "A list, or all files in one archive",
}
_FILE: dict[str, Any] = {
    "in": "path",
    "name": "path",
    "required": True,
    "type": "string",
    "description": "Path of the file, from the list",
}


class WatchingOperations:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._watching = Watching(host.trainings)
        self._presenter = Presenter(host)

    async def _asked(self, request: web.Request) -> tuple[Trainings, HostedModel, TrainingRun]:
        trainings, model = trainings_of(self._host, request)
        run = await trainings.get(model, request.match_info["uuid"])
        # Fails here if its files are on another host: in a stream it would be too late.
        trainings.folder(run)
        return trainings, model, run

    @needs(Right.TRAIN)
    async def get_logs(self, request: web.Request) -> web.StreamResponse:
        _, model, run = await self._asked(request)
        begin, watching = 0, self._watching
        if (tail := _tail(request)) is not None:
            begin = await watching.log_start(run, tail)
        if wants_events(request):
            seen = last_event_id(request)
            if is_offset(seen):
                begin = int(seen)
                if run.state.final and begin >= await watching.log_start(run, 0):
                    return nothing_more()
            return await stream(request, _log_events(watching, model, run, begin))
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: TEXT})
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            async for data in watching.log(run, begin):
                await bounded.send(request, response, data)
        return response

    @needs(Right.TRAIN)
    async def get_metrics(self, request: web.Request) -> web.Response:
        _, _, run = await self._asked(request)
        metrics = await self._watching.metrics(run)
        return await asyncio.to_thread(
            lambda: json_response(
                {
                    name: {
                        "steps": series.steps,
                        "values": series.values,
                        "wall_times": series.wall_times,
                    }
                    for name, series in metrics.items()
                }
            )
        )

    @needs(Right.TRAIN)
    async def get_events(self, request: web.Request) -> web.StreamResponse:
        """Stream all events of a run."""
        _, model, run = await self._asked(request)
        follow = functools.partial(self._watching.follow, model, run)
        position = Position.parse(last_event_id(request))
        again = position != Position() and run.state.final
        if again and not await _is_more(follow(position)):
            return nothing_more()
        return await stream(request, _run_events(follow(position), self._presenter.shown))

    @needs(Right.TRAIN)
    async def get_files(self, request: web.Request) -> web.StreamResponse:
        trainings, _, run = await self._asked(request)
        root = trainings.folder(run).files
        if _wants_zip(request):
            return await files.send_zip(request, root, f"{run.model}-{run.uuid}.zip")
        found = await asyncio.to_thread(files.listing, root)
        entries = [
            {"path": entry.path, "size": entry.size, "modified": date_text(entry.modified)}
            for entry in found.entries
        ]
        return json_response({"files": entries, "more": found.cut})

    @needs(Right.TRAIN)
    async def get_file(self, request: web.Request) -> web.StreamResponse:
        trainings, _, run = await self._asked(request)
        root = trainings.folder(run).files
        return await files.send_file(request, root, request.match_info["path"])

    def operations(self) -> list[Operation]:
        documented = self._host.settings.train_endpoint
        usual = failures(403, 404, 409, 503)
        unprocessable = {"422": answer("Messages by argument", reference("Invalid"))}
        return [
            Operation(
                "GET",
                f"{RUN_PATH}/logs",
                self.get_logs,
                "models",
                "Get the log of a training",
                {"200": answer("The log"), "204": answer("There are no more lines"), **usual}
                | unprocessable,
                description="With 'Accept: text/event-stream', new lines are sent as they are "
                "printed, in events 'log' whose id is the offset in the log, until the training "
                "has ended.",
                produces=("text/plain", MEDIA_TYPE),
                parameters=[UUID, _TAIL],
                documented=documented,
                works=can_train,
            ),
            Operation(
                "GET",
                f"{RUN_PATH}/metrics",
                self.get_metrics,
                "models",
                "Get the metrics of a training",
                {"200": answer("The metrics by name", reference("Metrics")), **usual},
                description="Read from the TensorBoard event files that the training writes.",
                parameters=[UUID],
                documented=documented,
                works=can_train,
            ),
            Operation(
                "GET",
                f"{RUN_PATH}/events",
                self.get_events,
                "models",
                "Watch a training",
                {"200": answer("The events"), "204": answer("There are no more events"), **usual},
                description="Server-sent events: 'state' (the training run), 'progress' and "
                "'metric' (name, step, value, wall_time), which are JSON, and 'log' (lines of "
                "text). The stream ends when the training ends.",
                produces=(MEDIA_TYPE,),
                parameters=[UUID],
                documented=documented,
                works=can_train,
            ),
            Operation(
                "GET",
                f"{RUN_PATH}/files/",
                self.get_files,
                "models",
                "List the files of a training",
                {"200": answer("The files", reference("Files")), **usual} | unprocessable,
                description="With 'format=zip' or 'Accept: application/zip', returns all files as "
                "an archive.",
                produces=("application/json", ZIP),
                parameters=[UUID, _FORMAT],
                documented=documented,
                works=can_train,
            ),
            Operation(
                "GET",
                f"{RUN_PATH}/files/{{path}}",
                self.get_file,
                "models",
                "Download a file of a training",
                {"200": answer("The file"), **usual},
                produces=("application/octet-stream",),
                parameters=[UUID, _FILE],
                documented=documented,
                works=can_train,
            ),
        ]


async def _log_events(
    watching: Watching, model: HostedModel, run: TrainingRun, begin: int
) -> AsyncIterator[SentEvent]:
    async for offset, lines in watching.follow_log(model, run, begin):
        yield SentEvent("log", "\n".join(lines), str(offset))


async def _run_events(
    news: AsyncIterator[News], shown: Callable[[TrainingRun], Any]
) -> AsyncIterator[SentEvent]:
    async for new in news:
        last: SentEvent | None = None
        for event in _events_of(new, shown):
            if last is not None:
                yield last
            last = event
        if last is not None:
            yield replace(last, id=str(new.position))


def _events_of(new: News, shown: Callable[[TrainingRun], Any]) -> Iterator[SentEvent]:
    # The final state is sent last; any other state comes first.
    if new.changed and not new.run.state.final:
        yield SentEvent("state", _json(shown(new.run)))
    if new.progressed and new.run.progress is not None:
        yield SentEvent("progress", _json(progress_json(new.run.progress)))
    for point in new.points:
        yield SentEvent("metric", _json(point._asdict()))
    if new.lines:
        yield SentEvent("log", "\n".join(new.lines))
    if new.changed and new.run.state.final:
        yield SentEvent("state", _json(shown(new.run)))


async def _is_more(news: AsyncGenerator[News, None]) -> bool:
    async with contextlib.aclosing(news):
        async for new in news:
            if new.points or new.lines:
                return True
    return False


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _tail(request: web.Request) -> int | None:
    text = request.query.get("tail")
    if text is None:
        return None
    if not is_offset(text) or int(text) > MAX_TAIL_COUNT:
        raise InvalidArguments({"tail": [f"Must be a number between 0 and {MAX_TAIL_COUNT}."]})
    return int(text)


def _wants_zip(request: web.Request) -> bool:
    wanted = request.query.get("format")
    if wanted not in (None, "json", "zip"):
        raise InvalidArguments({"format": ["Must be one of: json, zip."]})
    if wanted is None:
        accepted = request.headers.get(hdrs.ACCEPT, "")
        return ZIP in accepted and "json" not in accepted
    return wanted == "zip"
