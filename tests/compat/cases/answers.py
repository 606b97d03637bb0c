"""What models answer, and in which type; models of every shape."""

from __future__ import annotations

from urllib.parse import quote

from .. import differences as differ
from ..wire import Part, form_body, json_body, multipart_body
from .case import accept, header, predict

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

RETURNED = [
    *[
        predict(
            "returned",
            kind,
            "kind=" + quote(kind),
            status=status,
            differs=tuple(differs),
        )
        for kind, status, *differs in [
            ("dict", 200),
            ("list", 200),
            ("text", 200),
            ("number", 200),
            ("whole", 200),
            ("true", 200),
            ("none", 200),
            ("empty", 200),
            ("tuple", 200),
            ("number keys", 200),
            ("big", 200),
            ("large number", 200),
            ("nan", 200, differ.NOT_A_NUMBER),
            ("enumerations", 200),
            ("subclasses", 200),
            ("half a character", 200),
            ("floats", 200),
            ("tuple keys", 500),
            ("generator", 500),
            ("date", 500, differ.MORE_JSON),
            ("data class", 500, differ.MORE_JSON),
            ("bytes", 500, differ.MORE_JSON),
            ("set", 500, differ.MORE_JSON),
            ("object", 500),
            ("raise ValueError", 500),
            ("raise KeyError", 500),
            ("unknown", 500),
        ]
    ],
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

ACCEPT = [
    predict("accept_header", "no header"),
    *[
        predict(
            "accept_header",
            f"{returns} for {media}",
            "returns=" + quote(returns),
            headers=accept(media),
            status=status,
            differs=tuple(differs),
        )
        for returns, media, status, *differs in [
            ("dict", "application/json", 200),
            ("dict", "*/*", 200),
            ("bytes", "text/plain", 200),
            ("bytes", "image/png", 200),
            ("bytes", "application/zip", 200),
            ("bytes", "audio/*", 200),
            ("bytes", "application/pdf", 422),
            ("bytes", "audio/wav", 422, differ.WILDCARD_CHOICE),
            ("str", "text/plain", 200),
            ("str", "application/json", 200),
            ("str", "image/png", 200),
            ("none", "text/plain", 200),
            ("none", "image/png", 200),
            ("none", "application/json", 200),
            ("bytearray", "image/png", 200),
            ("bytesio", "image/png", 200),
            ("stringio", "text/plain", 200),
            ("file read", "image/png", 200, differ.FILE_NAME),
            ("file", "application/json", 500),
            ("text file", "text/plain", 500, differ.TEXT_FILE),
            ("list", "text/plain", 500),
            ("dict", "image/png", 500),
            ("number", "text/plain", 500),
            ("bytes", "application/json", 500, differ.MORE_JSON),
        ]
    ],
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
