"""The do-nothing model: four validated arguments of different kinds and a small answer."""

from marshmallow import fields, validate


def get_metadata():
    return {"name": "nothing", "description": "Does nothing", "version": "1"}


def get_predict_args():
    return {
        "text": fields.Str(required=True),
        "count": fields.Int(load_default=1, validate=validate.Range(min=1, max=100)),
        "ratio": fields.Float(load_default=0.5, validate=validate.Range(min=0, max=1)),
        "mode": fields.Str(load_default="fast", validate=validate.OneOf(["fast", "exact"])),
    }


def predict(**kwargs):
    return {"label": "seven", "probability": 0.98, "count": kwargs["count"]}
