"""Inputs of every type, right and wrong; and requests of every shape."""

from __future__ import annotations

from typing import Any

from ...wire import Body
from .. import differences as differ
from ..difference import Difference
from .case import ASYNCHRONOUS, STREAM, Case, health, predict, request

JSON = "application/json"


def _post(name: str, body: Any, *differs: Difference, **more: Any) -> Case:
    return request("OneText", name, "POST", "/predictions", body, differs=differs, **more)


def _raw(name: str, content: bytes, media_type: str | None, *differs: Difference) -> Case:
    return _post(name, Body(content, media_type), *differs)


def _route(name: str, method: str, path: str, *differs: Difference) -> Case:
    return request("OneText", name, method, path, differs=differs)


REQUESTS = [
    predict("OneText", "given", s="x"),
    predict("OneText", "missing"),
    predict("OneText", "number for a text", s=5),
    predict("OneText", "null for a text", s=None),
    predict("OneText", "unknown input beside", s="x", other=1),
    _post("unknown field beside", {"input": {"s": "x"}, "other": 1}),
    _post("own id", {"id": "mine", "input": {"s": "x"}}),
    _post("id is a number", {"id": 5, "input": {"s": "x"}}, differ.READER),
    _post("id is empty", {"id": "", "input": {"s": "x"}}, differ.ODD_IDS),
    _post("id is null", {"id": None, "input": {"s": "x"}}),
    _post("input is null", {"input": None}),
    _post("input is a list", {"input": ["x"]}),
    _post("input is a text", {"input": "x"}),
    _post("empty object", {}),
    _post("a list", [], differ.READER),
    _raw("no body", b"", None),
    _raw("no body, but JSON", b"", JSON, differ.READER),
    _raw("not JSON", b"{", JSON, differ.READER),
    _raw("more than JSON", b'{"input": {"s": "x"}} more', JSON, differ.READER),
    _raw("not UTF-8", b'{"input": {"s": "\xff"}}', JSON, differ.READER),
    _raw("null", b"null", JSON, differ.READER),
    _raw("text/plain", b'{"input": {"s": "x"}}', "text/plain"),
    _raw("form", b"s=x", "application/x-www-form-urlencoded"),
    _raw("no type", b'{"input": {"s": "x"}}', None, differ.BODY_WITHOUT_TYPE),
    _raw("JSON of another kind", b'{"input": {"s": "x"}}', "application/vnd.a+json"),
    _raw("with charset", b'{"input": {"s": "x"}}', "application/json; charset=utf-8"),
    _raw("key twice", b'{"input": {"s": "x"}, "input": {"s": "y"}}', JSON, differ.KEY_TWICE),
    _post(
        "unknown webhook event",
        {"input": {"s": "x"}, "webhook_events_filter": ["end"]},
        differ.READER,
    ),
    _post("webhook is no URL", {"input": {"s": "x"}, "webhook": "nowhere"}),
    _post("webhook is a number", {"input": {"s": "x"}, "webhook": 1}, differ.READER),
    _post("context is no object", {"input": {"s": "x"}, "context": "x"}, differ.READER),
    _post("context of numbers", {"input": {"s": "x"}, "context": {"a": 1}}, differ.READER),
    _post("asynchronous", {"id": "later", "input": {"s": "x"}}, headers=ASYNCHRONOUS),
    _post(
        "asynchronous and more", {"input": {"s": "x"}}, headers=(("Prefer", "respond-async, wait"),)
    ),
    _post("asynchronous, wrong input", {"input": {}}, headers=ASYNCHRONOUS),
    _post(
        "stream of an unmarked one",
        {"input": {"s": "x"}},
        differ.STREAMS_UNMARKED,
        headers=STREAM,
    ),
    _post("stream, wrong input", {"input": {}}, differ.STREAMS_UNMARKED, headers=STREAM),
    request("OneText", "PUT", "PUT", "/predictions/one", {"input": {"s": "x"}}),
    request("OneText", "PUT again", "PUT", "/predictions/one", {"input": {"s": "y"}}),
    request(
        "OneText", "PUT, same id", "PUT", "/predictions/two", {"id": "two", "input": {"s": "x"}}
    ),
    request(
        "OneText", "PUT, other id", "PUT", "/predictions/two", {"id": "2", "input": {"s": "x"}}
    ),
    request("OneText", "PUT, wrong input", "PUT", "/predictions/three", {"input": {"s": 1}}),
    _route("cancel an unknown one", "POST", "/predictions/unknown/cancel"),
    _route("list", "GET", "/predictions", differ.LOOK_AT_PREDICTIONS),
    _route("look at one", "GET", "/predictions/unknown", differ.LOOK_AT_PREDICTIONS),
    _route("delete one", "DELETE", "/predictions/unknown", differ.LOOK_AT_PREDICTIONS),
    _route("unknown page", "GET", "/nothing/here"),
    _route("root", "GET", "/", differ.VERSION),
    _route("HEAD of the health", "HEAD", "/health-check"),
    health("OneText", "health"),
]

