"""Tells which physics it has built: a registry of its own, without deepinv."""

import numpy as np
from webargs import fields, validate

from deepaas.model.deepinv import PhysicsRegistry, fitting
from deepaas.model.v2 import InvalidArgument
from deepaas.model.v2.fields import Tensor

PHYSICS = PhysicsRegistry()


def told(name):
    def build(y, **parameters):
        if "mask" in parameters:
            parameters["mask"] = fitting("mask", parameters["mask"], y)
        shapes = {n: list(v.shape) for n, v in parameters.items() if hasattr(v, "shape")}
        return {"name": name, **parameters, **shapes}

    return build


NOISE = {"load_default": 0.1, "validate": validate.Range(min=0)}
PHYSICS.add("denoising", told("denoising"), sigma=fields.Float(**NOISE))
PHYSICS.add(
    "inpainting",
    told("inpainting"),
    mask=Tensor(required=True, metadata={"description": "1 where it was measured"}),
    sigma=fields.Float(load_default=0, validate=validate.Range(min=0)),
)


def get_predict_args():
    y = Tensor("float32", (-1, -1), required=True)
    return {"y": y, **PHYSICS.arguments(default="denoising")}


def predict(y, physics, **parameters):
    if np.isnan(y).any():
        raise InvalidArgument("y", "It contains NaN.")
    return PHYSICS.build(physics, y, **parameters)


def get_train_args():
    return {"rate": fields.Float(load_default=1)}


def train(rate):
    raise InvalidArgument("rate", "Too small for this model.")
