"""Metrics and the context of a call, with Cog's own functions and in each of several calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from .served import serve, serving

RECORDS = """
import threading
from cog import BaseRunner, current_scope

class Runner(BaseRunner):
    def run(self) -> str:
        self.record_metric("words", 3)
        current_scope().record_metric("tokens", 1, mode="incr")
        current_scope().metrics.record("steps.first", "a", "append")
        self.scope.metrics["table"] = {"a": [1]}
        del self.scope.metrics["words"]
        return current_scope().context["who"]
"""


def test_metrics_and_context(tmp_path: Path) -> None:
    told = serve(RECORDS, tmp_path, "Runner").call(context={"who": "me"})
    assert told.json() == "me"
    assert told.metrics == [
        ("words", 3, "replace"),
        ("tokens", 1, "increment"),
        ("steps.first", "a", "append"),
        ("table", {"a": [1]}, "replace"),
        ("words", None, "replace"),
    ]


WRONG = """
from cog import current_scope

def run(kind: str) -> str:
    metrics = current_scope().metrics
    try:
        match kind:
            case "name": metrics["1st"] = 1
            case "long": metrics["a" * 129] = 1
            case "deep": metrics["a.b.c.d.e"] = 1
            case "reserved": metrics["predict_time"] = 1
            case "mode": metrics.record("a", 1, "other")
            case "value": metrics["a"] = object()
            case "inside":
                try:
                    metrics["a"] = [1, object()]
                except TypeError as error:
                    metrics["a"] = 1
                    return str(error)
            case "added": metrics.record("a", "x", "incr")
            case "type":
                metrics["a"] = 1
                metrics["a"] = "text"
    except (TypeError, ValueError) as error:
        return type(error).__name__
    return "no error"
"""


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("name", "ValueError"),
        ("long", "ValueError"),
        ("deep", "ValueError"),
        ("reserved", "ValueError"),
        ("mode", "TypeError"),
        ("value", "TypeError"),
        ("added", "TypeError"),
        ("type", "TypeError"),
    ],
)
def test_wrong_metrics(kind: str, error: str, tmp_path: Path) -> None:
    assert serve(WRONG, tmp_path).returned(kind=kind) == error


def test_a_value_with_what_json_cannot_hold_is_named(tmp_path: Path) -> None:
    told = serve(WRONG, tmp_path).call(kind="inside")
    said = "metric 'a': it cannot be sent as JSON: objects of type object are not JSON"
    assert told.json() == said
    assert told.metrics == [("a", 1, "replace")]


def test_outside_of_calls_nothing_is_noted(tmp_path: Path) -> None:
    source = """
    from cog import BaseRunner, current_scope
    class Runner(BaseRunner):
        def setup(self) -> None:
            current_scope().record_metric("loaded", 1)
        def run(self) -> str:
            return "well"
    """
    told = serve(source, tmp_path, "Runner").call()
    assert (told.json(), told.metrics) == ("well", [])


def test_each_of_the_calls_that_a_predictor_works_on_has_its_own(tmp_path: Path) -> None:
    source = """
    import asyncio
    from cog import current_scope
    async def run(who: str) -> str:
        await asyncio.sleep(0)
        current_scope().record_metric("who", who)
        return current_scope().context["who"]
    """
    with serving(source, tmp_path) as served:
        for who in ("one", "other"):
            told = served.call(who=who, context={"who": who})
            assert told.json() == who
            assert told.metrics == [("who", who, "replace")]


NAMES = """
from cog import current_scope

def run(name: str) -> str:
    try:
        current_scope().metrics.record(name, 1)
    except ValueError as error:
        return str(error)
    return ""
"""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("_a", "must start with a letter"),
        ("a__b", "must not contain consecutive underscores"),
        ("a.b_", "must end with a letter or digit"),
        (".a", "no dot at the start"),
        ("a..b", "empty segments"),
        ("a-b", "invalid character"),
        ("a\n", "invalid character"),
        ("a.b.c.d.e", "at most 4 dot-separated segments (got 5)"),
        ("a" * 129, "128 characters or fewer (got 129 characters)"),
        ("predict_time", "'predict_time' is reserved"),
        ("cog.a", "the 'cog.' prefix is reserved"),
    ],
)
def test_what_is_wrong_with_the_name_of_a_metric_is_told(
    name: str, said: str, tmp_path: Path
) -> None:
    assert said in serve(NAMES, tmp_path).returned(name=name)


@pytest.mark.parametrize(
    ("said", "told"),
    [("incr", "increment"), ("increment", "increment"), (None, "replace"), ("replace", "replace")],
)
def test_modes_are_told_in_the_words_of_cogs_events(
    said: str | None, told: str, tmp_path: Path
) -> None:
    source = f"""
    from cog import current_scope

    def run() -> str:
        current_scope().record_metric("tokens", 1, mode={said!r})
        return ""
    """
    assert serve(source, tmp_path).call().metrics == [("tokens", 1, told)]
