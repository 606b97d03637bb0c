"""Answers of every kind: one media type each, and JSON with every kind of field."""

import base64

from aiohttp import web
from marshmallow import Schema
from media_samples import mp4, pdf, png, wav
from webargs import fields, validate

MEDIA_TYPES = [
    "application/json",
    "image/png",
    "audio/wav",
    "video/mp4",
    "text/plain",
    "text/html",
    "text/csv",
    "text/markdown",
    "application/zip",
    "application/pdf",
    "image/*",
]
HTML = (
    "<h1>Hello</h1><p style='color: green'>formatted</p>"
    "<script>window.top.hacked = true; document.body.append('script ran')</script>"
    "<img src=x onerror='window.top.hacked = true'>"
)

MARKDOWN = """# A heading

*Marked* <img src=x onerror="window.hacked = true"> [bad](javascript:alert(1))

| a | b |
|---|---|
| 1 | 2 |
"""


class Place(Schema):
    left = fields.Int()
    top = fields.Int()


schema = {
    "text": fields.Str(metadata={"description": "A text <b>with</b> *marks*"}),
    "number": fields.Float(metadata={"description": "A number"}),
    "integer": fields.Int(metadata={"description": "An integer"}),
    "flag": fields.Bool(metadata={"description": "Yes or no"}),
    "labels": fields.List(fields.Str(), metadata={"description": "What it may be"}),
    "probabilities": fields.List(fields.Float(), metadata={"description": "How likely each is"}),
    "place": fields.Nested(Place, metadata={"description": "Where it is"}),
    "places": fields.List(fields.Nested(Place), metadata={"description": "Where they are"}),
    "mapping": fields.Dict(metadata={"description": "Any object"}),
    "numbers": fields.List(fields.Float(), metadata={"description": "Numbers"}),
    "date": fields.Date(metadata={"description": "A day"}),
    "moment": fields.DateTime(metadata={"description": "A moment"}),
    "picture": fields.Str(metadata={"description": "An image, in base64"}),
    "pictures": fields.List(fields.Str(), metadata={"description": "Images, in base64"}),
    "sound": fields.Str(metadata={"description": "An audio recording, in base64"}),
    "film": fields.Str(metadata={"description": "A video, in base64"}),
    "missing": fields.Str(metadata={"description": "Never in the answer"}),
    "missing_picture": fields.Str(metadata={"description": "An image that is never there"}),
    "empty": fields.Str(allow_none=True, metadata={"description": "Always null"}),
}


def get_metadata():
    return {"name": "every_output", "description": "Answers in every way", "author": ["One", "Two"]}


def get_predict_args():
    return {
        "refuse": fields.Int(
            load_default=0, metadata={"description": "Answer with an error of this HTTP status"}
        ),
        "accept": fields.Str(
            load_default="application/json",
            validate=validate.OneOf(MEDIA_TYPES),
            metadata={"location": "headers", "description": "What to answer"},
        ),
    }


def predict(**kwargs):
    if kwargs["refuse"] == 400:
        raise web.HTTPBadRequest(reason="this picture <b>cannot</b> be read")
    if kwargs["refuse"] == 422:
        raise web.HTTPUnprocessableEntity(reason="nothing to be found")
    if kwargs["refuse"] == 500:
        raise ValueError("the model is unhappy")
    if kwargs["refuse"] == 1:
        return {"labels": ["a"], "picture": "not base64!"}
    accept = kwargs["accept"]
    if accept == "application/json":
        return {
            "text": "a <i>text</i> with *marks*",
            "number": 0.25,
            "integer": 7,
            "flag": True,
            "labels": ["cat", "dog", "bird"],
            "probabilities": [0.7, 0.2, 0.1],
            "place": {"left": 1, "top": 2},
            "places": [{"left": 1, "top": 2}, {"left": 3, "top": 4}],
            "mapping": {"a": [1, 2, {"b": None}]},
            "numbers": [1.5, 2.5, 2.0],
            "date": "2026-11-21",
            "moment": "2026-11-21T06:30:00+00:00",
            "picture": base64.b64encode(png()).decode(),
            "pictures": [base64.b64encode(png()).decode()] * 2,
            "sound": base64.b64encode(wav()).decode(),
            "film": base64.b64encode(mp4()).decode(),
            "empty": None,
        }
    return {
        "image/png": png,
        "image/*": png,
        "audio/wav": wav,
        "video/mp4": mp4,
        "text/plain": lambda: "plain <b>text</b>\n  in two lines".encode(),
        "text/html": HTML.encode,
        "text/csv": lambda: b"a,b\n1,<b>2</b>\n",
        "text/markdown": lambda: MARKDOWN.encode(),
        "application/zip": lambda: b"PK\x05\x06" + 18 * b"\0",
        "application/pdf": pdf,
    }[accept]()
