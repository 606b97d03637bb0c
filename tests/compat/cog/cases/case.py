"""What one case is, and how to write it down in a line."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from support.waiting import wait_until

from ...wire import Answer
from .. import seen
from ..difference import Difference
from ..receiver import Receiver
from ..seen import Seen
from ..servers import Server

STREAM = (("Accept", "text/event-stream"),)
ASYNCHRONOUS = (("Prefer", "respond-async"),)

Look = Callable[[Server, Receiver], Seen]


@dataclass(frozen=True)
class Case:
    """Something to do with a predictor, of which both are seen to make the same."""

    predictor: str
    name: str
    look: Look
    differs: tuple[Difference, ...] = ()
    given: dict[str, Any] | None = None
    """The input of a plain prediction, or of one that is cancelled."""
    mark: str = ""
    """What a prediction has printed when it is cancelled."""
    together: tuple[dict[str, Any], ...] = ()
    """The inputs of predictions that are made at the same time."""


def request(
    predictor: str,
    name: str,
    method: str,
    path: str,
    body: Any = None,
    *,
    differs: tuple[Difference, ...] = (),
    **more: Any,
) -> Case:
    """One request."""

    def look(server: Server, _receiver: Receiver) -> Seen:
        found = seen.answer(server.ask(method, path, body, **more))
        return {
            aspect: value.removeprefix(server.base) if isinstance(value, str) else value
            for aspect, value in found.items()
        }

    return Case(predictor, name, look, differs)


def predict(predictor: str, name: str, /, *differs: Difference, **given: Any) -> Case:
    """A prediction that is waited for."""
    case = request(predictor, name, "POST", "/predictions", {"input": given}, differs=differs)
    return replace(case, given=given)


def stream(predictor: str, name: str, /, *differs: Difference, **given: Any) -> Case:
    """A prediction of which the events are sent."""
    body = {"input": given}
    return request(predictor, name, "POST", "/predictions", body, differs=differs, headers=STREAM)


def fetched(predictor: str, name: str, path: str, *differs: Difference) -> Case:
    """A prediction with a file of the receiver's."""

    def look(server: Server, receiver: Receiver) -> Seen:
        body = {"input": {"file": receiver.url + path}}
        found = seen.answer(server.ask("POST", "/predictions", body))
        return {key: _anonymous(value, receiver) for key, value in found.items()}

    return Case(predictor, name, look, differs)


def hooked(
    predictor: str,
    name: str,
    /,
    *differs: Difference,
    events: list[str] | None = None,
    asynchronous: bool = True,
    headers: tuple[tuple[str, str], ...] = (),
    **given: Any,
) -> Case:
    """A prediction of which a webhook is told."""

    def look(server: Server, receiver: Receiver) -> Seen:
        told = receiver.hook()
        # Cog keeps an id for a moment after it has told of the end.
        prediction_id = name.replace(" ", "-")
        body: dict[str, Any] = {"id": prediction_id, "input": given, "webhook": told.url}
        if events is not None:
            body["webhook_events_filter"] = events
        asked = headers + (ASYNCHRONOUS if asynchronous else ())
        found = seen.answer(server.ask("POST", "/predictions", body, headers=asked))
        bodies = told.wait_for_end()
        first = told.headers[0]
        return {
            **found,
            "webhooks": seen.steady(bodies),
            "webhook type": first["content-type"],
            "trace": first.get("traceparent"),
        }

    return Case(predictor, name, look, differs)


def cancelled(predictor: str, name: str, mark: str, /, *differs: Difference, **given: Any) -> Case:
    """A prediction that is cancelled once it has printed the mark."""

    def look(server: Server, receiver: Receiver) -> Seen:
        told = receiver.hook()
        body = {"input": given, "webhook": told.url}
        answers: list[Answer] = []
        client = threading.Thread(
            target=lambda: answers.append(server.ask("PUT", "/predictions/stopped", body))
        )
        client.start()
        told.wait_for_start()
        again = _asked_until(server, body, mark)
        cancel = server.ask("POST", "/predictions/stopped/cancel")
        client.join()
        # Cog sends webhooks side by side: the one of the end need not be the last.
        ends = [body for body in told.wait_for_end() if "predict_time" in body["metrics"]]
        return {
            **seen.answer(again, "again"),
            **seen.answer(cancel, "cancel"),
            **seen.answer(answers[0], "answer"),
            "end": seen.steady(ends[0]),
        }

    return Case(predictor, name, look, differs, given, mark)


def health(predictor: str, name: str, *differs: Difference) -> Case:
    """How it says that it is."""
    return request(predictor, name, "GET", "/health-check", differs=differs)


def all_at_once(predictor: str, name: str, *given: dict[str, Any]) -> Case:
    """Several predictions at a time."""

    def look(server: Server, _receiver: Receiver) -> Seen:
        found: dict[int, Seen] = {}

        def ask(number: int) -> None:
            body = {"input": given[number]}
            found[number] = seen.answer(server.ask("POST", "/predictions", body), str(number))

        clients = [threading.Thread(target=ask, args=(number,)) for number in range(len(given))]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return {key: value for number in sorted(found) for key, value in found[number].items()}

    return Case(predictor, name, look, together=given)


def wait_for_state(server: Server, *states: str) -> None:
    """Wait until the server is in one of these states."""
    wait_until(lambda: server.health()["status"] in states, f"one of {states}", 30)


def _asked_until(server: Server, body: Any, mark: str) -> Answer:
    """The answer to a second PUT once the mark is in the logs."""
    found: list[Answer] = []

    def printed() -> bool:
        found[:] = [server.ask("PUT", "/predictions/stopped", body)]
        return mark in found[0].json()["logs"]

    wait_until(printed, mark, 20)
    return found[0]


def _anonymous(value: Any, receiver: Receiver) -> Any:
    return value.replace(receiver.url, "http://receiver") if isinstance(value, str) else value
