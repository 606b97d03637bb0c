"""Nested, custom and typed fields."""

from __future__ import annotations

from ..wire import form_body, json_body
from .case import predict

NESTED = [
    predict("nested", "nothing given"),
    *[
        predict("nested", f"{name} {value!r}", body=json_body({name: value}), status=status)
        for name, value, status in [
            ("point", {"x": 1}, 200),
            ("point", {"x": "1", "y": 2}, 200),
            ("point", {"y": 2}, 422),
            ("point", {"x": 1, "z": 1}, 422),
            ("point", {"x": "a"}, 422),
            ("point", 5, 422),
            ("point", None, 422),
            ("box", {"right": 1}, 200),
            ("box", {"left": "a"}, 422),
            ("lenient", {"name": "a", "more": [1]}, 200),
            ("polygon", [{"x": 1}, {"x": 2, "y": 3}], 200),
            ("polygon", {"x": 1}, 200),
            ("polygon", [{"x": 1}, {"y": 1}, 3], 422),
            ("many", [{"x": 1}], 200),
            ("many", {"x": 1}, 422),
            ("numbers", [1, "2"], 200),
            ("numbers", [1, "a", None], 422),
            ("numbers", 5, 200),
            ("numbers", "5", 200),
            ("numbers", None, 422),
            ("floats", [1, 2, 3, 4], 422),
            ("matrix", [[1, 2], [3]], 200),
            ("matrix", [1], 422),
            ("delimited", [1, 2], 200),
            ("delimited", "1,2", 200),
            ("delimited", "1,a", 422),
            ("pair", [1, "a"], 200),
            ("pair", [1], 422),
            ("pair", ["a", 1], 422),
            ("options", {"b": {"c": [1]}}, 200),
            ("options", [1], 422),
            ("scores", {"a": "1.5", "b": 2}, 200),
            ("scores", {"a": "x"}, 422),
            ("anything", {"a": [None, 1.5]}, 200),
            ("anything", None, 422),
        ]
    ],
    predict("nested", "a list of objects as the body", body=json_body([{"x": 1}])),
    predict("nested", "query list", "numbers=1&numbers=2"),
    predict("nested", "query list with a comma", "numbers=1,2", status=422),
    predict("nested", "query delimited", "delimited=1,2"),
    predict("nested", "query delimited, repeated", "delimited=1&delimited=2"),
    predict("nested", "query object", "point=%7B%22x%22:1%7D", status=422),
    predict("nested", "query dict", "options=%7B%7D", status=422),
    predict("nested", "query list of lists", "matrix=1", status=422),
    predict("nested", "form object", body=form_body(("point", '{"x": 1}')), status=422),
    predict("nested", "form list", body=form_body(("numbers", "1"), ("numbers", "2"))),
    predict(
        "nested",
        "form list of floats",
        body=form_body(("floats", "1"), ("floats", "x")),
        status=422,
    ),
]

CUSTOM = [
    predict("custom", "required by its wire name", "required_key=1", status=422),
    predict("custom", "defaults", "Key=1"),
    *[
        predict("custom", query, f"Key=1&{query}", status=status)
        for query, status in [
            ("checkpoint=vgg", 200),
            ("checkpoint=unknown", 422),
            ("free=abc", 200),
            ("even=4", 200),
            ("even=3", 422),
            ("even=x", 422),
            ("several=12", 200),
            ("several=13", 422),
            ("several=-1", 422),
            ("refused=99", 200),
            ("refused=100", 422),
            ("own_message=x", 422),
            ("own_message=10", 422),
            ("dashed-name=a", 200),
            ("dashed_name=a", 200),
            ("choice=a", 200),
            ("choice=c", 422),
            ("not_x=x", 422),
            ("exactly=this", 200),
            ("exactly=that", 422),
            ("subset=r&subset=g", 200),
            ("subset=r&subset=x", 422),
            ("upper=abc", 200),
            ("constant=1", 200),
            ("answer_only=a", 422),
        ]
    ],
]

TYPES = [
    predict("types", "nothing given"),
    *[
        predict("types", query, query, status=status)
        for query, status in [
            ("int=5", 200),
            ("int=-5", 200),
            ("int=%205%20", 200),
            ("int=1_000", 200),
            ("int=5.0", 422),
            ("int=1e3", 422),
            ("int=12345678901234567890", 200),
            ("integer_strict=5", 422),
            ("integer_strict=5.5", 422),
            ("float=1e3", 200),
            ("float=.5", 200),
            ("float=NaN", 422),
            ("float=inf", 422),
            ("float_nan=nan", 200),
            ("float_nan=-Infinity", 200),
            ("number=1.5", 200),
            ("decimal=1.005", 200),
            ("decimal=x", 422),
            ("bool=yes", 200),
            ("date=2020-01-02", 200),
            ("date=02.01.2020", 422),
            ("datetime=2020-01-02T03:04:05", 200),
            ("datetime=2020-01-02T03:04:05%2B01:00", 200),
            ("datetime=2020-01-02", 422),
            ("time=03:04", 200),
            ("time=25:00", 422),
            ("delta=90", 200),
            ("uuid=12345678-1234-5678-1234-567812345678", 200),
            ("uuid=1234", 422),
            ("email=a@example.org", 200),
            ("email=a", 422),
            ("url=https://example.org/a?b", 200),
            ("url=example", 422),
            ("password=secret", 200),
            ("choice=three", 200),
            ("plain=anything", 200),
        ]
    ],
    *[
        predict("types", f"JSON {value}", body=json_body(value), status=status)
        for value, status in [
            ({"int": 5.7}, 200),
            ({"int": True}, 422),
            ({"int": [1]}, 422),
            ({"integer_strict": 5.0}, 422),
            ({"integer_strict": 5.5}, 422),
            ({"float": "1.5"}, 200),
            ({"decimal": 1.1}, 200),
            ({"str": ["a"]}, 422),
            ({"date": 5}, 422),
            ({"delta": 90}, 200),
            ({"plain": {"a": 1}}, 200),
            ({"int": 10**30}, 200),
        ]
    ],
]
