"""`real_models`, pictures, as a DEEPaaS package."""

from marshmallow import fields
from real_models import MODELS

MODEL = MODELS["pictures"]()


def get_predict_args():
    return {"picture": fields.Raw(required=True, metadata={"type": "file", "location": "form"})}


def predict(picture):
    return MODEL.one(picture.filename)


def predict_batch(calls):
    return MODEL.many([call["picture"].filename for call in calls])
