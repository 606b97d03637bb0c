"""Entry points that are no module: classes with static and class methods, a ready object."""

from deepaas.model.v2.base import BaseModel
from webargs import fields

from .told import told


class StaticMethods:
    @staticmethod
    def get_metadata():
        return {"description": "static methods"}

    @staticmethod
    def get_predict_args():
        return {"number": fields.Int(missing=1)}

    @staticmethod
    def predict(**kwargs):
        return told(kwargs)


class ClassMethods:
    factor = 3

    @classmethod
    def get_metadata(cls):
        return {"description": cls.__name__}

    @classmethod
    def get_predict_args(cls):
        return {"number": fields.Int(required=True)}

    @classmethod
    def predict(cls, number):
        return number * cls.factor

    @classmethod
    def get_train_args(cls):
        return {}

    @classmethod
    def train(cls):
        return {"done": True}


class Instance(BaseModel):
    schema = {"sum": fields.Int(required=True), "name": fields.Str()}

    def __init__(self, name):
        self.name = name

    def warm(self):
        self.warmed = True

    def get_metadata(self):
        return {"description": "an object", "weights": self.name}

    def get_predict_args(self):
        return {"a": fields.Int(required=True), "b": fields.Int(missing=2)}

    def predict(self, a, b):
        return {"sum": a + b, "name": self.name}

    def get_train_args(self):
        return {"epochs": fields.Int(missing=1)}

    def train(self, epochs):
        return epochs


instance = Instance("weights.h5")
