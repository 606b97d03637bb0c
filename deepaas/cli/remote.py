"""A model of a running host, called with :mod:`deepaas.client`."""

from __future__ import annotations

import argparse
import contextlib
import json
import mimetypes
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deepaas.cli import options as shapes
from deepaas.cli.interrupt import Interrupted
from deepaas.cli.lines import ResultLines
from deepaas.cli.options import NOTHING, Option
from deepaas.cli.output import ANY, ARRAY_TYPES, JSON, CommandResult
from deepaas.cli.problems import (
    HOST_FAILED,
    INTERRUPTED,
    MODEL_FAILED,
    OK,
    WRONG_USAGE,
    CommandProblem,
    bad_arguments,
    say,
    shown_url,
)
from deepaas.cli.status import ProgressLine, status
from deepaas.client import Client, errors
from deepaas.client.api_key import read_key
from deepaas.client.description import Argument

if TYPE_CHECKING:
    from deepaas.client import Training
    from deepaas.client.description import Model

_KINDS = {
    "file": shapes.FILE,
    "boolean": shapes.SWITCH,
    "object": shapes.STRUCTURE,
    "array": shapes.MANY,
    "tensor": shapes.TENSOR,
}
_WORDS = {"string": "text", "password": "text", "any": "value", "array": "value"}
GIB = 2**30
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_HOST_FAILED = (
    errors.ConnectionFailed,
    errors.Busy,
    errors.NotReady,
    errors.Unauthorized,
    errors.HostError,
)


@contextlib.contextmanager
def open_client(options: argparse.Namespace) -> Iterator[Client]:
    """Open a client for the host, and convert its errors to ``CommandProblem``."""
    notices: dict[str, None] = {}
    try:
        api_key = options.api_key
        if api_key is None and options.api_key_file:
            api_key = read_key(options.api_key_file)
        try:
            with Client(options.url, api_key=api_key, on_notice=notices.setdefault) as client:
                yield client
        finally:
            # At the end, where no progress is shown.
            say(*(f"warning: {notice}" for notice in notices))
    except errors.InvalidArguments as error:
        if error.fields:
            raise bad_arguments(options.command, error.fields) from None
        raise CommandProblem(str(error)) from None
    except errors.ModelFailed as error:
        raise CommandProblem(f"the model failed: {error.message}", MODEL_FAILED) from None
    except errors.NotSent as error:
        raise CommandProblem(_no_host(options.url, error.message), HOST_FAILED) from None
    except _HOST_FAILED as error:
        raise CommandProblem(_with_url(options.url, error.message), HOST_FAILED) from None
    except errors.ClientError as error:
        hint = " (with --model-name NAME)" if "several models" in error.message else ""
        raise CommandProblem(_with_url(options.url, error.message) + hint, WRONG_USAGE) from None


@contextlib.contextmanager
def open_model(options: argparse.Namespace) -> Iterator[RemoteModel]:
    """Open the chosen model. Raises ``CommandProblem`` for all errors of the host."""
    with (
        open_client(options) as client,
        tempfile.TemporaryDirectory(prefix="deepaas-cli-") as spool,
    ):
        with status(f"connecting to {shown_url(options.url)}", plain=options.plain):
            model = client.model(options.model_name)
        yield RemoteModel(client, model, options, Path(spool))


