"""Bodies of every kind, good and bad; uploads."""

from __future__ import annotations

import gzip
from dataclasses import replace

from .. import differences as differ
from ..wire import BOUNDARY, Body, Part, form_body, json_body, multipart_body
from .case import header, predict

PNG = Part("image", b"\x89PNG\r\n\x1a\n\x00\xff", "photo.png", "image/png")
JSON_TYPE = header("Content-Type", "application/json")


def nest(levels: int) -> list[object]:
    return [nest(levels - 1)] if levels else []


BODIES = [
    predict("old_style", "empty body with a JSON type", headers=JSON_TYPE),
    predict("old_style", "bad JSON", body=Body(b'{"a', "application/json"), status=400),
    predict(
        "old_style", "JSON not UTF-8", body=Body(b'{"a": "\xff"}', "application/json"), status=400
    ),
    predict(
        "old_style",
        "JSON with a charset",
        body=Body('{"plain": "é"}'.encode("latin-1"), "application/json; charset=latin-1"),
    ),
    predict("old_style", "JSON list", body=json_body([1])),
    predict("old_style", "JSON text", body=json_body("text")),
    predict("old_style", "JSON null", body=json_body(None)),
    predict("old_style", "JSON number", body=json_body(5)),
    predict(
        "old_style",
        "JSON with a repeated name",
        body=Body(b'{"plain": "a", "plain": "b"}', "application/json"),
    ),
    predict(
        "old_style",
        "JSON with NaN",
        body=Body(b'{"threshold": NaN}', "application/json"),
        status=422,
    ),
    predict("old_style", "kind of JSON", body=Body(b'{"plain": "a"}', "application/vnd.api+json")),
    predict("old_style", "JSON type in capitals", body=Body(b'{"plain": "a"}', "Application/JSON")),
    predict(
        "old_style",
        "JSON compressed",
        headers=header("Content-Encoding", "gzip"),
        body=Body(gzip.compress(b'{"plain": "a"}', mtime=0), "application/json"),
    ),
    predict(
        "old_style",
        "bad JSON, but all given",
        "plain=a",
        body=Body(b"{", "application/json"),
        status=400,
    ),
    predict(
        "class_methods",
        "bad JSON that nobody looks at",
        "number=2",
        body=Body(b"{", "application/json"),
    ),
    predict(
        "nothing", "bad JSON for no arguments", body=Body(b"{", "application/json"), status=501
    ),
    predict(
        "old_style", "body without a type", body=Body(b"plain=a"), differs=(differ.UNREADABLE_BODY,)
    ),
    predict(
        "old_style",
        "plain text",
        body=Body(b"plain=a", "text/plain"),
        differs=(differ.UNREADABLE_BODY,),
    ),
    predict(
        "old_style", "XML", body=Body(b"<a/>", "application/xml"), differs=(differ.UNREADABLE_BODY,)
    ),
    predict("old_style", "text type, no body", headers=header("Content-Type", "text/plain")),
    predict(
        "old_style",
        "form with a charset",
        body=Body(b"plain=%E9", "application/x-www-form-urlencoded; charset=latin-1"),
    ),
    predict("old_style", "empty form", body=Body(b"", "application/x-www-form-urlencoded")),
    predict("old_style", "empty multipart", body=multipart_body()),
    predict("old_style", "JSON in chunks", body=replace(json_body({"plain": "a"}), chunked=True)),
    predict("old_style", "form in chunks", body=replace(form_body(("plain", "a")), chunked=True)),
    predict(
        "old_style",
        "JSON with a byte order mark",
        body=Body(b"\xef\xbb\xbf{}", "application/json"),
        status=400,
    ),
    predict("old_style", "JSON of spaces", body=Body(b"  ", "application/json"), status=400),
    predict(
        "old_style",
        "JSON with trailing rubbish",
        body=Body(b"{} x", "application/json"),
        status=400,
    ),
    predict(
        "old_style",
        "JSON with a half character",
        body=Body(b'{"plain": "\\ud800"}', "application/json"),
    ),
    predict("old_style", "JSON with a null character", body=json_body({"plain": "a\0b"})),
    predict(
        "old_style",
        "JSON beyond floats",
        body=Body(b'{"threshold": 1e400}', "application/json"),
        status=422,
    ),
    predict("nested", "JSON with a hundred levels", body=json_body({"anything": nest(100)})),
    predict("old_style", "large JSON", body=json_body({"plain": "a" * 3_000_000})),
    predict(
        "old_style",
        "large form",
        body=replace(form_body(("plain", "")), content=b"plain=" + b"%C3%A4" * 500_000),
    ),
    predict("old_style", "large text part", body=multipart_body(Part("plain", "ä" * 1_000_000))),
    predict(
        "old_style",
        "many parts",
        body=multipart_body(*[Part("labels", str(i)) for i in range(900)]),
    ),
    predict("old_style", "null character in the query", "plain=a%00b"),
    predict("old_style", "semicolons in the query", "plain=a;top-k=3"),
    predict("old_style", "name without a value", "plain"),
    predict("old_style", "escaped name", "top%2Dk=3"),
    predict(
        "old_style",
        "header beyond ASCII",
        headers=header("X-Token", "é"),
        differs=(differ.UNDECODABLE_HEADER,),
    ),
    predict("old_style", "after a header beyond ASCII", headers=header("X-Token", "e")),
    predict(
        "cookies",
        "cookie beyond ASCII",
        headers=header("Cookie", "session=é"),
        differs=(differ.UNDECODABLE_HEADER,),
    ),
    predict(
        "old_style",
        "text part with a type",
        body=multipart_body(Part("plain", "é", None, "text/plain; charset=utf-8")),
    ),
    predict(
        "old_style",
        "text part in latin-1",
        body=multipart_body(
            Part("plain", "é".encode("latin-1"), None, "text/plain; charset=latin-1")
        ),
    ),
]

