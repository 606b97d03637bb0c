"""One argument of every kind, in every place; the answer says what has arrived."""

import hashlib
import time

from marshmallow import Schema, ValidationError
from webargs import fields, validate


def get_metadata():
    return {
        "name": "every_argument",
        "summary": "Takes every kind of argument",
        "description": "Takes every kind of argument and answers with what has arrived",
        "author": "Ada Lovelace, Charles Babbage",
        "author-email": "ada@example.org",
        "license": "Apache-2.0",
        "url": "https://example.org/every",
        "version": "1.2.3",
        "examples": [
            {"text": "first example", "count": 7, "choice": "green"},
            {"text": "second example", "count": 2, "choice": "blue"},
        ],
    }


class Box(Schema):
    left = fields.Int(required=True)
    top = fields.Int(required=True)


def _file(description, **options):
    metadata = {"type": "file", "location": "form", "description": description}
    return fields.Field(metadata=metadata, **options)


def _fits(value):
    if value == "refuse":
        raise ValidationError("This text is refused.")


def get_predict_args():
    return {
        "text": fields.Str(
            required=True, validate=_fits, metadata={"description": "A required text"}
        ),
        "note": fields.Str(
            load_default="as it was", metadata={"description": "A text with a default"}
        ),
        "secret": fields.Str(
            load_default="", metadata={"format": "password", "description": "A password"}
        ),
        "choice": fields.Str(
            load_default="red",
            validate=validate.OneOf(["red", "green", "blue"]),
            metadata={"enum": ["red", "green", "blue"], "description": "A colour"},
        ),
        "size": fields.Int(
            load_default=2,
            validate=validate.OneOf([1, 2, 4]),
            metadata={"description": "A number out of three"},
        ),
        "several": fields.List(
            fields.Str(validate=validate.OneOf(["a", "b", "c"]), metadata={"enum": ["a", "b", "c"]}),
            load_default=["a"],
            metadata={"description": "Any of three letters"},
        ),
        "count": fields.Int(
            load_default=3,
            validate=validate.Range(min=1, max=10),
            metadata={"description": "An integer with limits"},
        ),
        "whole": fields.Int(load_default=0, metadata={"description": "An integer without limits"}),
        "share": fields.Float(
            load_default=0.5,
            validate=validate.Range(min=0.0, max=1.0),
            metadata={"description": "A number with limits"},
        ),
        "at_least": fields.Float(
            validate=validate.Range(min=0.0), metadata={"description": "A number of 0 or more"}
        ),
        "flag": fields.Bool(load_default=True, metadata={"description": "Yes or no"}),
        "off": fields.Bool(load_default=False, metadata={"description": "No or yes"}),
        "day": fields.Date(metadata={"description": "A day"}),
        "moment": fields.DateTime(metadata={"description": "A moment"}),
        "address": fields.Url(metadata={"description": "An address"}),
        "mapping": fields.Dict(load_default={}, metadata={"description": "Any object, as JSON"}),
        "box": fields.Nested(Box, metadata={"description": "An object that is described"}),
        "numbers": fields.List(
            fields.Float(), load_default=[], metadata={"description": "Numbers, as JSON"}
        ),
        "seconds": fields.Float(
            load_default=0.0, metadata={"description": "How long the answer takes"}
        ),
        "header": fields.Str(
            load_default="", metadata={"location": "headers", "description": "Sent as a header"}
        ),
        "picture": _file("An image of anything", load_default=None),
        "sound": _file("An audio recording", load_default=None),
        "film": _file("A video", load_default=None),
        "either": _file("An image or a video", load_default=None),
        "raw": _file("An image, but not read #noparse", load_default=None),
        "data": _file("Any data", load_default=None),
        "pages": fields.List(
            fields.Raw(),
            load_default=[],
            metadata={"type": "file", "location": "form", "description": "Any number of files"},
        ),
    }


def _told(value):
    if isinstance(value, list):
        return [_told(one) for one in value]
    if hasattr(value, "filename"):
        with open(value.filename, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        return {
            "name": value.original_filename,
            "content_type": value.content_type,
            "sha256": digest,
        }
    return value if isinstance(value, (dict, int, float, bool, type(None))) else str(value)


def predict(**kwargs):
    time.sleep(kwargs["seconds"])
    if kwargs["text"] == "raise":
        raise ValueError("the model is unhappy")
    return {name: _told(value) for name, value in kwargs.items()}
