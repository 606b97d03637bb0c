"""Where arguments come from, old style and new; defaults; the AI4OS template."""

from __future__ import annotations

from ..wire import Part, form_body, json_body, multipart_body
from .case import accept, header, predict

PNG = Part("image", b"\x89PNG\r\n\x1a\n\x00\xff", "photo.png", "image/png")

OLD_STYLE = [
    predict("old_style", "nothing given"),
    predict("old_style", "query", "urls=http://x&mode=odd&top-k=3&threshold=0.1&flip=true&plain=a"),
    predict("old_style", "escapes in the query", "plain=a%20b%2Bc+d%C3%A9%F0%9F%98%80"),
    predict("old_style", "broken escape in the query", "plain=%zz"),
    predict("old_style", "query that is not UTF-8", "plain=%ff"),
    predict("old_style", "list by repetition", "labels=x&labels=y"),
    predict("old_style", "list of one", "labels=x"),
    predict("old_style", "list with a comma", "labels=x,y"),
    predict("old_style", "empty value", "plain=&urls="),
    predict("old_style", "empty number", "top-k=", status=422),
    predict("old_style", "repeated scalar", "plain=first&plain=second"),
    predict("old_style", "unknown argument", "unknown=1&plain=a"),
    predict("old_style", "under the minimum", "top-k=0", status=422),
    predict("old_style", "above the maximum", "top-k=11", status=422),
    predict("old_style", "no number", "top-k=many", status=422),
    predict("old_style", "no Boolean", "flip=perhaps", status=422),
    predict("old_style", "several faults", "top-k=0&threshold=x&flip=2", status=422),
    predict("old_style", "null for a default of none", body=json_body({"urls": None})),
    predict("old_style", "null", body=json_body({"plain": None}), status=422),
    predict("old_style", "JSON", body=json_body({"plain": "a", "top-k": 2, "flip": False})),
    predict(
        "old_style", "JSON number as text", body=json_body({"top-k": "2", "threshold": "0.25"})
    ),
    predict("old_style", "JSON with a text's number", body=json_body({"plain": 5}), status=422),
    predict("old_style", "JSON scalar for a list", body=json_body({"labels": "x"})),
    predict("old_style", "JSON empty list", body=json_body({"labels": []})),
    predict("old_style", "JSON fraction for a whole number", body=json_body({"top-k": 2.9})),
    predict("old_style", "JSON Boolean for a number", body=json_body({"top-k": True}), status=422),
    predict("old_style", "form", body=form_body(("plain", "a b"), ("top-k", "4"), ("note", "é"))),
    predict("old_style", "form list", body=form_body(("labels", "x"), ("labels", "y"))),
    predict("old_style", "query before form", "plain=query", body=form_body(("plain", "form"))),
    predict("old_style", "query before JSON", "plain=query", body=json_body({"plain": "json"})),
    predict("old_style", "one from each", "plain=q", body=json_body({"top-k": 7, "extra": 3})),
    predict("old_style", "query list before JSON", "labels=q", body=json_body({"labels": ["j"]})),
    predict(
        "old_style",
        "multipart text",
        body=multipart_body(Part("plain", "a"), Part("top-k", "4"), Part("note", "ä")),
    ),
    predict(
        "old_style", "multipart list", body=multipart_body(Part("labels", "x"), Part("labels", "y"))
    ),
    predict("old_style", "file", body=multipart_body(Part("data", b"\x00\xff", "a.bin"))),
    predict("old_style", "header", headers=header("X-Token", "secret")),
    predict("old_style", "header in other letters", headers=header("x-tOKEN", "secret")),
    predict("old_style", "header argument in the query", "X-Token=secret"),
    predict("old_style", "query argument elsewhere", body=json_body({"page": 3})),
    predict("old_style", "query argument", "page=3"),
    predict("old_style", "form argument in the query", "note=a"),
    predict("old_style", "form argument in JSON", body=json_body({"note": "a"})),
    predict("old_style", "JSON argument in the query", "extra=3"),
    predict("old_style", "JSON argument in a form", body=form_body(("extra", "3"))),
    predict("old_style", "JSON argument", body=json_body({"extra": 3})),
]

NEW_STYLE = [
    predict("new_style", "nothing given"),
    predict("new_style", "choice", "mode=exact"),
    predict("new_style", "not a choice", "mode=odd", status=422),
    predict("new_style", "exclusive minimum", "ratio=0", status=422),
    predict("new_style", "exclusive maximum", "ratio=1.0", status=422),
    predict("new_style", "inside", "ratio=0.999&count=256"),
    predict("new_style", "too short", "word=a", status=422),
    predict("new_style", "too long", "word=abcdef", status=422),
    predict("new_style", "pattern", "hex=0af"),
    predict("new_style", "not the pattern", "hex=xyz", status=422),
    predict("new_style", "allowed null", body=json_body({"weights": None})),
    predict("new_style", "file", body=multipart_body(PNG)),
    predict("new_style", "places", "only_query=1&only_form=2&only_json=3&X-Key=4"),
    predict("new_style", "places in JSON", body=json_body({"only_query": 1, "only_json": [2]})),
    predict(
        "new_style", "places in a form", body=form_body(("only_form", "1"), ("only_json", "2"))
    ),
    predict("new_style", "header", headers=header("X-Key", "k")),
    *[
        predict("new_style", f"Boolean {text}", f"flag={text}", status=status)
        for text, status in [
            ("true", 200),
            ("False", 200),
            ("1", 200),
            ("0", 200),
            ("on", 200),
            ("no", 200),
            ("t", 200),
            ("2", 422),
            ("", 422),
        ]
    ],
    *[
        predict(
            "new_style", f"JSON Boolean {value!r}", body=json_body({"flag": value}), status=code
        )
        for value, code in [(True, 200), (0, 200), ("yes", 200), (2, 422), ([], 422), (None, 422)]
    ],
]

DEFAULTS = [
    predict("defaults", "required missing", status=422),
    predict("defaults", "one required missing", "required=1", status=422),
    predict("defaults", "required empty", "required=&required_text=", status=422),
    predict("defaults", "defaults", "required=1&required_text="),
    predict(
        "defaults",
        "null where a default is",
        body=json_body(
            {
                "required": 1,
                "required_text": "a",
                "nothing": None,
                "nothing_list": None,
                "nullable": None,
            }
        ),
    ),
    predict(
        "defaults",
        "null where none may be",
        body=json_body({"required": None, "required_text": None, "zero": None, "empty": None}),
        status=422,
    ),
]

HUB = [
    predict("hub", "model is missing", status=422),
    predict("hub", "model", "model_name=first"),
    predict("hub", "unknown model", "model_name=third", status=422),
    predict(
        "hub",
        "options",
        body=json_body(
            {"model_name": "second", "batch_size": 3, "classes": ["a"], "threshold": None}
        ),
    ),
    predict("hub", "unknown options are not included", "model_name=first&more=1"),
    predict("hub", "options out of range", "model_name=first&batch_size=0&threshold=2", status=422),
    predict(
        "hub",
        "file",
        "model_name=first",
        body=multipart_body(Part("input_file", b"\x93NUMPY", "a.npy", "application/octet-stream")),
    ),
    predict("hub", "text", "model_name=first", headers=accept("text/plain")),
    predict("hub", "document", "model_name=first", headers=accept("application/pdf")),
    predict(
        "hub", "type that the package forgot", "model_name=first", headers=accept("*/*"), status=500
    ),
]
