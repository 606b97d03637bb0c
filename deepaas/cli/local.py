"""A model in this process, validated and called as by the worker of a host."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import multiprocessing
import os
import tempfile
import traceback
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import marshmallow

from deepaas.cli.declared import read_options
from deepaas.cli.inputs import make_inputs
from deepaas.cli.interrupt import Interrupt, Interrupted
from deepaas.cli.lines import Enough, ResultLines
from deepaas.cli.local_run import LocalRun
from deepaas.cli.options import Option
from deepaas.cli.output import CommandOutput, CommandResult
from deepaas.cli.problems import INTERRUPTED, MODEL_FAILED, OK, CommandProblem, bad_arguments, say
from deepaas.cli.status import announced
from deepaas.cli.unwinding import unwind
from deepaas.errors import ConfigError
from deepaas.messages import Answer, News, Part, Predict, RawRequest
from deepaas.model import discovery
from deepaas.model.discovery import FoundModel
from deepaas.model.kinds import load_kinds, offers
from deepaas.runtime import failures, interpreter, kinds
from deepaas.runtime.advice import advice
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.json_values import BadResult
from deepaas.runtime.places import MalformedBody
from deepaas.runtime.tracebacks import has_authors_frame
from deepaas.tensors.file_types import CODECS, offered

CHECKING = "checking"
"""The step that validates arguments; their paths are relative to the command's folder."""


@contextlib.contextmanager
def open_model(options: argparse.Namespace, output: CommandOutput) -> Iterator[LocalModel]:
    """Load the chosen model. Raises ``CommandProblem`` if that fails."""
    found = choose(options.model_name or os.environ.get("DEEPAAS_V2_MODEL"))
    output.keep_apart()
    _prepare_process(options)
    with tempfile.TemporaryDirectory(prefix="deepaas-cli-") as folder:
        yield LocalModel(found, options, Path(folder))


def choose(wanted: str | None) -> FoundModel:
    """Find a model by its name, path or any other reference that a kind of model recognises.

    Raises:
        CommandProblem: the model does not exist, none is installed, or several are.
    """
    kinds = load_kinds()
    available = list(dict.fromkeys(one.name for one in discovery.installed(kinds)))
    if not wanted and (here := discovery.uninstalled(kinds)):
        if available:
            say(f"{here} in this folder is not installed: deepaas-cli --model . uses it")
        else:
            say(f"no model is installed: using {here} in this folder")
            wanted = "."
    if not wanted and not available:
        raise CommandProblem(
            f"no model is installed: no installed package has {offers(kinds)}. "
            "To use a model of a host: deepaas-cli --url URL …"
        )
    if not wanted and len(available) > 1:
        raise CommandProblem(
            f"several models are installed: {', '.join(available)}\n"
            f"Choose one: deepaas-cli --model-name {available[0]} …, or set DEEPAAS_V2_MODEL"
        )
    try:
        return discovery.choose([wanted or available[0]], kinds=kinds)[0]
    except ConfigError as error:
        raise CommandProblem(error.message) from None


