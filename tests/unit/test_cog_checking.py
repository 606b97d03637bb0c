"""Whether inputs fit their schema, and what is told of those that do not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from deepaas.protocols.cog.checking import LARGE, Checker, argument_faults
from deepaas.web.secret_values import SECRET, without_secrets

MANY = 1_000_000
MAX_SECONDS = 0.2
"""Of processor time. To name the faults of so many items took ten."""

PASSWORD = {"type": "string", "format": "password"}


def checker(**properties: Any) -> Checker:
    return Checker({"type": "object", "properties": properties, "required": [*properties][:1]})


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        [1] * MANY,
        ["a"] * MANY + [1],
        [["a"]] * MANY,
        "a" * MANY * 10,
        {"a": [1] * MANY},
        dict.fromkeys(map(str, range(MANY))),
        nested(900),
        [nested(900)],
    ],
    ids=[
        "many wrong items",
        "last one wrong",
        "nested",
        "text",
        "object",
        "large object",
        "deep",
        "deeper",
    ],
)
def test_faults_of_what_is_large_cost_little(value: Any) -> None:
    wanted = checker(x={"type": "array", "items": {"type": "string"}}, y={"type": "integer"})
    began = time.thread_time()
    faults = wanted.faults({"x": value, "y": "a"})
    assert time.thread_time() - began < MAX_SECONDS
    assert [(one["loc"], one["msg"]) for one in faults] == [
        (["body", "input", "x"], LARGE),
        (["body", "input", "y"], '"a" is not of type "integer"'),
    ]


def test_an_input_that_is_no_object_is_not_told_when_it_is_large() -> None:
    (fault,) = checker().faults([1] * MANY)
    assert (fault["loc"], fault["msg"]) == (["body", "input", "__root__"], LARGE)
    (fault,) = checker().faults(["x"])
    assert fault["msg"] == '["x"] is not of type "object"'


def test_faults_of_what_is_small_are_told_one_by_one() -> None:
    wanted = checker(
        x={"type": "array", "items": {"type": "string", "minLength": 2}},
        y={"type": "integer", "nullable": True, "minimum": 1},
        z={"type": "object", "properties": {"a": {}}, "required": ["a"]},
    )
    assert wanted.faults({"x": ["ab"], "y": None, "unknown": [1] * 1000}) == []
    told = wanted.faults({"y": 0, "z": {}})
    assert [("/".join(one["loc"][2:]), one["msg"]) for one in told] == [
        ("y", "0 is less than the minimum of 1"),
        ("z/a", "Field required"),
        ("x", "Field required"),
    ]
    told = wanted.faults({"x": ["a"] * 200})
    assert [one["loc"][2] for one in told] == [f"x/{number}" for number in range(100)]


@pytest.mark.parametrize(
    "pattern",
    [r"a\Z", "(?#a)a", "(?P<q>a)(?P=q)", "a{,3}", "a{", r"\N{DIGIT ONE}", "(a)?(?(1)b|c)"],
)
def test_a_pattern_that_only_python_can_read_is_left_out(pattern: str) -> None:
    text = {"type": "string", "pattern": pattern}
    wanted = checker(x=text, y={"type": "array", "items": text}, z={"anyOf": [text]})
    assert wanted.faults({"x": "-", "y": ["-"], "z": "-"}) == []
    assert len(wanted.faults({"x": 1, "y": [1]})) == 2
    other = checker(pattern={"type": "string", "pattern": "^a$"})
    assert len(other.faults({"pattern": "b"})) == 1


def test_faults_that_the_model_has_found() -> None:
    fields = {"a": {"0": ["no"], "b": {"c": ["never"]}}, "d": ["bad", "worse"], "e": "odd"}
    told = [(one["loc"], one["msg"]) for one in argument_faults(fields)]
    assert told == [
        (["body", "input", "a/0"], "no"),
        (["body", "input", "a/b/c"], "never"),
        (["body", "input", "d"], "bad"),
        (["body", "input", "d"], "worse"),
        (["body", "input", "e"], "odd"),
    ]


@pytest.mark.parametrize(
    ("schema", "value", "shown"),
    [
        (PASSWORD, "a", SECRET),
        ({"type": "array", "items": PASSWORD}, ["a", "b"], [SECRET, SECRET]),
        ({"type": "array", "items": {"type": "array", "items": PASSWORD}}, [["a"]], [[SECRET]]),
        ({"type": "object", "additionalProperties": PASSWORD}, {"a": "b"}, {"a": SECRET}),
        (
            {"allOf": [{"type": "object", "properties": {"a": PASSWORD}}]},
            {"a": "b", "c": "d"},
            {"a": SECRET, "c": "d"},
        ),
        ({"type": "array", "items": {"type": "string"}}, ["a"], ["a"]),
        ({"type": "object", "additionalProperties": True}, {"a": "b"}, {"a": "b"}),
    ],
)
def test_what_is_secret_is_not_shown(schema: Any, value: Any, shown: Any) -> None:
    given = {"x": value, "unknown": "a"}
    assert without_secrets(given, {"properties": {"x": schema}}) == {"x": shown}