FILES = [
    predict("files", "the required one", body=multipart_body(PNG)),
    predict("files", "none", status=422),
    predict("files", "none in a form", body=form_body(("label", "a")), status=422),
    predict("files", "other file only", body=multipart_body(Part("input", b"x", "x")), status=422),
    predict(
        "files",
        "several",
        "label=a",
        body=multipart_body(
            PNG,
            Part("input", b"video", "a.mp4", "video/mp4"),
            Part("demo_audio", b"RIFF", "a.wav", "audio/wav"),
            Part("labels", "1"),
            Part("labels", "2"),
        ),
    ),
    predict(
        "files", "two of one name", body=multipart_body(PNG, Part("image", b"second", "second"))
    ),
    predict("files", "empty", body=multipart_body(Part("image", b"", "empty.png", "image/png"))),
    predict("files", "without a type", body=multipart_body(Part("image", b"x", "x.png"))),
    predict(
        "files",
        "type with parameters",
        body=multipart_body(Part("image", b"x", "x.txt", "text/plain; charset=utf-8")),
    ),
    predict(
        "files",
        "name with spaces and accents",
        body=multipart_body(Part("image", b"x", "mein schönes Bild.png", "image/png")),
    ),
    predict("files", "no extension", body=multipart_body(Part("image", b"x", "photo"))),
    predict("files", "location not said", body=multipart_body(PNG, Part("no-location", b"x", "x"))),
    predict(
        "files",
        "large",
        body=multipart_body(
            Part("image", b"0123456789" * 300_000, "large.bin", "application/octet-stream")
        ),
    ),
    predict(
        "files", "line ends kept", body=multipart_body(Part("image", b"\r\n--compat\r\n\r\n", "x"))
    ),
    predict("files", "for text", body=multipart_body(PNG, Part("label", b"x", "x")), status=422),
    predict("files", "in chunks", body=replace(multipart_body(PNG), chunked=True)),
    predict(
        "files",
        "quoted boundary",
        body=replace(
            multipart_body(PNG), content_type=f'multipart/form-data; boundary="{BOUNDARY}"'
        ),
    ),
    predict(
        "files",
        "preamble",
        body=Body(b"preamble\r\n" + multipart_body(PNG).content, multipart_body().content_type),
    ),
    predict(
        "files",
        "name as RFC 5987 has it",
        body=multipart_body(Part("image", b"x", more="; filename*=utf-8''sch%C3%B6n.png")),
    ),
    predict(
        "files",
        "escapes in the name",
        body=multipart_body(Part("image", b"x", "a%22b%20c.png")),
        differs=(differ.SAFE_NAME,),
    ),
    predict(
        "files", "type beyond ASCII", body=multipart_body(Part("image", b"x", "x", "imäge/png"))
    ),
    predict("files", "after all that", body=multipart_body(PNG)),
    predict(
        "files",
        "text, then a file",
        body=multipart_body(Part("image", "text"), PNG),
        differs=(differ.TEXT_FOR_FILE,),
        status=200,
    ),
    predict("files", "unknown file", body=multipart_body(PNG, Part("unknown", b"x", "x"))),
    predict(
        "files",
        "bad list beside",
        body=multipart_body(PNG, Part("labels", "a"), Part("labels", "2")),
        status=422,
    ),
]
