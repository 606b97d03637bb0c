"""Arguments of every kind but tensors, most with a default; it says what it got."""

from pathlib import Path

from marshmallow import Schema
from webargs import fields, validate


class ModelSchema(Schema):
    number = fields.Float()
    count = fields.Int()
    flag = fields.Bool()
    text = fields.Str()
    choice = fields.Str()
    day = fields.Str()
    numbers = fields.List(fields.Float())
    rows = fields.List(fields.List(fields.Int()))
    options = fields.Dict()
    places = fields.List(fields.Dict())
    file = fields.Str()


schema = ModelSchema


def get_metadata():
    return {"name": "oip_scalars", "version": "2.5.1"}


def get_predict_args():
    return {
        "number": fields.Float(required=True),
        "count": fields.Int(load_default=3, validate=validate.Range(min=0)),
        "flag": fields.Bool(load_default=False),
        "text": fields.Str(load_default="naïve"),
        "choice": fields.Str(load_default="a", validate=validate.OneOf(["a", "b"])),
        "day": fields.Date(load_default=None, allow_none=True),
        "numbers": fields.List(fields.Float(), load_default=[]),
        "rows": fields.List(fields.List(fields.Int()), load_default=[]),
        "options": fields.Dict(load_default={}),
        "places": fields.List(fields.Dict(), load_default=[]),
        "file": fields.Field(load_default=None, metadata={"type": "file"}),
    }


def predict(**arguments):
    file = arguments["file"]
    return {
        **arguments,
        "day": str(arguments["day"]),
        "file": Path(file.filename).read_bytes().hex() if file else "",
    }
