"""The other doors to a predictor: the V2 API, `deepaas-cli`, and the try-me page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Protocol

import gradio_client
from support.streams import streaming
from support.waiting import wait_until

import deepaas

from ..wire import Answer, Part, json_body, multipart_body
from .forks import Forks
from .make_schemas import PREDICTORS
from .questions import Question, content
from .servers import Server

STOP_SECONDS = 30
"""Less than predictors sleep that nobody stops."""


@dataclass(frozen=True)
class Told:
    """What came through a door.

    Attributes:
        output: a value of JSON, or the content of a file.
        error: why there is none.
    """

    output: Any = None
    error: str = ""


class Door(Protocol):
    """A way to ask a predictor."""

    def ask(self, question: Question) -> Told:
        """Make a prediction."""

    def ask_together(self, question: Question) -> Told:
        """Make several at a time; a list of what they answer."""

    def stop(self, question: Question) -> None:
        """Begin a prediction, and stop it once it has printed its mark."""


class V2:
    """The V2 API.

    Args:
        servers: the predictors behind Cog's API, by name.
        folder: for files.
    """

    def __init__(self, servers: dict[str, Server], folder: Path) -> None:
        self._servers = servers
        self._folder = folder

    def ask(self, question: Question) -> Told:
        values, files = question.inputs(self._folder / question.predictor)
        body = json_body(values)
        if files:
            parts = [Part(name, json.dumps(value)) for name, value in values.items()]
            for name, paths in files.items():
                parts += [Part(name, path.read_bytes(), filename=path.name) for path in paths]
            body = multipart_body(*parts)
        host = self._servers[question.predictor].host
        answer = host.predict(question.predictor, body=body, timeout_seconds=30)
        is_file = content(question.output) is not None
        return Told(answer.content) if is_file and answer.status == 200 else _told(answer)

    def ask_together(self, question: Question) -> Told:
        def ask(given: dict[str, Any]) -> Any:
            host = self._servers[question.predictor].host
            return _told(host.predict(question.predictor, given, timeout_seconds=30)).output

        with ThreadPoolExecutor(len(question.together)) as clients:
            return Told(list(clients.map(ask, question.together)))

    def stop(self, question: Question) -> None:
        server = self._servers[question.predictor]
        with streaming(server.host, question.predictor, **question.given) as stream:
            assert any(kind == "log" and question.mark in data for kind, data in stream)
        wait_until_stopped(server)


def _told(answer: Answer) -> Told:
    assert b"Traceback" not in answer.content
    if answer.status != 200:
        assert answer.status >= 500
        return Told(error=answer.json()["message"])
    told = answer.json()
    wrapped = isinstance(told, dict) and told.keys() == {"status", "predictions"}
    return Told(told["predictions"] if wrapped else told)


class Command:
    """`deepaas-cli predict`, by path.

    Args:
        group: name of the predictors' file.
        forks: runs it.
        folder: for files.
    """

    def __init__(self, group: str, forks: Forks, folder: Path) -> None:
        self._group = group
        self._forks = forks
        self._folder = folder

    def ask(self, question: Question) -> Told:
        ended = self._forks.run(*self.words(question))
        # Its author sees where it failed, and nothing of the host.
        assert str(Path(deepaas.__file__).parent) not in ended.errors
        if ended.code:
            assert not ended.output
            return Told(error=ended.errors.rstrip().rpartition("\n")[2] or f"exit {ended.code}")
        # JSON is a line, also where it is a file.
        is_file = content(question.output) is not None
        return Told(ended.output.removesuffix(b"\n") if is_file else json.loads(ended.output))

    def ask_together(self, question: Question) -> Told:
        """One process makes one prediction: this one waits for the others in vain."""
        given = question.together[0]
        told = self.ask(Question(question.predictor, given, error="none comes"))
        assert "TimeoutError" in told.error
        return Told(question.output)

    def stop(self, question: Question) -> None:
        ended = self._forks.run(*self.words(question), interrupt_at=question.mark)
        assert (ended.code, ended.output) == (130, b"")
        assert "was interrupted" in ended.errors

    def words(self, question: Question) -> list[str]:
        """The command without its name."""
        values, files = question.inputs(self._folder / question.predictor)
        words = ["--model-name", f"{PREDICTORS / self._group}.py:{question.predictor}", "predict"]
        for name, value in values.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            words.append(f"--{name}={text}")
        for name, paths in files.items():
            words += [f"--{name}", *map(str, paths)]
        return words


class Page:
    """The try-me page, as `gradio_client` uses it.

    Args:
        servers: the predictors behind Cog's API, by name.
        folder: for files.
    """

    def __init__(self, servers: dict[str, Server], folder: Path) -> None:
        self._servers = servers
        self._folder = folder
        self._clients: dict[str, gradio_client.Client] = {}

    def ask(self, question: Question) -> Told:
        try:
            output = self._submit(question).result(60)
        except gradio_client.exceptions.AppError as error:
            assert "Traceback" not in str(error)
            return Told(error=unescape(str(error)))
        is_file = content(question.output) is not None
        return Told(Path(output).read_bytes() if is_file else output)

    def ask_together(self, question: Question) -> Told:
        each = [Question(question.predictor, given) for given in question.together]
        return Told([call.result(60) for call in [self._submit(one) for one in each]])

    def stop(self, question: Question) -> None:
        call = self._submit(question)
        server = self._servers[question.predictor]
        wait_until(lambda: server.health()["status"] == "BUSY", "the call's begin", 30)
        call.cancel()
        wait_until_stopped(server)

    def close(self) -> None:
        # Each waits a second for its heartbeat.
        with ThreadPoolExecutor(max(1, len(self._clients))) as closing:
            list(closing.map(gradio_client.Client.close, self._clients.values()))

    def _submit(self, question: Question) -> Any:
        values, files = question.inputs(self._folder / question.predictor)
        for name, paths in files.items():
            sent = [gradio_client.handle_file(path) for path in paths]
            many = isinstance(question.given[name], list)
            values[name] = sent if many else sent[0]
        return self._client(question.predictor).submit(**values, api_name="/predict")

    def _client(self, predictor: str) -> gradio_client.Client:
        if predictor not in self._clients:
            port = self._servers[predictor].host.port
            self._clients[predictor] = gradio_client.Client(
                f"http://127.0.0.1:{port}/try-me/{predictor}/",
                verbose=False,
                analytics_enabled=False,
                httpx_kwargs={"timeout": 60},
                download_files=self._folder / "downloads",
            )
        return self._clients[predictor]


@contextmanager
def page(servers: dict[str, Server], folder: Path) -> Iterator[Page]:
    """The page, with its clients gone afterwards."""
    opened = Page(servers, folder)
    try:
        yield opened
    finally:
        opened.close()


def wait_until_stopped(server: Server) -> None:
    wait_until(lambda: server.health()["status"] == "READY", "the call's end", STOP_SECONDS)


def answered(door: Door, question: Question) -> Callable[[], None]:
    """Ask; give back what says whether that was answered as by Cog's API."""
    if question.mark:
        door.stop(question)
        return lambda: None
    told = door.ask_together(question) if question.together else door.ask(question)
    return lambda: _check(told, question)


def _check(told: Told, question: Question) -> None:
    if question.error:
        assert any(words in told.error for words in _reasons(question.error)), told
    else:
        expected = content(question.output)
        assert told == Told(question.output if expected is None else expected)


def _reasons(error: str) -> list[str]:
    """What a door may say of an error, each in its words."""
    if "cannot be sent" in error:
        return ["cannot be sent"]
    if died := re.match(r"Worker crashed: (.* exited with code (\d+).*)", error):
        reason, code = died.groups()
        # With the command there is no other process: its own has ended.
        return [reason, f"SystemExit: {code}", f"exit {code}"]
    return [error.removeprefix("Prediction failed: ")]