def served(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return one row per model of a host. Raises ``CommandProblem`` for all errors of the host."""
    with open_client(options) as client:
        states = client.health()["models"]
        known = {model.name: model for model in client.models()}
        return [_row(name, states.get(name, {}), known.get(name)) for name in {**known, **states}]


def _row(name: str, state: Mapping[str, Any], model: Model | None) -> dict[str, Any]:
    reason = state.get("reason")
    told = str(state.get("status") or "ready")
    row: dict[str, Any] = {"name": name, "state": f"{told}: {reason}" if reason else told}
    if gpus := state.get("gpus"):
        row["gpus"] = _gpus(gpus)
    if model is not None:
        row |= {
            "version": model.version,
            "title": model.title,
            "predict": model.predict is not None,
            "train": model.train is not None,
            "media_types": list(model.media_types),
        }
    return row


def _gpus(workers: Any) -> str:
    """One text for all workers: which GPU, and how much memory they take."""
    names: dict[str, int] = {}
    for worker in workers:
        name = "+".join(str(gpu["index"]) for gpu in worker["gpus"])
        names[name] = names.get(name, 0) + (worker.get("used_bytes") or 0)
    return ", ".join(
        f"GPU {name} ({used / GIB:.1f} GiB)" if used else f"GPU {name}"
        for name, used in names.items()
    )


class RemoteModel:
    def __init__(
        self, client: Client, model: Model, options: argparse.Namespace, spool: Path
    ) -> None:
        self.name = model.name
        self.streams = model.streams
        self._client = client
        self._model = model
        self._options = options
        self._spool = spool

    def options(self, function: str) -> list[Option]:
        declared = self._model.predict if function == "predict" else self._model.train
        if declared is None:
            raise CommandProblem(f"{self.name} has no {function} function")
        found = [_option(argument) for argument in declared]
        if function == "predict" and self._model.accept is not None:
            found.append(_option(self._model.accept))
        return found

    def metadata(self) -> Any:
        return self._client.metadata(self.name)

    def warm(self) -> str:
        return f"{self.name} is ready: the host has already warmed it up"

    def array_types(self) -> list[str]:
        return [one for one in ARRAY_TYPES.values() if one in self._model.media_types]

    def predict(self, values: dict[str, Any], array_type: str = "") -> CommandResult:
        given = dict(values)
        accept = given.pop("accept", None) or array_type or (JSON if self.array_types() else None)
        with status(f"predicting {self.name}", plain=self._options.plain):
            if accept is not None and accept != JSON:
                path = self._client.predict(
                    self.name, accept=accept, save_to=self._spool, arguments=given
                )
                if "*" in accept:  # Only the file has an exact type.
                    accept = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                return CommandResult(accept, path=path)
            answer = self._client.predict(self.name, accept=accept, arguments=given)
        if isinstance(answer, bytes):
            return CommandResult("application/octet-stream", answer)
        return CommandResult(JSON, json.dumps(self._unwrapped(answer), ensure_ascii=False).encode())

    def stream(self, values: dict[str, Any], lines: ResultLines) -> None:
        given = dict(values)
        accept = given.pop("accept", None)
        with (
            status(f"predicting {self.name}", plain=self._options.plain) as rest,
            contextlib.closing(
                self._client.stream(self.name, accept=accept, arguments=given)
            ) as parts,
        ):
            lines.rest_before_each(rest)
            for part in parts:
                lines.value(part)

    def train(self, values: dict[str, Any]) -> tuple[Any, int]:
        training = self._client.train(self.name, arguments=values)
        if self._options.detach:
            return as_json(training), OK
        say(f"training run {training.uuid} at {shown_url(self._options.url)}")
        latest = training

        def progress() -> ProgressLine | None:
            return progress_of(latest)

        try:
            with status(f"training {self.name}", progress, plain=self._options.plain):
                for snapshot in training.watch():
                    latest = snapshot
        except KeyboardInterrupt as error:
            runs = f"deepaas-cli --url {shown_url(self._options.url)} runs"
            raise CommandProblem(
                "interrupted. The training run continues on the host\n"
                f"  follow it:  {runs} follow {training.uuid}\n"
                f"  cancel it:  {runs} cancel {training.uuid}",
                error.code if isinstance(error, Interrupted) else INTERRUPTED,
            ) from None
        if latest.state != "done":
            end = "failed" if latest.state == "error" else f"was {latest.state}"
            raise CommandProblem(f"the training run {end}: {latest.message}", MODEL_FAILED)
        return as_json(latest), OK

    def _unwrapped(self, answer: Any) -> Any:
        """Return the result of ``predict`` without the object that a host wraps it in."""
        free = self._model.response is None and isinstance(answer, dict)
        if free and set(answer) == {"status", "predictions"}:
            return answer["predictions"]
        return answer


def _no_host(url: str, message: str) -> str:
    """Say what to do if nothing listens at a URL."""
    shown = shown_url(url)
    said = re.fullmatch(r"Cannot connect to \S+: (.*)", message, re.DOTALL)
    if said is None:
        return _with_url(url, message)  # Its certificate is not trusted.
    told = f"no host answers at {shown} ({said[1]})"
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host not in _THIS_MACHINE:
        return f"{told}. Check the address, or start a host there: deepaas-run MODEL"
    option = "" if port in (None, 5000) else f" --listen-port {port}"
    return f"{told}. Start one: deepaas-run MODEL{option}"


def _with_url(url: str, message: str) -> str:
    shown = shown_url(url)
    return message if shown in message else f"{shown}: {message}"


def progress_of(training: Training) -> ProgressLine | None:
    told = training.progress
    if training.state == "queued":
        return ProgressLine(None, None, "queued")
    return None if told is None else ProgressLine(told.step, told.total, told.message)


def as_json(training: Training) -> dict[str, Any]:
    """Return a training run as in the V2 API."""
    run = training.run
    told: dict[str, Any] = {
        "date": str(run.date) if run.date else None,
        "args": run.args,
        "status": run.state,
        "uuid": run.uuid,
        "model": training.model,
    }
    if run.message:
        told["message"] = run.message
    if run.progress is not None:
        progress = run.progress
        told["progress"] = {
            "step": progress.step,
            "total": progress.total,
            "message": progress.message,
        }
    if run.state == "done":
        seconds = run.duration_seconds
        told["result"] = {
            "finish_date": str(run.finished) if run.finished else None,
            "duration": str(timedelta(seconds=seconds)) if seconds is not None else None,
            "output": run.result,
        }
    return told


def _option(argument: Argument) -> Option:
    shape = _KINDS.get(argument.kind, shapes.ONE)
    if argument.many:
        shape = shapes.FILES if shape == shapes.FILE else shapes.MANY
    return Option(
        name=argument.name,
        shape=shape,
        kind=_WORDS.get(argument.kind, argument.kind),
        description=argument.description,
        required=argument.required,
        default=NOTHING if argument.default is None else argument.default,
        choices=tuple(shapes.shown(choice) for choice in argument.choices if choice != ANY),
        limits=tuple(_limits(argument)) if argument.tensor is None else (str(argument.tensor),),
    )


def _limits(argument: Argument) -> Iterator[str]:
    low, high = argument.minimum, argument.maximum
    if low is not None and high is not None:
        yield f"{low:g} to {high:g}"
    elif low is not None:
        yield f"at least {low:g}"
    elif high is not None:
        yield f"at most {high:g}"
