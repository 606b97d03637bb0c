"""Classes with ordinary methods: to be instantiated."""

from deepaas.model.v2.base import BaseModel
from webargs import fields


class Ordinary:
    def __init__(self):
        self.calls = 0

    def get_predict_args(self):
        return {"step": fields.Int(missing=1)}

    def predict(self, step):
        self.calls += step
        return self.calls


class Derived(BaseModel):
    def warm(self):
        self.weights = "loaded"

    def get_metadata(self):
        return {"description": "derived"}

    def get_predict_args(self):
        return {}

    def predict(self):
        return self.weights

    def get_train_args(self):
        return {}

    def train(self):
        return None
