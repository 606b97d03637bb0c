"""Runs examples as a batch, and compares the results with those of each alone."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from deepaas.check.session import Session
from deepaas.messages import Answer, Failure, News, Predict, RawRequest, Reply
from deepaas.runtime.batching import ways
from deepaas.runtime.batching.running import BatchRaised, run_batch
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.failures import reason

CALLS_COUNT = 4

DOING = "calling the examples as a batch"


def check(
    session: Session, author: Any, model: LoadedModel, examples: Sequence[dict[str, Any]]
) -> None:
    """`examples`: the arguments of calls that have succeeded."""
    function = getattr(author, ways.FUNCTION, None) or getattr(author, "predict", None)
    place = session.places.of_function(function) or session.place
    if unused := ways.why_not(author):
        session.add(
            "batch-unused", place, unused, f"remove it, or write def {ways.FUNCTION}(calls)"
        )
    if model.way is None or not examples:
        return
    key = model.way.key(examples[0])
    alike = [one for one in examples if model.way.key(one) == key][:CALLS_COUNT] or [examples[0]]
    if len(alike) == 1:
        alike = alike * 2
        if model.way.key(alike[0]) != model.way.key(alike[1]):
            return  # Such calls always run alone.
    calls = [copy.deepcopy(one) for one in alike]
    batch = session.run("call:batch", DOING, lambda: _together(model, calls), place)
    if isinstance(batch.error, BatchRaised):
        cause = batch.error.__cause__ or batch.error
        session.add(
            "batch-fails",
            session.places.of_error(cause) or place,
            f"{DOING}: raises {reason(cause)}",
            "fix this line: such calls run again, one by one, which takes longer",
        )
        return
    if not batch.good:
        return
    replies: list[Reply] = batch.value
    if any(
        isinstance(reply, Failure) and "one result for each" in reply.message for reply in replies
    ):
        told = next(one.traceback for one in replies if isinstance(one, Failure))
        session.add("batch-wrong-length", place, told, "return one result for each call, in order")
        return
    if any(map(_differs, calls, alike)):
        session.add(
            "batch-changes-input",
            place,
            f"{DOING}: the arguments have changed, and are used again if a batch fails",
            "change a copy",
        )
    _compare(session, model, alike, replies, place)


def _compare(
    session: Session,
    model: LoadedModel,
    examples: Sequence[dict[str, Any]],
    replies: Sequence[Reply],
    place: str,
) -> None:
    """Report results that belong to another call. Others may differ: by rounding, or by chance."""
    outcome = session.run("call:alone", DOING, lambda: _alone(model, examples), place)
    if not outcome.good:
        return
    alone, together = [_body(one) for one in outcome.value], [_body(one) for one in replies]
    if None in alone or None in together or len(set(alone)) < 2:
        return
    if alone != together and sorted(alone) == sorted(together):  # type: ignore[type-var]
        session.add(
            "batch-mixed-up",
            place,
            f"{DOING}: calls get the results of others",
            "return the results in the order of the calls",
        )


def _together(model: LoadedModel, calls: Sequence[dict[str, Any]]) -> list[Reply]:
    assert model.way is not None
    requests = [(_request(number), call) for number, call in enumerate(calls)]
    return run_batch(model, model.way, requests, _ignored, lambda: None)


def _alone(model: LoadedModel, calls: Sequence[dict[str, Any]]) -> list[Reply]:
    return [
        model.complete(_request(number), copy.deepcopy(call), _ignored)
        for number, call in enumerate(calls)
    ]


def _request(number: int) -> Predict:
    return Predict(number, RawRequest())


def _body(reply: Reply) -> bytes | None:
    return reply.body if isinstance(reply, Answer) and not reply.path else None


def _differs(one: Any, other: Any) -> bool:
    """Whether two values are not equal; what cannot be compared counts as equal."""
    if type(one) is not type(other):
        return True
    if isinstance(one, dict):
        return one.keys() != other.keys() or any(_differs(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)):
        return len(one) != len(other) or any(map(_differs, one, other))
    if hasattr(one, "tobytes"):
        return bool(one.shape != other.shape or one.tobytes() != other.tobytes())
    if isinstance(one, (str, bytes, int, float, bool, type(None))):
        return repr(one) != repr(other)
    return False


def _ignored(_news: News) -> None:
    """Ignore news before the result."""
