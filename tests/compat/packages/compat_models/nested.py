"""Nested arguments, lists and dicts in all their forms."""

import marshmallow
from webargs import fields, validate

from .told import told


class Point(marshmallow.Schema):
    x = fields.Int(required=True)
    y = fields.Int(missing=0)


class Lenient(marshmallow.Schema):
    class Meta:
        unknown = marshmallow.INCLUDE

    name = fields.Str()


def get_predict_args():
    return {
        "point": fields.Nested(Point),
        "box": fields.Nested({"left": fields.Int(), "right": fields.Int(required=True)}),
        "lenient": fields.Nested(Lenient),
        "polygon": fields.List(fields.Nested(Point)),
        "many": fields.Nested(Point, many=True),
        "numbers": fields.List(fields.Int()),
        "floats": fields.List(fields.Float(), missing=[0.5, 1.5], validate=validate.Length(max=3)),
        "matrix": fields.List(fields.List(fields.Int())),
        "delimited": fields.DelimitedList(fields.Int()),
        "pair": fields.Tuple((fields.Int(), fields.Str())),
        "options": fields.Dict(missing={"a": 1}),
        "scores": fields.Dict(keys=fields.Str(), values=fields.Float()),
        "anything": fields.Raw(),
    }


def predict(**kwargs):
    return told(kwargs)
