"""`real_models`, sleeps, as a DEEPaaS package."""

from marshmallow import fields
from real_models import MODELS

MODEL = MODELS["sleeps"]()


def get_predict_args():
    return {"value": fields.Int(required=True)}


def predict(value):
    return MODEL.one(value)


def predict_batch(calls):
    return MODEL.many([call["value"] for call in calls])