VALUES = [
    predict("Plain", "right", i=1, f=0.5, b=True, s="ä"),
    predict("Plain", "whole number for a share", differ.DECLARED_NUMBERS, i=1, f=2, b=False, s=""),
    predict(
        "Plain", "whole share for a number", differ.DECLARED_NUMBERS, i=1.0, f=2.0, b=False, s=""
    ),
    predict("Plain", "all wrong", i="1", f="0.5", b="true", s=1),
    predict("Plain", "truth for numbers", i=True, f=True, b=1, s=False),
    predict("Plain", "some missing", i=1, s=2),
    predict("Plain", "large", i=2**53 + 1, f=1e308, b=True, s="\u0000\ud83d\ude00"),
    predict("Plain", "larger", differ.DECLARED_NUMBERS, i=2**70, f=1, b=True, s=""),
    predict("Limits", "defaults"),
    predict("Limits", "at the limits", i=0, f=99.5, s="ab"),
    predict("Limits", "too small", i=-1, f=0.4, s="a"),
    predict("Limits", "too large", i=11, f=99.6, s="abcde"),
    predict("Limits", "not the pattern", s="AB1"),
    predict("Limits", "length of characters", s="äöü"),
    predict("Searched", "in the middle", s="hello world!"),
    predict("Searched", "not in it", s="hello"),
    predict("Choices", "right", colour="blue", size=4),
    predict("Choices", "default", size=1),
    predict("Choices", "wrong", colour="green", size=3),
    predict("Choices", "another type", colour=1, size="1"),
    predict("Defaults", "none given"),
    predict("Defaults", "all given", i=1, f=0.5, b=True, s="x", old=2),
    predict("Defaults", "null", i=None),
    predict("Optionals", "none given"),
    predict("Optionals", "all given", text="x", number=1, share=0.25),
    predict("Optionals", "null", differ.NULL_FOR_OPTIONAL, text=None, number=None, share=None),
    predict("Optionals", "wrong", text=1, number="x", share=2),
    predict("Lists", "right", numbers=[1, 2], texts=["x"], anything=[{}, {"a": 1}]),
    predict("Lists", "anything", differ.ANYTHING, numbers=[], anything=[1, "a", None, {}]),
    predict("Lists", "empty", numbers=[], texts=[]),
    predict("Lists", "defaults", numbers=[3]),
    predict("Lists", "items wrong", numbers=[1, "2", None], texts=[1]),
    predict("Lists", "no list", numbers=1),
    predict("Objects", "right", one={"a": [1, {"b": None}]}),
    predict("Objects", "both", one={}, other={"ä": 1}),
    predict("Objects", "no object", one=[1]),
    predict("Hidden", "given", key="abc"),
    predict("Hidden", "wrong", key=1),
    *[
        predict("Anything", str(value), differ.ANYTHING, value=value)
        for value in ("x", 1, 0.5, True, [1], None)
    ],
    predict("Anything", "object", value={"a": 1}),
    predict("Either", "text", value="x"),
    predict("Either", "number", value=1),
    predict("Either", "text of digits", value="1"),
    predict("Either", "neither", value=[1]),
    predict("NoInputs", "nothing given"),
    predict("NoInputs", "something given", a=1),
    predict("OldStyle", "default"),
    predict("OldStyle", "given", s="new"),
    predict("WithoutBase", "given", s="x"),
    predict("function", "given", s="x", times=3),
    predict("function", "missing"),
]

CASES = [*REQUESTS, *VALUES]
