"""Answers of every kind: one media type each, and JSON with every kind of field."""

import base64
import io
import math
import struct
import wave
import zlib

from aiohttp import web
from marshmallow import Schema
from webargs import fields, validate

MEDIA_TYPES = [
    "application/json",
    "image/png",
    "audio/wav",
    "video/mp4",
    "text/plain",
    "text/html",
    "text/csv",
    "application/zip",
    "application/pdf",
    "image/*",
]
HTML = (
    "<h1>Hello</h1><p style='color: green'>formatted</p>"
    "<script>window.top.hacked = true; document.body.append('script ran')</script>"
    "<img src=x onerror='window.top.hacked = true'>"
)


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


def png():
    """A picture of 64x64 pixels, red to blue."""
    rows = b"".join(
        b"\0" + b"".join(bytes((255 - 4 * x, 0, 4 * x)) for x in range(64)) for _ in range(64)
    )

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    packed = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + packed


def wav():
    """A tone of half a second."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        samples = (int(20000 * math.sin(i * 0.35)) for i in range(4000))
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()


def mp4():
    """The beginning of an MP4 file: enough to be handed on."""
    return struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 512, b"isom", b"mp41")


def predict(**kwargs):
    if kwargs["refuse"] == 400:
        raise web.HTTPBadRequest(reason="this picture <b>cannot</b> be read")
    if kwargs["refuse"] == 422:
        raise web.HTTPUnprocessableEntity(reason="nothing to be found")
    if kwargs["refuse"] == 500:
        raise ValueError("the model is unhappy")
    if kwargs["refuse"] == 1:
        return {"text": None, "labels": ["a"], "probabilities": None, "picture": "not base64!"}
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
            "numbers": [1.5, 2.5],
            "date": "2026-11-21",
            "moment": "2026-11-21T06:30:00+00:00",
            "picture": base64.b64encode(png()).decode(),
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
        "text/csv": lambda: b"a,b\n1,2\n",
        "application/zip": lambda: b"PK\x05\x06" + 18 * b"\0",
        "application/pdf": lambda: b"%PDF-1.4\n%%EOF\n",
    }[accept]()
