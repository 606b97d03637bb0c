"""The answer described by a schema class, with another one nested."""

import marshmallow
from marshmallow import fields


class LabelSchema(marshmallow.Schema):
    name = fields.Str(required=True, metadata={"description": "The class"})
    probability = fields.Float()


class PredictedLabelsSchema(marshmallow.Schema):
    class Meta:
        unknown = marshmallow.INCLUDE

    best = fields.Nested(LabelSchema, required=True)
    labels = fields.List(fields.Nested(LabelSchema))
    scores = fields.Dict(keys=fields.Str(), values=fields.Float())


schema = PredictedLabelsSchema


def get_predict_args():
    return {"bad": fields.Bool(load_default=False)}


def predict(bad):
    if bad:
        return {"best": {"probability": "high"}}
    return {"best": {"name": "cat"}, "labels": [], "not in the schema": True}