class LocalModel:
    def __init__(self, found: FoundModel, options: argparse.Namespace, folder: Path) -> None:
        self.name = name = found.name
        self._there = Path.cwd()
        self._debug: bool = options.debug
        self._plain: bool = options.plain
        self._run_folder: str | None = options.run_dir
        self._interrupt = Interrupt(folder)
        self._uploads = folder / "uploads"
        self._uploads.mkdir()
        self._control = folder / "control"
        with self._watched("loading", f"could not load {name}"):
            here = Path.cwd()
            try:
                self._model = LoadedModel(name, kinds.load(found.kind, found.source), folder)
            finally:
                # The author's paths are relative to this folder, those of the command to `here`.
                self._there = Path.cwd()
                os.chdir(here)
        for remark in self._model.remarks():
            say(f"warning: {remark}")
        self.streams = self._model.streams
        # As in DEEPaaS 2.x, the `warm` of packages is not called here.
        self._needs_setup = self._model.traits.needs_warm

    def options(self, function: str) -> list[Option]:
        arguments = self._model.arguments(function)
        if arguments is None:
            raise CommandProblem(f"{self.name} has no {function} function")
        return read_options(arguments)

    def metadata(self) -> Any:
        with self._watched("reading the metadata of", "get_metadata failed"):
            return self._model.metadata()

    def warm(self) -> str:
        with self._watched("warming up", "warm failed"):
            self._model.warm()
        return f"{self.name} is warmed up"

    def array_types(self) -> list[str]:
        told = self._model.describe().predict
        return offered(told) if told is not None else []

    def predict(self, values: dict[str, Any], array_type: str = "") -> CommandResult:
        arguments = self._prepared(values)
        with self._watched("predicting", "predict failed"):
            # Without the object that a host wraps the result in.
            call = Predict(0, RawRequest(), codec=CODECS.get(array_type, ""))
            answer = self._complete(call, arguments, lambda _news: None)
        return _result(answer)

    def stream(self, values: dict[str, Any], lines: ResultLines) -> None:
        arguments = self._prepared(values)

        def write(news: News) -> None:
            if isinstance(news, Part):
                lines.result(_result(news))

        with self._watched("predicting", "predict failed"):
            self._complete(Predict(0, RawRequest(), streamed=True), arguments, write)

    def train(self, values: dict[str, Any]) -> tuple[Any, int]:
        arguments = self._checked("train", values, self._model.train_arguments)
        start = datetime.now()
        told = {
            "date": str(start),
            "args": json.loads(self._model.shown_train_arguments(arguments)),
            "status": "done",
            "uuid": uuid.uuid4().hex,
        }
        with LocalRun(self.name, self._run_folder, self._control) as run:
            self._interrupt.be_polite(run)
            with self._watched("training", "train failed", run):
                answer = self._model.train(0, arguments)
        end = datetime.now()
        told["result"] = {
            "finish_date": str(end),
            "duration": str(end - start),
            "output": _json(answer),
        }
        if run.is_cancelled:
            told["status"] = "cancelled"
        say(f"{told['status']} after {str(end - start).partition('.')[0]}")
        return told, INTERRUPTED if run.is_cancelled else OK

    def _prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        arguments = self._checked("predict", values, self._model.predict_arguments)
        if self._needs_setup:
            with self._watched("setting up", f"setting up {self.name} failed"):
                self._model.warm()
        return arguments

    def _complete(
        self, call: Predict, arguments: dict[str, Any], post: Callable[[News], None]
    ) -> Answer:
        try:
            answer = self._model.complete(call, arguments, post)
        except BaseException:
            if self._model.asynchronous:
                unwind(self._model.loop)
            raise
        if answer.remark:
            say(f"warning: {answer.remark}")
        return answer

    def _checked(
        self, function: str, values: dict[str, Any], check: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        try:
            with self._watched(CHECKING, f"validating the arguments of {function} failed"):
                return check(make_inputs(self.options(function), values, self._uploads))
        except _Refused as refused:
            raise bad_arguments(function, refused.fields) from None

    @contextlib.contextmanager
    def _watched(self, doing: str, otherwise: str, run: LocalRun | None = None) -> Iterator[None]:
        """Show that the author's code is running, and report its exceptions."""
        ask = run.progress if run is not None else None
        here = Path.cwd()
        if doing != CHECKING:
            os.chdir(self._there)
        try:
            # Validation is quick, and needs no line of its own.
            plain = self._plain or doing == CHECKING
            with self._interrupt, announced(f"{doing} {self.name}", ask, plain=plain):
                yield
        except (marshmallow.ValidationError, MalformedBody) as error:
            told = failures.bad_arguments(0, error, RawRequest())
            raise _Refused(told.fields) from None
        except Interrupted as error:
            raise CommandProblem(f"{doing} {self.name} was interrupted", error.code) from None
        except (CommandProblem, Enough):
            raise
        except BaseException as error:
            raise self._problem(error, otherwise) from None
        finally:
            os.chdir(here)

    def _problem(self, error: BaseException, otherwise: str) -> CommandProblem:
        failure = failures.failure(0, error)
        if isinstance(error, KeyboardInterrupt):
            return CommandProblem("interrupted", INTERRUPTED)
        if failure.kind == "invalid_arguments":
            return bad_arguments(otherwise.partition(" ")[0], failure.fields)
        if failure.kind == "model_refused":
            return CommandProblem(f"{self.name} raised {failure.status}: {failure.message}", 1)
        if failure.kind == "not_implemented":
            said = failure.message or "NotImplementedError"
            return CommandProblem(f"{otherwise}: not implemented ({said})", MODEL_FAILED)
        if isinstance(error, BadResult):
            return CommandProblem(f"{otherwise}: {error}", MODEL_FAILED)
        if self._debug:
            traceback.print_exception(error)
        elif (isinstance(error, failures.CannotBeServed) or has_authors_frame(error)) and (
            told := failures.traceback_text(error)
        ):
            say(told.rstrip())
        if todo := advice(error):
            say(f"-> {todo}")
        return CommandProblem(f"{otherwise}: {failures.reason(error)}", MODEL_FAILED)


class _Refused(Exception):
    """The arguments are invalid."""

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(str(fields))
        self.fields = fields


def _prepare_process(options: argparse.Namespace) -> None:
    interpreter.hide_command()
    logging.basicConfig(
        level=logging.DEBUG if options.debug else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
    )
    if options.deepaas_with_multiprocessing:
        # As in DEEPaaS 2.x: processes of the model must not be forks of this one.
        multiprocessing.set_start_method("spawn", force=True)


def _result(news: Answer | Part) -> CommandResult:
    return CommandResult(news.media_type, news.body, Path(news.path) if news.path else None)


def _json(answer: Answer) -> Any:
    return json.loads(Path(answer.path).read_bytes() if answer.path else answer.body)
