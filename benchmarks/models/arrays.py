"""`real_models`, arrays, as a DEEPaaS package."""

from real_models import MODELS

from deepaas.model.v2.fields import Tensor

MODEL = MODELS["arrays"]()


def get_predict_args():
    return {"image": Tensor("float32", (-1, 3, 224, 224), required=True)}


def predict(image):
    return MODEL.one(image[0])


def predict_batch(calls):
    return MODEL.many([call["image"][0] for call in calls])
