"""What models answer, and in which type; models of every shape."""

from __future__ import annotations

from urllib.parse import quote

from .. import differences as differ
from ..differences import Difference
from ..wire import Part, form_body, json_body, multipart_body
from .case import Case, accept, header, predict

OBJECTS = [
    predict("static-methods.v1_2", "default"),
    predict("static-methods.v1_2", "given", "number=4"),
    predict("class_methods", "given", "number=4"),
    predict("class_methods", "missing", status=422),
    predict("instance", "given", "a=4"),
    predict("instance", "both", body=json_body({"a": 1, "b": -1})),
    predict("instance", "missing", status=422),
    predict("nothing", "no predict", status=501),
    predict("no_predict", "no predict", status=501),
    predict("only_metadata", "no predict", status=501),
    predict("only_metadata", "no predict, arguments given", "a=1", status=501),
    predict("not_implemented", "no arguments"),
    predict("not_implemented", "arguments nobody asked for", "a=1", body=json_body({"b": 1})),
    predict("stateful", "reset", "reset=1"),
    predict("stateful", "first"),
    predict("stateful", "second"),
    predict("stateful", "reset again", "reset=1"),
    predict("cookies", "nothing given"),
    predict("cookies", "cookie", headers=header("Cookie", "other=1; session=abc")),
    predict("cookies", "cookie argument in the query", "session=abc"),
]


def _returned(kind: str, status: int, *differs: Difference) -> Case:
    return predict("returned", kind, "kind=" + quote(kind), status=status, differs=differs)


RETURNED = [
    _returned("dict", 200),
    _returned("list", 200),
    _returned("text", 200),
    _returned("number", 200),
    _returned("whole", 200),
    _returned("true", 200),
    _returned("none", 200),
    _returned("empty", 200),
    _returned("tuple", 200),
    _returned("number keys", 200),
    _returned("big", 200),
    _returned("large number", 200),
    _returned("nan", 200, differ.NOT_A_NUMBER),
    _returned("enumerations", 200),
    _returned("subclasses", 200),
    _returned("half a character", 200),
    _returned("floats", 200),
    _returned("tuple keys", 500),
    _returned("generator", 500),
    _returned("date", 500, differ.MORE_JSON),
    _returned("data class", 500, differ.MORE_JSON),
    _returned("bytes", 500, differ.MORE_JSON),
    _returned("set", 500, differ.MORE_JSON),
    _returned("object", 500),
    _returned("raise ValueError", 500),
    _returned("raise KeyError", 500),
    _returned("unknown", 500),
    predict("returned", "Accept is ignored", "kind=whole", headers=accept("image/png")),
    *[
        predict("schema_dict", kind, "kind=" + quote(kind), status=status)
        for kind, status in [
            ("good", 200),
            ("sent unchanged", 200),
            ("missing", 500),
            ("unknown", 500),
            ("wrong type", 500),
            ("out of range", 500),
            ("no dict", 500),
            ("none", 500),
        ]
    ],
    predict("schema_class", "good"),
    predict("schema_class", "bad", "bad=true", status=500),
]


def _accepting(returns: str, media: str, status: int, *differs: Difference) -> Case:
    return predict(
        "accept_header",
        f"{returns} for {media}",
        "returns=" + quote(returns),
        headers=accept(media),
        status=status,
        differs=differs,
    )


ACCEPT = [
    predict("accept_header", "no header"),
    _accepting("dict", "application/json", 200),
    _accepting("dict", "*/*", 200),
    _accepting("bytes", "text/plain", 200),
    _accepting("bytes", "image/png", 200),
    _accepting("bytes", "application/zip", 200),
    _accepting("bytes", "audio/*", 200),
    _accepting("bytes", "application/pdf", 422),
    _accepting("bytes", "audio/wav", 422, differ.WILDCARD_CHOICE),
    _accepting("str", "text/plain", 200),
    _accepting("str", "application/json", 200),
    _accepting("str", "image/png", 200),
    _accepting("none", "text/plain", 200),
    _accepting("none", "image/png", 200),
    _accepting("none", "application/json", 200),
    _accepting("bytearray", "image/png", 200),
    _accepting("bytesio", "image/png", 200),
    _accepting("stringio", "text/plain", 200),
    _accepting("file read", "image/png", 200, differ.FILE_NAME),
    _accepting("file", "application/json", 500),
    _accepting("text file", "text/plain", 500, differ.TEXT_FILE),
    _accepting("list", "text/plain", 500),
    _accepting("dict", "image/png", 500),
    _accepting("number", "text/plain", 500),
    _accepting("bytes", "application/json", 500, differ.MORE_JSON),
    predict(
        "accept_header",
        "file for text/plain",
        "returns=file",
        headers=accept("text/plain"),
        differs=(differ.FILE_NAME,),
    ),
    predict(
        "accept_header",
        "file for application/zip",
        "returns=file",
        headers=accept("application/zip"),
        differs=(differ.FILE_NAME,),
    ),
    predict(
        "accept_header",
        "file for audio/*",
        "returns=file",
        headers=accept("audio/*"),
        differs=(differ.FILE_NAME,),
    ),
    predict(
        "accept_header",
        "choice in the query",
        "returns=bytes&accept=image/png",
        headers=accept("text/plain"),
    ),
    predict("accept_header", "choice in the query only", "accept=image/png"),
    predict("accept_anywhere", "nothing given"),
    predict("accept_anywhere", "header is ignored", headers=accept("application/json")),
    *[
        predict("accept_anywhere", media, f"accept={media}", status=status)
        for media, status in [
            ("image/*", 200),
            ("application/json", 200),
            ("*/*", 200),
            ("application/zip", 200),
            ("image/png", 422),
        ]
    ],
    predict("accept_anywhere", "in a form", body=form_body(("accept", "application/zip"))),
    predict("accept_anywhere", "in JSON", body=json_body({"accept": "*/*"})),
    predict(
        "accept_anywhere",
        "in multipart",
        body=multipart_body(
            Part("accept", "application/json"), Part("demo-image", b"GIF89a", "a.gif", "image/gif")
        ),
    ),
    predict(
        "accept_anywhere",
        "the upload back",
        "accept=image/*",
        headers=accept("image/*"),
        body=multipart_body(Part("demo-image", b"GIF89a" * 50_000, "a.gif", "image/gif")),
        differs=(differ.FILE_NAME,),
    ),
    predict("accept_required", "not given", status=422),
    predict("accept_required", "text", headers=accept("text/csv")),
    predict("accept_required", "JSON", "rows=3", headers=accept("application/json")),
    predict("accept_required", "anything", headers=accept("*/*")),
    predict("accept_required", "not offered", headers=accept("text/html"), status=422),
]
