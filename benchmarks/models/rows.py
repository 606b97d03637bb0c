"""`real_models`, rows, as a DEEPaaS package."""

from marshmallow import fields
from real_models import MODELS

MODEL = MODELS["rows"]()


def get_predict_args():
    return {"values": fields.List(fields.Float(), required=True)}


def predict(values):
    return MODEL.one(values)


def predict_batch(calls):
    return MODEL.many([call["values"] for call in calls])
